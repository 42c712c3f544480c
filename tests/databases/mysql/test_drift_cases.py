"""Whatever somebody changes by hand is told, all of it and nothing else, in both directions, and the way back leads back."""

from __future__ import annotations

import json

import pytest

from deploy.demo.mariadb import MariadbServer
from tests.drift.cases import Case, read, said, the_other_way
from tests.drift.mariadb import ENGINE, as_seen, fits, look, made, restored, run, way_back
from workers.core.diff import change_to_json, diff
from workers.core.schema import snapshot_to_json

CASES = read(ENGINE)
# One of each file in the quick suite; all of them in the long one.
_QUICK = frozenset({"column type", "index unique", "table with everything", "trigger body"})
SECRET = "sesame"


def _marked(case: Case) -> object:
    marks = () if case.name in _QUICK else (pytest.mark.acceptance,)
    return pytest.param(case, marks=marks, id=case.id)


@pytest.mark.parametrize("case", [_marked(case) for case in CASES])
def test_a_change_by_hand_is_told_both_ways_and_nothing_else_is(case: Case, mariadb: MariadbServer) -> None:
    if not fits(case, mariadb):
        return
    before, after = look(mariadb, case)
    there, back = diff(before, after), diff(after, before)
    assert said(there) == case.expected
    assert tuple(sorted(said(back))) == the_other_way(case.expected)
    assert SECRET not in json.dumps([snapshot_to_json(before), snapshot_to_json(after), *map(change_to_json, there)])
    for now, live, wanted in zip(case.sides(), (before, after), (after, before), strict=True):
        statements = way_back(diff(wanted, live))
        if statements:
            with made(mariadb, now) as name:
                run(mariadb, name, statements)
                assert said(diff(wanted, as_seen(mariadb, name))) == (), statements


@pytest.mark.acceptance
@pytest.mark.parametrize("case", [case for case in CASES if case.name != "view definer"], ids=lambda case: case.id)
def test_nothing_differs_after_a_dump_and_a_restore_by_the_stock_programs(case: Case, mariadb: MariadbServer) -> None:
    """All but the view whose definer does not exist: the stock program cannot dump that."""
    with made(mariadb, case.sides()[1]) as name:
        before = as_seen(mariadb, name)
        after = restored(mariadb, name)
    assert [line for line in said(diff(before, after)) if not _restarted(case, line)] == []


def _restarted(case: Case, line: str) -> bool:
    """The dump gives an event that had none a start of its own."""
    return case.name.startswith("event") and line == "changed event e: starts"
