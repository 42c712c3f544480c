"""Which event leads to which messages, and what of it is kept: pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from bot.commands import read_commands
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
    Unknown,
)
from workers.core.names import CommandName, Direction, command_word
from workers.core.redact import holds_secret
from workers.messages import (
    ClosePull,
    Command,
    Heard,
    HeardKind,
    Message,
    PlanPull,
    RecordApproval,
    RecoverRollout,
    Reply,
    RevokeApproval,
    Triage,
)

_DIRECTIONS = {
    CommandName.PLAN: Direction.UPGRADE,
    CommandName.ROLLBACK: Direction.ROLLBACK,
    CommandName.MARK_APPLIED: Direction.MARK_APPLIED,
    CommandName.BASELINE: Direction.BASELINE,
}


@dataclass(frozen=True, slots=True)
class Routed:
    """What a delivery leads to: the messages to send, and what the jobs may read of it. Nothing heard: nothing is kept."""

    messages: tuple[Message, ...] = ()
    heard: Heard | None = None


def route(event: Event) -> Routed:
    """Decide what an event leads to. Every kind of event has its case here."""
    match event:
        case PullChanged():
            return _changed(event)
        case PullClosed(origin, number):
            return Routed((ClosePull(repository=origin.repository.id, pull=number),), _heard(origin, number))
        case CommentWritten(origin, number, remark):
            return _written(origin, number, remark)
        case CommentEdited():
            return _edited(event)
        case CommentDeleted(origin, number, remark):
            return _deleted(origin, number, remark)
        case Pushed():
            return _pushed(event)
        case CheckWanted(origin, head):
            triage = Triage(repository=origin.repository.id, pull=0, head=head, delivery=origin.delivery)
            return Routed((triage,), _heard(origin))
        case Unknown():
            return Routed()


def _changed(event: PullChanged) -> Routed:
    origin = event.origin
    triage = Triage(repository=origin.repository.id, pull=event.number, head=event.head, delivery=origin.delivery)
    heard = replace(_heard(origin, event.number), ref=event.ref, before=event.before, after=event.after)
    return Routed((triage,), heard)


def _pushed(event: Pushed) -> Routed:
    """Who pushed is always kept. Only the default branch's new tip changes reports by itself: pull 0 and no head mean every open pull.

    Pulls against another branch are found by `reconcile`, which compares the tips that it planned with.
    """
    origin = event.origin
    heard = replace(_heard(origin, kind=HeardKind.PUSH), ref=event.ref, before=event.before, after=event.after)
    if event.ref != f"refs/heads/{origin.repository.default_branch}":
        return Routed((), heard)
    return Routed((Triage(repository=origin.repository.id, pull=0, delivery=origin.delivery),), heard)


def _written(origin: Origin, number: int, remark: Remark) -> Routed:
    """Commands count in a new comment of a person. A pasted secret takes their place, and the text is not kept.

    That a comment with a command word was heard is kept even where nothing follows: see `command_word`.
    """
    by_person = origin.sender.is_person and remark.author.is_person
    if by_person and holds_secret(remark.text):
        return _spilled(_said(origin, number, remark, HeardKind.COMMENT))
    commands = read_commands(remark.text) if by_person else _of_program(origin, remark)
    if not commands:
        spoken = by_person and command_word(remark.text)
        return Routed((), _said(origin, number, remark, HeardKind.COMMENT)) if spoken else Routed()
    heard = replace(_said(origin, number, remark, HeardKind.COMMENT), text=remark.text, commands=commands)
    return Routed(tuple(_commanded(heard, command) for command in commands), heard)


def _of_program(origin: Origin, remark: Remark) -> tuple[Command, ...]:
    """What another program approves is heard, to be refused with its code; nothing else, because an answer to a program may be answered again."""
    if not _own_work(origin, remark) or holds_secret(remark.text):
        return ()
    return tuple(item for item in read_commands(remark.text) if item.name is CommandName.APPROVE and not item.fault)


def _edited(event: CommentEdited) -> Routed:
    """An edit never commands. Only a bot that edits its own comment (ours does) is no news."""
    origin, remark = event.origin, event.remark
    if _own_work(origin, remark):
        return Routed()
    heard = _said(origin, event.number, remark, HeardKind.COMMENT_EDITED)
    revoke = RevokeApproval(repository=heard.repository, pull=heard.pull, delivery=heard.delivery)
    if holds_secret(remark.text):
        spilled = () if holds_secret(event.before) else _spilled(heard).messages
        return Routed((revoke, *spilled), replace(heard, secret_seen=True, body_hash=""))
    before = "" if holds_secret(event.before) else event.before
    return Routed((revoke,), replace(heard, text=remark.text, text_before=before))


def _deleted(origin: Origin, number: int, remark: Remark) -> Routed:
    if _own_work(origin, remark):
        return Routed()
    heard = _said(origin, number, remark, HeardKind.COMMENT_DELETED)
    revoke = RevokeApproval(repository=heard.repository, pull=number, delivery=heard.delivery)
    return Routed((revoke,), heard if holds_secret(remark.text) else replace(heard, text_before=remark.text))


def _own_work(origin: Origin, remark: Remark) -> bool:
    return bool(remark.author.id) and remark.author.id == origin.sender.id and not origin.sender.is_person


def _spilled(heard: Heard) -> Routed:
    reply = Reply(repository=heard.repository, pull=heard.pull, delivery=heard.delivery)
    return Routed((reply,), replace(heard, secret_seen=True, body_hash=""))


def _commanded(heard: Heard, command: Command) -> Message:
    repository, pull, delivery, line = heard.repository, heard.pull, heard.delivery, command.line
    if command.fault is None:
        if command.name is CommandName.APPROVE:
            return RecordApproval(repository=repository, pull=pull, delivery=delivery, line=line)
        if command.name is CommandName.REJECT:
            return RevokeApproval(repository=repository, pull=pull, delivery=delivery, line=line)
        if command.name is CommandName.UNLOCK:
            return RecoverRollout(repository=repository, pull=pull, delivery=delivery, line=line)
        if direction := _DIRECTIONS.get(command.name):
            return PlanPull(repository=repository, pull=pull, direction=direction, delivery=delivery, line=line)
    return Reply(repository=repository, pull=pull, delivery=delivery, line=line)


def _said(origin: Origin, number: int, remark: Remark, kind: HeardKind) -> Heard:
    """What is kept of a comment, without its text."""
    return replace(
        _heard(origin, number, kind),
        comment=remark.id,
        comment_author=remark.author.id,
        comment_author_is_bot=not remark.author.is_person,
        body_hash=hashlib.sha256(remark.text.encode("utf-8", "surrogatepass")).hexdigest(),
        at=remark.at,
    )


def _heard(origin: Origin, number: int = 0, kind: HeardKind = HeardKind.OTHER) -> Heard:
    return Heard(
        delivery=origin.delivery,
        kind=kind,
        repository=origin.repository.id,
        pull=number,
        sender=origin.sender.id,
        sender_login=origin.sender.login,
        sender_is_person=origin.sender.is_person,
    )
