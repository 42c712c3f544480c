"""Whatever somebody changes by hand is told, all of it and nothing else, in both directions, and the way back leads back."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.drift.cases import Case, read, said, the_other_way
from tests.drift.corpora import VARIABLE, corpora, read_drift, score
from tests.drift.sqlite import ENGINE, as_seen, look, made, way_back
from workers.core.diff import diff
from workers.core.folding import fold

CASES = read(ENGINE)
PLACE = corpora()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_change_by_hand_is_told_both_ways_and_nothing_else_is(case: Case) -> None:
    before, after = look(case)
    assert before.unread == after.unread == ()
    assert said(diff(before, after)) == case.expected
    assert tuple(sorted(said(diff(after, before)))) == the_other_way(case.expected)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_way_back_leads_back_where_there_is_one(case: Case) -> None:
    before, after = look(case)
    for now, live, wanted in zip(case.sides(), (before, after), (after, before), strict=True):
        statements = way_back(diff(wanted, live))
        if statements:
            with made(now) as connection:
                for statement in statements:
                    connection.execute(statement)
                assert said(diff(wanted, as_seen(connection))) == (), statements


def test_many_changes_have_a_way_back() -> None:
    sides = [look(case) for case in CASES]
    ways = [
        bool(way_back(diff(one, other))) for before, after in sides for one, other in ((before, after), (after, before))
    ]
    assert sum(ways) >= 55


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_nothing_differs_after_a_dump_and_a_restore(case: Case) -> None:
    with made(case.sides()[1]) as connection, closing(sqlite3.connect(":memory:", isolation_level=None)) as restored:
        was = as_seen(connection)
        if "virtual" in case.name:
            return  # a dump writes their rows into sqlite_schema, which this SQLite does not let anybody do
        for name in ("encoding", "auto_vacuum", "application_id", "user_version"):
            ((value,),) = connection.execute(f"PRAGMA {name}").fetchall()
            restored.execute(f"PRAGMA {name} = '{value}'" if name == "encoding" else f"PRAGMA {name} = {value}")
        restored.executescript("\n".join(connection.iterdump()))
        assert said(diff(was, as_seen(restored))) == ()


@pytest.mark.skipif(PLACE is None, reason=f"{VARIABLE} names no folder")
def test_every_difference_of_the_corpora_is_told_and_no_other() -> None:
    assert PLACE
    material = read_drift(PLACE, ENGINE)
    with made(material.expected) as expected, made(material.live) as live:
        found = score(material, fold(diff(as_seen(expected), as_seen(live))))
    assert (found.missed, found.invented, found.of) == ((), (), 19)
