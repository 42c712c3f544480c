"""Run a plan on its target exactly as it was rehearsed: group by group, journalled, compared before each COMMIT, never repeated after one.

What is not done here: judging whether it may run. The writer exists only where both proofs were given.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum

from workers.core.authority import authority_effect
from workers.core.diff import Change, diff
from workers.core.plan import Plan, Statement, StatementKind
from workers.core.rollout import Step
from workers.core.schema import Snapshot
from workers.ports import Held, Services, StatementError, Writer

TRIES = 5
_CONNECTION_GONE = ("08", "57P")
_ROLLED_BACK = "rolled back what was open"


class Ending(StrEnum):
    """How a run ended: everything ran; nothing stayed; some groups stayed."""

    DONE = "done"
    NOTHING = "nothing"
    SOME = "some"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The ending, how many groups are committed, and why it stopped.

    `unsure`: only the database knows what stayed. The connection went away, a statement ended its transaction, or one failed that ran outside of
    a transaction (a concurrent index build leaves an invalid index).
    """

    ending: Ending
    groups: int
    why: str = ""
    unsure: bool = False


class _StoppedError(Exception):
    """The group cannot go on; its transaction is rolled back, as far as we know."""

    def __init__(self, why: str, *, unsure: bool = False) -> None:
        super().__init__(why)
        self.unsure = unsure


@dataclass(slots=True, kw_only=True)
class _Doing:
    """`seen` is what the comparison of the group before found on the target: where the next one starts from."""

    expected: tuple[tuple[Change, ...], ...]
    held: Held
    writer: Writer
    rollout: int
    services: Services
    seen: Snapshot | None = None


def carry_out(plan: Plan, held: Held, writer: Writer, rollout: int, services: Services) -> Run:
    """Run the whole plan; stops at the first group that fails. Expected trouble is in the result, not raised."""
    body = plan.body
    groups, effects = body.groups, zip(body.group_effects, body.group_authority, strict=True)
    expected = tuple((*objects, *rights) for objects, rights in effects)
    doing = _Doing(expected=expected, held=held, writer=writer, rollout=rollout, services=services)
    first = 0
    for number, group in enumerate(groups):
        try:
            _run_group(doing, number, first, group)
        except _StoppedError as stop:
            ending = Ending.SOME if number else Ending.NOTHING
            return Run(ending=ending, groups=number, why=str(stop), unsure=stop.unsure)
        first += len(group)
    return Run(ending=Ending.DONE, groups=len(groups))


def _run_group(doing: _Doing, number: int, first: int, group: tuple[Statement, ...]) -> None:
    for attempt in range(1, TRIES + 1):
        try:
            _attempt(doing, number, first, group)
        except StatementError as error:
            doing.writer.rollback()
            if not error.lock_timeout or attempt == TRIES or _left_something(doing, group):
                _note(doing, "ROLLBACK", _ROLLED_BACK)
                unsure = error.state.startswith(_CONNECTION_GONE) or not group[0].transactional
                raise _StoppedError(f"{error.message} ({error.state})", unsure=unsure) from error
            _note(doing, "ROLLBACK", f"lock timeout at try {attempt} of {TRIES}, {_ROLLED_BACK}; trying again")
        except _StoppedError:
            doing.writer.rollback()
            _note(doing, "ROLLBACK", _ROLLED_BACK)
            raise
        else:
            return


def _left_something(doing: _Doing, group: tuple[Statement, ...]) -> bool:
    """Whether a statement outside of a transaction waited too long only after its index was there, invalid: the next try would meet it."""
    if group[0].transactional:
        return False
    new = {(item.kind, item.name) for statement in group for item in statement.effect if item.before is None}
    return any((item.kind, item.name) in new for item in doing.writer.snapshot().objects)


def _attempt(doing: _Doing, number: int, first: int, group: tuple[Statement, ...]) -> None:
    transactional = group[0].transactional
    if transactional:
        _check_lock(doing)
        doing.writer.begin()
        _note(doing, "BEGIN", "ok")
    before, doing.seen = doing.seen or doing.writer.snapshot(), None
    for offset, statement in enumerate(group):
        _run_statement(doing, first + offset, statement)
    _compare(doing, number, before, transactional=transactional)
    if transactional:
        _check_lock(doing)
        doing.writer.commit()
        _note(doing, "COMMIT", "effect as rehearsed; committed")


def _run_statement(doing: _Doing, index: int, statement: Statement) -> None:
    _check_lock(doing)
    _note(doing, statement.sql, "started", index)
    started = time.perf_counter()
    try:
        rows = -1
        if statement.batch:
            doing.writer.execute_script(statement.sql)
        else:
            rows = doing.writer.execute(statement.sql)
    except StatementError as error:
        _note(doing, statement.sql, f"failed: {error.message} ({error.state})", index, time.perf_counter() - started)
        raise
    seconds = time.perf_counter() - started
    if statement.transactional and not doing.writer.same_transaction():
        raise _StoppedError("a statement ended its transaction", unsure=True)
    if statement.parsed.kind is StatementKind.BOOKKEEPING and statement.rows is not None and rows != statement.rows:
        _note(doing, statement.sql, f"{rows} row(s) instead of {statement.rows}", index, seconds)
        raise _StoppedError("the version table is not as it was planned")
    _note(doing, statement.sql, f"ok, {rows} row(s)" if rows >= 0 else "ok", index, seconds)


def _compare(doing: _Doing, number: int, before: Snapshot, *, transactional: bool) -> None:
    """The effect of the group on objects and on rights must be the one of the rehearsal: before COMMIT, or at once where there is none."""
    after, expected = doing.writer.snapshot(), doing.expected[number]
    found = (*diff(before, after), *authority_effect(before, after))
    if found == expected:
        doing.seen = after
        return
    labels = {f"{item.kind.value} {item.label}" for item in set(found) ^ set(expected)}
    when = "before COMMIT" if transactional else "after the statement"
    _note(doing, f"compare {when}", f"differs in: {', '.join(sorted(labels))}")
    message = f"the effect differs from the rehearsal in: {', '.join(sorted(labels)[:5])}"
    raise _StoppedError(message, unsure=not transactional)


def _check_lock(doing: _Doing) -> None:
    if not doing.held.lock.held():
        raise _StoppedError("the database lock was lost")


def _note(doing: _Doing, command: str, result: str, statement: int | None = None, seconds: float | None = None) -> None:
    measured = None if seconds is None else round(seconds, 6)
    step = Step(at=doing.services.clock.iso(), command=command, result=result, statement=statement, seconds=measured)
    doing.services.store.journal(doing.rollout, step)
