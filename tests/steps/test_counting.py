"""Rows that a tool asks for: only of what the snapshot names, only as long as there is time, and said with what they rest on."""

from __future__ import annotations

from dataclasses import replace

from tests.fakes.clock import FakeClock
from tests.fakes.target import FakeDatabase, a_schema, as_target
from workers.core.schema import ObjectKind, SchemaObject
from workers.ports import Counted, Recording
from workers.steps.counting import MOST, counted, said

TABLES = (("public", "customers"), ("public", "orders"))
COLUMN = ("public", "orders", "note")
BARE = a_schema("customers", "orders")
LIVE = replace(BARE, objects=(*BARE.objects, SchemaObject(ObjectKind.COLUMN, COLUMN, ())))


class Hasty(FakeClock):
    """A clock on which each look takes long."""

    def now(self) -> float:
        self.go_on(25.0)
        return self.seconds


def asked(*names: tuple[str, ...], column: str = "") -> tuple[Counted, ...]:
    return tuple(Counted(table=name, column=column, rows=2) for name in names)


def test_what_is_there_is_counted_up_to_the_bound():
    target = FakeDatabase(counts={(*TABLES[0], ""): 7, (*TABLES[1], ""): 10 * MOST, COLUMN: 3})
    found = counted(LIVE, as_target(target), (*asked(*TABLES), *asked(COLUMN[:-1], column=COLUMN[-1])), FakeClock())
    assert [item.rows for item in found] == [7, MOST, 3]


def test_what_the_snapshot_does_not_name_is_never_asked_for():
    strangers = (*asked(("public", "secrets")), *asked(TABLES[0], column="no_such"))
    target = FakeDatabase(counts={("public", "secrets", ""): 1, (*TABLES[0], "no_such"): 1})
    assert counted(LIVE, as_target(target), strangers, FakeClock()) == ()


def test_when_the_time_is_over_the_rest_stays_supposed():
    target = FakeDatabase(counts={(*name, ""): 1 for name in TABLES})
    assert len(counted(LIVE, as_target(target), asked(*TABLES, *TABLES), Hasty())) == 2


def test_a_warning_names_the_tool_and_says_what_was_counted():
    recording = Recording(statements=(), tool="the tool", asked=asked(*TABLES))
    assert said("prod", recording, (), ()) == ()
    assert said("prod", recording, ("mind it",), ()) == ("the tool warns: mind it",)
    warned, counts = said("prod", recording, ("mind it",), asked(TABLES[0]))
    assert warned == "the tool warns: mind it"
    assert (
        counts
        == "rows were counted on prod for that, up to 100,000 of a table or column; 1 could not be counted and are supposed to hold some"
    )
