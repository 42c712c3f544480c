"""What the journal says of each statement, from its start to wherever it ends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from workers.core.plan import Parsed, Statement, StatementKind
from workers.core.progress import Ran
from workers.core.rollout import Step
from workers.steps.journal import ran

YES, NO, UNKNOWN = Ran.YES, Ran.NO, Ran.UNKNOWN
TWO = (("BEGIN", "ok"), (0, "started"), (0, "ok"), (1, "started"), (1, "ok, 1 row(s)"))
COMMITTED = ("COMMIT", "effect as rehearsed; committed")
BACK = ("ROLLBACK", "rolled back what was open")


def statement(group: int, *, transactional: bool = True) -> Statement:
    parsed = Parsed(kind=StatementKind.UPDATE, title="")
    return Statement(sql="-", migration="r1", group=group, transactional=transactional, parsed=parsed)


def told(statements: tuple[Statement, ...], *steps: tuple[Any, str]) -> tuple[Ran, ...]:
    lines = (
        Step(at="", command="-", result=result, statement=what)
        if isinstance(what, int)
        else Step(at="", command=what, result=result)
        for what, result in steps
    )
    return ran(statements, tuple(lines))


@pytest.mark.parametrize(
    ("steps", "verdict"),
    [
        ((), NO),
        ((*TWO, COMMITTED), YES),
        (TWO, UNKNOWN),
        (TWO[:3], NO),
        ((*TWO[:4], (1, "failed: no (23505)"), BACK), NO),
        ((*TWO, BACK), UNKNOWN),
        ((*TWO, ("compare before COMMIT", "differs in: table a"), BACK), NO),
        ((*TWO[:4], (1, "failed: lock timeout (55P03)"), BACK, *TWO, COMMITTED), YES),
    ],
)
def test_a_transaction_stays_as_a_whole(steps: tuple[tuple[Any, str], ...], verdict: Ran):
    assert told((statement(0), statement(0)), *steps) == (verdict, verdict)


@pytest.mark.parametrize(
    ("result", "verdict"),
    [
        ("started", UNKNOWN),
        ("ok", YES),
        ("failed: could not create unique index (23505)", NO),
        ("failed: server closed the connection (08006)", UNKNOWN),
    ],
)
def test_a_statement_outside_a_transaction_stays_by_itself(result: str, verdict: Ran):
    group = (statement(0), statement(1, transactional=False))
    assert told(group, *TWO[:3], COMMITTED, (1, "started"), (1, result)) == (YES, verdict)


def test_a_script_that_failed_may_have_left_something():
    script = replace(statement(0, transactional=False), batch=True)
    assert told((script,)) == (NO,)
    assert told((script,), (0, "started")) == (UNKNOWN,)
    assert told((script,), (0, "started"), (0, "failed: it is broken (42601)")) == (UNKNOWN,)
    assert told((script,), (0, "started"), (0, "ok")) == (YES,)
