"""GitHub's payloads become events."""

from __future__ import annotations

import pytest

from bot.events import (
    CheckWanted,
    CommentDeleted,
    CommentEdited,
    CommentWritten,
    PullChanged,
    PullClosed,
    Pushed,
    Sender,
    Unknown,
)
from bot.github import EVENT_NAMES, read_event
from tests.bot.payloads import ALICE, BEFORE, HEAD, REPOSITORY, comment, pull_request, push


def read(name, payload):
    return read_event(name, payload, "guid-1")


@pytest.mark.parametrize("action", ["opened", "reopened", "ready_for_review", "converted_to_draft", "synchronize"])
def test_a_pull_that_changes_is_an_event(action):
    event = read("pull_request", pull_request(action, before=BEFORE, after=HEAD))
    assert isinstance(event, PullChanged)
    assert (event.number, event.head, event.origin.repository.id, event.origin.sender) == (
        3,
        HEAD,
        7,
        Sender(id=11, login="alice", is_person=True),
    )


def test_a_push_to_a_pull_says_which_branch_moved():
    event = read("pull_request", pull_request("synchronize", before=BEFORE, after=HEAD))
    assert (event.ref, event.before, event.after) == ("refs/heads/feature", BEFORE, HEAD)


@pytest.mark.parametrize("repo", [None, {"id": 8}])
def test_a_push_to_a_fork_names_no_branch_of_ours(repo):
    payload = pull_request("synchronize", before=BEFORE, after=HEAD)
    payload["pull_request"]["head"]["repo"] = repo
    assert read("pull_request", payload).ref == ""


def test_an_edit_of_a_pull_matters_only_where_its_base_changed():
    assert isinstance(read("pull_request", pull_request("edited", changes={"title": {"from": "x"}})), Unknown)
    changes = {"base": {"ref": {"from": "main"}, "sha": {"from": HEAD}}}
    assert isinstance(read("pull_request", pull_request("edited", changes=changes)), PullChanged)


def test_a_closed_pull_is_an_event():
    assert isinstance(read("pull_request", pull_request("closed")), PullClosed)


def test_comments_are_events():
    assert isinstance(read("issue_comment", comment()), CommentWritten)
    assert isinstance(read("issue_comment", comment(action="deleted")), CommentDeleted)
    edited = read("issue_comment", comment("now", "edited", changes={"body": {"from": "then"}}))
    assert isinstance(edited, CommentEdited)
    assert (edited.remark.text, edited.before) == ("now", "then")


def test_a_comment_under_an_issue_is_nothing_of_ours():
    for action in ("created", "edited", "deleted"):
        assert isinstance(read("issue_comment", comment(action=action, issue={"number": 3})), Unknown)


def test_a_comment_of_a_deleted_account_has_nobody_as_author():
    assert read("issue_comment", comment(author=None)).remark.author == Sender()


def test_a_push_to_a_branch_is_an_event_and_a_tag_or_a_removal_is_not():
    assert isinstance(read("push", push()), Pushed)
    assert isinstance(read("push", push("refs/tags/v1")), Unknown)
    assert isinstance(read("push", push(after="0" * 40)), Unknown)


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("check_run", {"action": "rerequested", "check_run": {"head_sha": HEAD}}),
        ("check_suite", {"action": "rerequested", "check_suite": {"head_sha": HEAD}}),
        ("merge_group", {"action": "checks_requested", "merge_group": {"head_sha": HEAD}}),
    ],
)
def test_a_check_that_somebody_waits_for_is_an_event(name, payload):
    event = read(name, {**payload, "repository": REPOSITORY, "sender": ALICE})
    assert isinstance(event, CheckWanted)
    assert event.head == HEAD


@pytest.mark.parametrize("name", ["ping", "installation", "installation_repositories", "stacked", "star"])
def test_other_events_are_nothing_of_ours(name):
    assert read(name, {"action": "created", "repository": REPOSITORY}) == Unknown("not ours")


def test_an_action_that_github_invents_tomorrow_is_nothing_of_ours():
    assert read("pull_request", pull_request("stacked")) == Unknown("not ours")


@pytest.mark.parametrize("name", EVENT_NAMES)
@pytest.mark.parametrize("strange", [None, [], "x", 5, True, {}, -1, 2**70, "\ud800", "\x00", {"id": True}])
def test_no_field_of_any_kind_makes_reading_fail(name, strange):
    samples = {
        "pull_request": pull_request("synchronize", before=BEFORE, after=HEAD),
        "issue_comment": comment(),
        "push": push(),
    }
    sample = samples.get(name, {"repository": REPOSITORY, "sender": ALICE, name: {"head_sha": HEAD}})
    actions = {"check_run": "rerequested", "check_suite": "rerequested", "merge_group": "checks_requested"}
    whole = {**sample, "action": actions.get(name, sample.get("action", ""))}
    for key, part in whole.items():
        read(name, {**whole, key: strange})
        read(name, {other: value for other, value in whole.items() if other != key})
        for inner in part if isinstance(part, dict) else ():
            read(name, {**whole, key: {**part, inner: strange}})
    read(name, strange)
