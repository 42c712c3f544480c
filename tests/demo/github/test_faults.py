"""Misbehaviour on demand: each fault strikes as often as it was armed, and no more."""

from __future__ import annotations

import json

import pytest
import requests

from tests.demo.github.conftest import Acme
from tests.demo.github.test_deliveries import Receiver, receiver

__all__ = ["receiver"]


def test_a_lost_delivery_is_only_in_the_log_and_can_be_asked_for(acme: Acme, receiver: Receiver):
    acme.github.faults.lose = 2
    acme.pull()
    assert receiver.events() == [("pull_request", "opened")]
    jwt = acme.api(f"Bearer {acme.jwt()}")
    lost = [d for d in jwt.raw("/app/hook/deliveries", status="failure").json() if d["status_code"] == 504]
    assert [d["event"] for d in lost] == ["check_suite", "push"]


def test_an_outage_leaves_no_trace(acme: Acme, receiver: Receiver):
    acme.github.faults.lose_unlogged = 3
    acme.pull()
    assert receiver.events() == []


def test_a_repeated_delivery_has_one_guid(acme: Acme, receiver: Receiver):
    acme.github.faults.repeat = 1
    acme.pull()
    assert [event for event, _ in receiver.events()] == ["push", "push", "check_suite", "pull_request"]
    assert receiver.guids()[0] == receiver.guids()[1]


def test_reordered_deliveries_come_last_first(acme: Acme, receiver: Receiver):
    acme.github.faults.reorder = 3
    acme.pull()
    assert [event for event, _ in receiver.events()] == ["pull_request", "check_suite", "push"]


def test_reordered_deliveries_that_are_too_few_come_all_the_same(acme: Acme, receiver: Receiver):
    acme.github.faults.reorder = 9
    acme.pull()
    assert [event for event, _ in receiver.events()] == ["pull_request", "check_suite", "push"]


def test_a_new_pull_is_not_found_for_a_while(acme: Acme):
    acme.github.faults.not_found_after_open = 2.0
    path = f"/repos/acme/shop/pulls/{acme.pull().number}"
    acme.api().get(path, 404)
    acme.api().get(f"{path}/files", 404)
    acme.world.advance(3)
    acme.api().get(path)


def test_a_write_may_be_done_although_the_answer_was_502(acme: Acme):
    pull = acme.pull()
    token = acme.token()
    acme.github.faults.fail_after_write = 1
    path = f"/repos/acme/shop/issues/{pull.number}/comments"
    acme.api(f"Bearer {token}").post(path, {"body": "once"}, 502)
    acme.api(f"Bearer {token}").post(path, {"body": "twice"})
    assert [c.body for c in acme.world.comments(pull)] == ["once", "twice"]


@pytest.mark.parametrize(
    ("fault", "status", "header"),
    [
        ("fail_before", 502, None),
        ("rate_limit", 403, "X-RateLimit-Reset"),
        ("secondary_limit", 403, "Retry-After"),
        ("secondary_limit_bare", 403, None),
        ("too_many", 429, "Retry-After"),
    ],
)
def test_limits_strike_with_and_without_headers(acme: Acme, fault, status, header):
    api = acme.api()
    acme.github.faults.arm(**{fault: 1})
    answer = api.raw("/repos/acme/shop")
    assert answer.status_code == status
    told = {"X-RateLimit-Reset", "Retry-After"} & set(answer.headers)
    assert told == ({header} if header else set())
    api.get("/repos/acme/shop")


def test_a_token_may_be_refused_before_its_time(acme: Acme):
    api = acme.api()
    acme.github.faults.expired_token = 1
    api.get("/repos/acme/shop", 401)
    api.get("/repos/acme/shop")
    acme.world.expire_tokens()
    api.get("/repos/acme/shop", 401)


def test_head_repo_may_be_null(acme: Acme, receiver: Receiver):
    acme.github.faults.head_repo_null = True
    pull = acme.pull()
    assert acme.api().get(f"/repos/acme/shop/pulls/{pull.number}")["head"]["repo"] is None
    assert receiver.payloads("pull_request")[0]["pull_request"]["head"]["repo"] is None


def test_faults_are_armed_and_cleared_from_outside(acme: Acme):
    url = f"{acme.github.server_url}/_control/faults"
    assert requests.post(url, json={"lose": 3, "head_repo_null": True}, timeout=10).json()["lose"] == 3
    assert acme.github.faults.head_repo_null is True
    assert requests.post(url, json={"nonsense": 1}, timeout=10).status_code == 422
    assert set(requests.post(url, json={}, timeout=10).json().values()) <= {0}


def test_the_logs_hold_no_credentials(acme: Acme):
    token = acme.token()
    acme.api(f"Bearer {token}").get("/repos/acme/shop")
    lines = acme.github.exchange_log.read_text()
    assert token not in lines
    assert acme.app.private_key_pem[100:140] not in lines
    assert json.loads(lines.splitlines()[0])["response"]["token"] == "***"
