"""Webhooks: what is sent, in which order, how it is signed, and how an App asks for it again. `responses` plays the receiver."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Iterator

import pytest
import requests
import responses

from deploy.demo.github.records import Json
from tests.demo.github.conftest import NOWHERE, Acme

HOOK = "http://127.0.0.1:9/receiver"


class Receiver:
    """Answers deliveries at HOOK and lets everything else through to the stand-in."""

    def __init__(self, mocked: responses.RequestsMock, acme: Acme) -> None:
        self.mocked = mocked
        self.acme = acme

    def events(self) -> list[tuple[str, str | None]]:
        return [
            (call.headers["X-GitHub-Event"], json.loads(call.body or b"{}").get("action")) for call in self.requests()
        ]

    def requests(self) -> list[requests.PreparedRequest]:
        assert self.acme.world.wait_idle()
        return [call.request for call in self.mocked.calls if call.request.url == HOOK]

    def payloads(self, event: str) -> list[Json]:
        return [json.loads(call.body or b"{}") for call in self.requests() if call.headers["X-GitHub-Event"] == event]

    def guids(self) -> list[str]:
        return [call.headers["X-GitHub-Delivery"] for call in self.requests()]


@pytest.fixture
def receiver(acme: Acme) -> Iterator[Receiver]:
    acme.world.wait_idle()
    acme.world.set_webhook(acme.app, HOOK)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        mocked.add(responses.POST, HOOK, status=202, body="accepted")
        mocked.add_passthru(acme.github.server_url)
        yield Receiver(mocked, acme)
        assert acme.world.wait_idle()


def test_a_delivery_is_signed_over_its_raw_bytes_and_numbered(acme: Acme, receiver: Receiver):
    acme.pull()
    for call in receiver.requests():
        body = call.body if isinstance(call.body, bytes) else b""
        expected = hmac.new(b"a secret", body, hashlib.sha256).hexdigest()
        assert call.headers["X-Hub-Signature-256"] == f"sha256={expected}"
        assert str(uuid.UUID(call.headers["X-GitHub-Delivery"])) == call.headers["X-GitHub-Delivery"]
        assert call.headers["User-Agent"].startswith("GitHub-Hookshot/")
        assert call.headers["X-GitHub-Hook-Installation-Target-ID"] == str(acme.app.id)
    assert len(set(receiver.guids())) == len(receiver.guids()) == 3


def test_without_a_secret_there_is_no_signature_header(acme: Acme, receiver: Receiver):
    acme.world.set_webhook(acme.app, HOOK, secret="")
    acme.world.comment(acme.world.open_issue(acme.repo, acme.carol, "A question"), acme.carol, "hello")
    (call,) = receiver.requests()
    assert not [name for name in call.headers if name.lower().startswith("x-hub-signature")]
    acme.github.delivery_log.write_text("")  # GitHub's description knows signed deliveries only


def test_the_life_of_a_pull_is_told_in_order(acme: Acme, receiver: Receiver):
    pull = acme.pull()
    acme.world.push(acme.repo, acme.bob, "feature", {"c.txt": "3\n"})
    acme.world.force_push(acme.repo, acme.bob, "feature", {"d.txt": "4\n"})
    acme.world.push(acme.repo, acme.bob, "release", {"r.txt": "5\n"})
    acme.world.edit_pull(pull, acme.bob, title="Better", base="release")
    acme.world.set_draft(pull, acme.bob, draft=True)
    acme.world.set_draft(pull, acme.bob, draft=False)
    acme.world.close(pull, acme.bob)
    acme.world.reopen(pull, acme.bob)
    acme.world.merge(pull, acme.alice)
    pushed = [("push", None), ("check_suite", "requested")]
    synchronized = [*pushed, ("pull_request", "synchronize")]
    told = ["edited", "converted_to_draft", "ready_for_review", "closed", "reopened"]
    assert receiver.events() == [
        *pushed,
        ("pull_request", "opened"),
        *synchronized,
        *synchronized,
        *pushed,
        *[("pull_request", action) for action in told],
        *pushed,
        ("pull_request", "closed"),
    ]
    edited = next(p for p in receiver.payloads("pull_request") if p["action"] == "edited")
    assert edited["changes"]["base"]["ref"] == {"from": "main"}
    assert [p["forced"] for p in receiver.payloads("push")] == [False, False, True, False, False]
    assert receiver.payloads("pull_request")[-1]["pull_request"]["merged"] is True


def test_comments_tell_creation_edit_and_deletion_with_who_did_it(acme: Acme, receiver: Receiver):
    pull = acme.pull()
    comment = acme.world.comment(pull, acme.carol, "first")
    acme.world.edit_comment(comment, acme.bob, "second")
    acme.world.delete_comment(comment, acme.alice)
    told = receiver.payloads("issue_comment")
    assert [(p["action"], p["sender"]["login"]) for p in told] == [
        ("created", "carol"),
        ("edited", "bob"),
        ("deleted", "alice"),
    ]
    assert told[1]["changes"] == {"body": {"from": "first"}}
    assert "pull_request" in told[0]["issue"]
    acme.world.comment(acme.world.open_issue(acme.repo, acme.carol, "A question"), acme.carol, "hello")
    assert "pull_request" not in receiver.payloads("issue_comment")[-1]["issue"]


def test_a_push_names_the_authenticated_pusher_and_the_files(acme: Acme, receiver: Receiver):
    acme.world.push(acme.repo, acme.bob, "feature", {"a.txt": None, "n.txt": "1\n"}, author=acme.carol)
    acme.world.push(acme.repo, acme.bob, "feature", {"n.txt": "2\n"}, author=acme.carol)
    push = receiver.payloads("push")[-1]
    assert (push["pusher"]["name"], push["sender"]["login"], push["head_commit"]["author"]["username"]) == (
        "bob",
        "bob",
        "carol",
    )
    assert push["head_commit"]["modified"] == ["n.txt"]


def test_checks_and_the_merge_queue_ask_again(acme: Acme, receiver: Receiver):
    pull = acme.pull()
    run = acme.world.run_check(acme.repo, acme.app, pull.head_sha, "gate", None)
    acme.world.rerequest_run(run, acme.bob)
    acme.world.rerequest_suite(run.suite, acme.bob)
    head = acme.world.enqueue(pull, acme.bob)
    assert receiver.payloads("merge_group")[0]["merge_group"]["head_sha"] == head
    acme.world.dequeue(pull, head, acme.bob, merged=True)
    events = receiver.events()
    for event in (
        ("check_run", "created"),
        ("check_run", "rerequested"),
        ("check_suite", "rerequested"),
        ("merge_group", "destroyed"),
    ):
        assert event in events
    assert (pull.merged_at is not None, acme.repo.git.tip("main")) == (True, head)


def test_installing_elsewhere_and_choosing_repositories_is_told(acme: Acme, receiver: Receiver):
    other = acme.world.create_repo(acme.dave, "tools")
    more = acme.world.create_repo(acme.dave, "more")
    installation = acme.world.install(acme.app, acme.dave, [other])
    acme.world.add_to_installation(installation, more)
    acme.world.remove_from_installation(installation, other)
    acme.world.suspend(installation)
    acme.world.suspend(installation, suspended=False)
    acme.world.uninstall(installation)
    told = ["created", "added", "removed", "suspend", "unsuspend", "deleted"]
    assert [action for _, action in receiver.events()] == told


def test_an_app_hears_only_of_what_it_subscribed_to_and_where_it_is(acme: Acme, receiver: Receiver):
    acme.installation.events = ("issue_comment",)
    elsewhere = acme.world.create_repo(acme.dave, "tools")
    acme.world.push(elsewhere, acme.dave, "main", {"x": "1"})
    pull = acme.pull()
    acme.world.comment(pull, acme.bob, "hi")
    assert receiver.events() == [("issue_comment", "created")]


def test_the_app_lists_its_deliveries_and_asks_for_one_again(acme: Acme, receiver: Receiver):
    acme.world.set_webhook(acme.app, NOWHERE)
    acme.pull()
    acme.world.wait_idle()
    acme.world.set_webhook(acme.app, HOOK)
    jwt = acme.api(f"Bearer {acme.jwt()}")
    failed = jwt.raw("/app/hook/deliveries", status="failure").json()
    assert {(d["event"], d["status_code"]) for d in failed} >= {("pull_request", 502)}
    opened = next(d for d in failed if d["event"] == "pull_request")
    whole = jwt.get(f"/app/hook/deliveries/{opened['id']}")
    assert whole["request"]["payload"]["action"] == "opened"
    jwt.post(f"/app/hook/deliveries/{opened['id']}/attempts", status=202)
    assert receiver.guids() == [opened["guid"]]
    newest = jwt.get("/app/hook/deliveries")[0]
    assert (newest["redelivery"], newest["status_code"], newest["guid"]) == (True, 202, opened["guid"])
    assert jwt.get("/app/hook/config")["url"] == HOOK
    acme.api().get("/app/hook/deliveries", 401)


def test_deliveries_are_listed_by_cursor(acme: Acme, receiver: Receiver):
    acme.pull()
    receiver.requests()
    jwt = acme.api(f"Bearer {acme.jwt()}")
    first = jwt.raw("/app/hook/deliveries", per_page=2)
    cursor = first.links["next"]["url"].partition("cursor=")[2]
    second = jwt.raw("/app/hook/deliveries", per_page=100, cursor=cursor).json()
    ids = [d["id"] for d in [*first.json(), *second]]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 5  # ping, installation, push, check_suite, pull_request
