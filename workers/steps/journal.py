"""What the journal of a rollout says of each statement of its plan, for statements whose effect no database shows."""

from __future__ import annotations

import re

from workers.core.plan import Statement
from workers.core.progress import Ran
from workers.core.rollout import Step

_CONNECTION_GONE = re.compile(r"\((?:08|57P)\w*\)$")
_COMPARED = "compare before COMMIT"


def ran(statements: tuple[Statement, ...], steps: tuple[Step, ...]) -> tuple[Ran, ...]:
    """Read the journal from its start; of a statement that was tried again, the last try counts."""
    found = [Ran.NO] * len(statements)
    open_: list[int] = []
    good = True
    for step in steps:
        if step.statement is not None:
            index = step.statement
            found[index] = _alone(step, statements[index]) if not statements[index].transactional else Ran.UNKNOWN
            open_ = open_ if not statements[index].transactional or index in open_ else [*open_, index]
            good = good and not step.result.startswith("failed")
        elif step.command == _COMPARED:
            good = False
        elif step.command in {"BEGIN", "COMMIT", "ROLLBACK"}:
            _settle(found, open_, Ran.YES if step.command == "COMMIT" else _unless_whole(statements, open_, good=good))
            open_, good = [], True
    _settle(found, open_, _unless_whole(statements, open_, good=good))
    return tuple(found)


def _alone(step: Step, statement: Statement) -> Ran:
    """A statement outside of a transaction stayed as soon as it ran; one whose connection went away may have, and any part of a script."""
    if step.result.startswith("ok"):
        return Ran.YES
    if statement.batch:
        return Ran.UNKNOWN
    failed = step.result.startswith("failed") and not _CONNECTION_GONE.search(step.result)
    return Ran.NO if failed else Ran.UNKNOWN


def _unless_whole(statements: tuple[Statement, ...], open_: list[int], *, good: bool) -> Ran:
    """Nothing stayed of a transaction that did not come to its COMMIT; of one that did, only the database knows."""
    if not open_:
        return Ran.NO
    group = {index for index, item in enumerate(statements) if item.group == statements[open_[0]].group}
    return Ran.UNKNOWN if good and group <= set(open_) else Ran.NO


def _settle(found: list[Ran], open_: list[int], verdict: Ran) -> None:
    for index in open_:
        found[index] = verdict
