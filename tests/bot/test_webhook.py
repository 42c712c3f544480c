"""A delivery is capped, verified, kept, answered and sent on."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from bot.app import create_app
from bot.webhook import LARGEST_BODY
from tests.bot.payloads import comment, encoded, headers, pull_request, push, signature
from tests.fakes.queue import FakeQueue
from workers.messages import RecordApproval, Triage, decode_heard
from workers.store.inbox import deliveries, outbox, reading


def test_a_delivery_is_kept_and_its_message_sent(deliver, inbox, queue):
    assert deliver("issue_comment", comment("/approve prod")).status_code == 202
    assert queue.sent == {"guid-1-0": RecordApproval(repository=7, pull=3, delivery="guid-1", line=1)}
    assert decode_heard(inbox.heard("guid-1")).commands[0].words.environment == "prod"
    assert inbox.unsent() == ()


def test_a_queue_that_is_down_delays_and_loses_nothing(deliver, inbox, queue):
    queue.down = True
    assert deliver("pull_request", pull_request()).status_code == 202
    assert [item.job_id for item in inbox.unsent()] == ["guid-1-0"]
    queue.down = False
    deliver("push", push(), "guid-2")
    assert [type(message) for message in queue.messages] == [Triage]


def test_a_state_that_is_down_is_no_success(deliver, engine):
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE outbox")
    assert deliver("pull_request", pull_request()).status_code == 503


@pytest.mark.parametrize("guid", ["guid-1", "guid-2"])
def test_a_repeated_delivery_ends_here(deliver, queue, guid):
    deliver("pull_request", pull_request())
    again = deliver("pull_request", pull_request(), guid)
    assert (again.status_code, again.text) == (202, "known\n")
    assert len(queue.sent) == 1


def test_a_repeated_delivery_sends_what_was_not_sent_the_first_time(deliver, queue):
    queue.down = True
    deliver("pull_request", pull_request())
    queue.down = False
    deliver("pull_request", pull_request())
    assert list(queue.sent) == ["guid-1-0"]


def test_a_known_body_under_another_event_s_name_ends_here(deliver, queue):
    deliver("pull_request", pull_request())
    assert deliver("issue_comment", pull_request(), "guid-2").status_code == 202
    assert len(queue.sent) == 1


def test_a_repository_that_is_not_configured_leaves_no_trace(deliver, engine, queue):
    payload = pull_request(repository={"id": 8, "full_name": "acme/other"})
    assert deliver("pull_request", payload).status_code == 202
    with reading(engine) as connection:
        assert connection.execute(select(deliveries)).all() == []
    assert queue.sent == {}


@pytest.mark.parametrize(
    "wrong",
    [None, "", "sha256=", "sha256=" + "0" * 64, "sha1=" + "0" * 40, "ü", "sha256=\udcff", "0" * 64],
)
def test_a_delivery_without_our_signature_is_refused_in_one_line(client, wrong, queue):
    body = encoded(pull_request())
    given = headers(body, "pull_request")
    del given["X-Hub-Signature-256"]
    environ = {} if wrong is None else {"HTTP_X_HUB_SIGNATURE_256": wrong}
    answer = client.post("/webhook", data=body, headers=given, environ_overrides=environ)
    assert (answer.status_code, answer.text.count("\n")) == (401, 1)
    assert queue.sent == {}


def test_the_signature_is_of_the_raw_bytes(client):
    body = encoded(pull_request())
    spaced = json.dumps(json.loads(body), indent=1).encode()
    assert client.post("/webhook", data=spaced, headers=headers(body, "pull_request")).status_code == 401


def test_an_unsigned_bomb_is_refused_unread(client):
    body = b"[" * 1_000_000
    given = {**headers(body, "push"), "X-Hub-Signature-256": "sha256=" + "0" * 64}
    assert client.post("/webhook", data=body, headers=given).status_code == 401


@pytest.mark.parametrize(
    "body", [b"[" * 200_000, b'{"a":' * 200_000, b"", b"{", b"null", b"[]", b"5", b'"x"', b"\xff", b"1" * 10_000]
)
def test_a_signed_body_that_is_no_object_is_refused(deliver, body):
    assert deliver("push", body).status_code == 400


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-GitHub-Delivery", ""),
        ("X-GitHub-Delivery", "a b"),
        ("X-GitHub-Delivery", "x" * 65),
        ("X-GitHub-Delivery", "../etc"),
        ("X-GitHub-Event", ""),
    ],
)
def test_odd_headers_are_refused(deliver, name, value):
    assert deliver("push", push(), **{name: value}).status_code == 400


def test_a_body_beyond_the_cap_is_refused(client):
    body = bytes(LARGEST_BODY + 1)
    assert client.post("/webhook", data=body, headers=headers(body, "push")).status_code == 413


def test_a_promised_length_beyond_the_cap_is_refused_before_reading(client):
    environ = {"CONTENT_LENGTH": str(10**12)}
    assert (
        client.post("/webhook", data=b"{}", headers=headers(b"{}", "push"), environ_overrides=environ).status_code
        == 413
    )


def test_a_body_that_ends_before_its_promised_length_is_refused(client):
    body = encoded(push())
    environ = {"CONTENT_LENGTH": str(len(body) + 10)}
    assert (
        client.post("/webhook", data=body, headers=headers(body, "push"), environ_overrides=environ).status_code == 400
    )


def test_unpaired_surrogates_and_null_characters_are_kept_as_text(deliver, inbox):
    assert deliver("issue_comment", comment("/plan\ud800")).status_code == 202
    assert deliver("issue_comment", comment("/plan\x00"), "guid-2").status_code == 202
    assert "\\ud800" in inbox.heard("guid-1")


def test_a_pasted_secret_reaches_no_table(deliver, engine):
    deliver("issue_comment", comment("try postgresql://app:canary-word@db/shop"))
    with reading(engine) as connection:
        rows = [*connection.execute(select(deliveries)), *connection.execute(select(outbox))]
    assert len(rows) == 2
    assert "canary-word" not in str(rows)


def test_health_says_that_the_process_lives(client):
    assert client.get("/healthz").status_code == 200


def test_readiness_asks_state_and_queue(client, queue, engine):
    assert client.get("/readyz").status_code == 200
    queue.down = True
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "state ok\nqueue down\n")
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE outbox")
    assert "state down" in client.get("/readyz").text


def test_a_state_without_tables_is_not_ready(settings):
    app = create_app(settings, FakeQueue())
    assert app.test_client().get("/readyz").status_code == 503
    app.extensions["inbox"].close()


def test_nothing_else_is_served(client):
    assert client.get("/webhook").status_code == 405
    assert client.get("/").status_code == 404


def test_these_tests_sign_as_github_s_own_example_does():
    """https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation"""
    expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert signature(b"Hello, World!", "It's a Secret to Everybody") == expected
