"""What GitHub's payloads look like: the only file that knows their keys.

Fields are picked one by one and nothing else is looked at, because GitHub adds keys, actions and events at any time
(https://docs.github.com/en/webhooks/webhook-events-and-payloads). What lacks a field that we need is `Unknown`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.events import (
    CheckWanted,
    CommentDeleted,
    CommentEdited,
    CommentWritten,
    Event,
    Origin,
    PullChanged,
    PullClosed,
    Pushed,
    Remark,
    Repository,
    Sender,
    Unknown,
)
from workers.core.names import OBJECT_ID

# Any value of JSON; the picks below are where it stops.
Json = object
Read = Callable[[Origin, Json], Event]

_FULL_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_LOGIN = re.compile(r"[A-Za-z0-9_.-]{1,100}(?:\[bot\])?")
_TIME = re.compile(r"[0-9TZ:.+-]{10,40}")
_NO_COMMIT = "0" * 40
_LONGEST_BRANCH = 250


class _OddPayloadError(Exception):
    """A field is missing or of another kind than documented."""


def read_event(name: str, payload: Json, delivery: str) -> Event:
    """Return what a delivery says; never raises for a JSON value of any shape."""
    read = _READERS.get((name, _optional_text(payload, "action")))
    if read is None:
        return Unknown("not ours")
    try:
        origin = Origin(delivery=delivery, repository=_repository(payload), sender=_account(payload, "sender"))
        return read(origin, payload)
    except _OddPayloadError as error:
        return Unknown(f"unreadable: {error}")


def _pull_changed(origin: Origin, payload: Json) -> Event:
    head = _commit(payload, "pull_request", "head", "sha")
    return PullChanged(origin=origin, number=_number(payload, "pull_request", "number"), head=head)


def _pull_pushed(origin: Origin, payload: Json) -> Event:
    number, head = _number(payload, "pull_request", "number"), _commit(payload, "pull_request", "head", "sha")
    if _pick(payload, "pull_request", "head", "repo", "id") != origin.repository.id:
        return PullChanged(origin=origin, number=number, head=head)
    ref = "refs/heads/" + _branch(payload, "pull_request", "head", "ref")
    before, after = _commit(payload, "before"), _commit(payload, "after")
    return PullChanged(origin=origin, number=number, head=head, ref=ref, before=before, after=after)


def _pull_edited(origin: Origin, payload: Json) -> Event:
    if _pick(payload, "changes", "base") is None:
        return Unknown("only words of the pull changed")
    return _pull_changed(origin, payload)


def _pull_closed(origin: Origin, payload: Json) -> Event:
    return PullClosed(origin, _number(payload, "pull_request", "number"))


def _comment_written(origin: Origin, payload: Json) -> Event:
    number = _commented_pull(payload)
    return CommentWritten(origin, number, _remark(payload)) if number else Unknown("a comment under an issue")


def _comment_edited(origin: Origin, payload: Json) -> Event:
    number = _commented_pull(payload)
    before = _optional_text(payload, "changes", "body", "from")
    event = CommentEdited(origin=origin, number=number, remark=_remark(payload), before=before)
    return event if number else Unknown("a comment under an issue")


def _comment_deleted(origin: Origin, payload: Json) -> Event:
    number = _commented_pull(payload)
    return CommentDeleted(origin, number, _remark(payload)) if number else Unknown("a comment under an issue")


def _pushed(origin: Origin, payload: Json) -> Event:
    ref, after = _text(payload, "ref"), _commit(payload, "after")
    if not ref.startswith("refs/heads/") or after == _NO_COMMIT:
        return Unknown("no branch moved")
    branch = _checked_branch(ref.removeprefix("refs/heads/"))
    return Pushed(origin=origin, ref=f"refs/heads/{branch}", before=_commit(payload, "before"), after=after)


def _check_run(origin: Origin, payload: Json) -> Event:
    return CheckWanted(origin, _commit(payload, "check_run", "head_sha"))


def _check_suite(origin: Origin, payload: Json) -> Event:
    return CheckWanted(origin, _commit(payload, "check_suite", "head_sha"))


def _merge_group(origin: Origin, payload: Json) -> Event:
    return CheckWanted(origin, _commit(payload, "merge_group", "head_sha"))


_READERS: dict[tuple[str, str], Read] = {
    ("pull_request", "opened"): _pull_changed,
    ("pull_request", "reopened"): _pull_changed,
    ("pull_request", "ready_for_review"): _pull_changed,
    ("pull_request", "converted_to_draft"): _pull_changed,
    ("pull_request", "synchronize"): _pull_pushed,
    ("pull_request", "edited"): _pull_edited,
    ("pull_request", "closed"): _pull_closed,
    ("issue_comment", "created"): _comment_written,
    ("issue_comment", "edited"): _comment_edited,
    ("issue_comment", "deleted"): _comment_deleted,
    ("push", ""): _pushed,
    ("check_run", "rerequested"): _check_run,
    ("check_suite", "rerequested"): _check_suite,
    ("merge_group", "checks_requested"): _merge_group,
}
# What app.yml asks GitHub to send.
EVENT_NAMES = tuple(sorted({name for name, _ in _READERS}))


def _repository(payload: Json) -> Repository:
    name = _text(payload, "repository", "full_name")
    if not _FULL_NAME.fullmatch(name):
        raise _OddPayloadError("repository.full_name")
    branch = _optional_text(payload, "repository", "default_branch")
    return Repository(id=_number(payload, "repository", "id"), name=name, default_branch=branch)


def _account(payload: Json, *path: str) -> Sender:
    """An account; null (GitHub's ghost of a deleted one) is nobody."""
    number, login = _pick(payload, *path, "id"), _optional_text(payload, *path, "login")
    if not _is_number(number) or not _LOGIN.fullmatch(login):
        return Sender()
    return Sender(id=_number(payload, *path, "id"), login=login, is_person=_pick(payload, *path, "type") == "User")


def _commented_pull(payload: Json) -> int:
    """The number of the pull under which a comment stands; 0 for an issue."""
    return _number(payload, "issue", "number") if _pick(payload, "issue", "pull_request") is not None else 0


def _remark(payload: Json) -> Remark:
    at = _optional_text(payload, "comment", "updated_at") or _optional_text(payload, "comment", "created_at")
    return Remark(
        id=_number(payload, "comment", "id"),
        author=_account(payload, "comment", "user"),
        text=_optional_text(payload, "comment", "body"),
        at=at if _TIME.fullmatch(at) else "",
    )


def _commit(payload: Json, *path: str) -> str:
    text = _text(payload, *path)
    if not OBJECT_ID.fullmatch(text):
        raise _OddPayloadError(".".join(path))
    return text


def _branch(payload: Json, *path: str) -> str:
    return _checked_branch(_text(payload, *path))


def _checked_branch(name: str) -> str:
    """A branch name that a database can hold; the report reads names from git, not from here."""
    if not 0 < len(name) <= _LONGEST_BRANCH or not name.isprintable():
        raise _OddPayloadError("branch")
    return name


def _number(payload: Json, *path: str) -> int:
    value = _pick(payload, *path)
    if not isinstance(value, int) or not _is_number(value):
        raise _OddPayloadError(".".join(path))
    return value


def _is_number(value: Json) -> bool:
    """GitHub's ids are positive and fit eight bytes; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63


def _text(payload: Json, *path: str) -> str:
    value = _pick(payload, *path)
    if not isinstance(value, str):
        raise _OddPayloadError(".".join(path))
    return value


def _optional_text(payload: Json, *path: str) -> str:
    value = _pick(payload, *path)
    return value if isinstance(value, str) else ""


def _pick(payload: Json, *path: str) -> Json:
    for key in path:
        if not isinstance(payload, dict):
            return None
        payload = payload.get(key)
    return payload
