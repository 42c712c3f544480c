"""Which events lead to which messages, and what is kept of them."""

from __future__ import annotations

from typing import Any

import pytest

from bot.github import read_event
from bot.routing import Routed, route
from tests.bot.payloads import ALICE, BEFORE, BOB, HEAD, OUR_BOT, REPOSITORY, comment, pull_request, push
from workers.core.names import Direction
from workers.messages import (
    ClosePull,
    Fault,
    HeardKind,
    PlanPull,
    RecordApproval,
    RecoverRollout,
    Reply,
    RevokeApproval,
    Triage,
    decode_heard,
    encode_heard,
)

PASTED = "see postgresql://app:hunter2hunter@db.example/shop"


def routed(name: str, payload: dict):
    return route(read_event(name, payload, "guid-1"))


def said(body: str, **fields):
    return routed("issue_comment", comment(body, **fields))


@pytest.mark.parametrize("action", ["opened", "reopened", "ready_for_review", "converted_to_draft", "synchronize"])
def test_a_pull_that_changes_is_triaged(action):
    result = routed("pull_request", pull_request(action, before=BEFORE, after=HEAD))
    assert result.messages == (Triage(repository=7, pull=3, head=HEAD, delivery="guid-1"),)


def test_who_pushed_to_a_pull_is_kept():
    heard = routed("pull_request", pull_request("synchronize", before=BEFORE, after=HEAD, sender=BOB)).heard
    assert (heard.ref, heard.before, heard.after, heard.sender) == ("refs/heads/feature", BEFORE, HEAD, 12)


def test_a_closed_pull_is_closed():
    assert routed("pull_request", pull_request("closed")).messages == (ClosePull(repository=7, pull=3),)


def test_a_push_is_kept_and_sends_nothing():
    result = routed("push", push())
    assert result.messages == ()
    assert (result.heard.kind, result.heard.ref, result.heard.sender_login) == (
        HeardKind.PUSH,
        "refs/heads/feature",
        "bob",
    )


def test_a_push_to_the_default_branch_concerns_every_open_pull():
    result = routed("push", push("refs/heads/main"))
    assert result.messages == (Triage(repository=7, pull=0, head="", delivery="guid-1"),)
    assert result.heard.kind is HeardKind.PUSH


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("check_run", {"action": "rerequested", "check_run": {"head_sha": HEAD}}),
        ("check_suite", {"action": "rerequested", "check_suite": {"head_sha": HEAD}}),
        ("merge_group", {"action": "checks_requested", "merge_group": {"head_sha": HEAD}}),
    ],
)
def test_a_wanted_check_is_triaged_by_its_commit(name, payload):
    result = routed(name, {**payload, "repository": REPOSITORY, "sender": ALICE})
    assert result.messages == (Triage(repository=7, pull=0, head=HEAD, delivery="guid-1"),)


ASKED: dict[str, Any] = {"repository": 7, "pull": 3, "delivery": "guid-1", "line": 1}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("/approve prod", RecordApproval(**ASKED)),
        ("/plan prod", PlanPull(**ASKED)),
        ("/rollback prod", PlanPull(**ASKED, direction=Direction.ROLLBACK)),
        ("/mark-applied prod abc", PlanPull(**ASKED, direction=Direction.MARK_APPLIED)),
        ("/baseline prod abc", PlanPull(**ASKED, direction=Direction.BASELINE)),
        ("/reject prod", RevokeApproval(**ASKED)),
        ('/unlock prod "by hand"', RecoverRollout(**ASKED)),
        ("/status", Reply(**ASKED)),
        ("/help", Reply(**ASKED)),
        ("/approve", Reply(**ASKED)),
    ],
)
def test_each_command_leads_to_its_message(line, message):
    assert said(line).messages == (message,)


def test_each_line_leads_to_a_message_of_its_own():
    assert [message.line for message in said("/plan staging\n\n/status").messages] == [1, 3]


def test_what_was_said_is_kept_with_its_commands():
    heard = said("/approve prod").heard
    assert (heard.kind, heard.text, heard.comment, heard.comment_author, heard.at) == (
        HeardKind.COMMENT,
        "/approve prod",
        5,
        11,
        "2026-11-20T10:00:00Z",
    )
    assert heard.commands[0].words.environment == "prod"
    assert len(heard.body_hash) == 64


def test_what_is_kept_can_be_read_again():
    for body in ("/approve prod --backup x", "/approve", "/help", "/reject prod 'größer'"):
        heard = said(body).heard
        assert decode_heard(encode_heard(heard)) == heard
        assert encode_heard(heard).isascii()


def test_a_refused_comment_gets_one_answer():
    result = said("fine\n/approve prod")
    assert len(result.messages) == 1
    assert (result.messages[0], result.heard.commands[0].fault) == (Reply(**{**ASKED, "line": 2}), Fault.NOT_ALONE)


def test_a_comment_without_a_command_is_not_kept():
    assert said("looks good to me") == Routed()


@pytest.mark.parametrize("body", ["```\n/approve prod\n```", "/plan is what we need to talk about today"])
def test_that_a_command_word_was_heard_is_kept_where_nothing_follows(body):
    result = said(body)
    assert result.messages == ()
    assert (result.heard.comment, result.heard.text, result.heard.commands) == (5, "", ())


@pytest.mark.parametrize(("sender", "author"), [(ALICE, OUR_BOT), (OUR_BOT, ALICE), (ALICE, None), ({}, ALICE)])
def test_only_a_person_s_own_comment_commands(sender, author):
    assert said("/approve prod", author=author, sender=sender) == Routed()


def test_what_a_program_approves_is_heard_to_be_refused_and_nothing_else_of_it():
    result = said("/approve prod", author=OUR_BOT, sender=OUR_BOT)
    assert [type(item) for item in result.messages] == [RecordApproval]
    assert not result.heard.sender_is_person
    for body in (
        "/status",
        "/help",
        "/plan",
        "fine\n/approve prod",
        "/approve prod CODE",
        f"/approve prod --backup {PASTED}",
    ):
        assert said(body, author=OUR_BOT, sender=OUR_BOT) == Routed()


@pytest.mark.parametrize("body", [PASTED, f"/approve prod\n{PASTED}", f'/reject prod "{PASTED}"'])
def test_a_pasted_secret_is_answered_and_not_kept(body):
    result = said(body)
    assert result.messages == (Reply(repository=7, pull=3, delivery="guid-1"),)
    assert result.heard.secret_seen
    assert "hunter2" not in encode_heard(result.heard)
    assert result.heard.body_hash == ""


@pytest.mark.parametrize(
    "secret",
    [
        "ghs_16C7e42F292c6912E7710c838347Ae178B4a",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEow==\n",
    ],
)
def test_tokens_and_private_keys_are_secrets(secret):
    assert said(f"use this: {secret}").heard.secret_seen


def test_a_bot_s_comment_is_not_searched_for_secrets():
    assert said(PASTED, author=OUR_BOT, sender=OUR_BOT) == Routed()


@pytest.mark.parametrize("action", ["edited", "deleted"])
def test_an_edited_or_deleted_comment_revokes_whatever_it_approved(action):
    result = said("/approve prod", action=action)
    assert result.messages == (RevokeApproval(repository=7, pull=3, delivery="guid-1"),)
    assert result.heard.commands == ()
    assert result.heard.comment == 5


def test_an_edit_of_our_comment_by_somebody_names_the_editor():
    result = said("forged", action="edited", author=OUR_BOT, sender=BOB, changes={"body": {"from": "report"}})
    heard = result.heard
    assert isinstance(result.messages[0], RevokeApproval)
    assert (heard.sender_login, heard.comment_author_is_bot, heard.text_before) == ("bob", True, "report")


@pytest.mark.parametrize("action", ["edited", "deleted"])
def test_a_bot_s_work_on_its_own_comment_is_no_news(action):
    assert said("report", action=action, author=OUR_BOT, sender=OUR_BOT) == Routed()


def test_a_secret_that_an_edit_brings_in_is_answered_and_one_that_it_takes_out_is_not_kept():
    pasted = said(PASTED, action="edited", changes={"body": {"from": "hello"}})
    assert [type(message) for message in pasted.messages] == [RevokeApproval, Reply]
    taken_out = said("hello", action="edited", changes={"body": {"from": PASTED}})
    assert [type(message) for message in taken_out.messages] == [RevokeApproval]
    deleted = said(PASTED, action="deleted")
    for result in (pasted, taken_out, deleted):
        assert "hunter2" not in encode_heard(result.heard)


def test_what_is_none_of_our_business_leads_to_nothing():
    assert routed("star", {"action": "created"}) == Routed()
