"""After an apply: effects are compared, the tool's own table is asked, and broken objects are found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.builders import a_statement
from tests.fakes.store import a_plan
from tests.fakes.target import FakeDatabase, State, a_schema
from workers.core.diff import diff
from workers.core.schema import ObjectKind, SchemaObject, Snapshot, attributes
from workers.steps.verify import Verification, verify

BEFORE = a_schema("orders")
PLAN = replace(
    a_plan(),
    body=replace(
        a_plan().body,
        statements=(a_statement(effect=diff(BEFORE, a_schema("orders", "bills"))),),
        recorded_after=("r1",),
    ),
)


def verified(*tables: str, recorded: str = "r1", before: Snapshot = BEFORE) -> Verification:
    target: Any = FakeDatabase(State(frozenset(tables), recorded))
    return verify(PLAN, before, target, ("public", "versions"), ("version",))


def good(seen: Verification) -> list[bool]:
    return [row.good for row in seen.rows]


def test_an_effect_as_rehearsed_with_the_tools_own_word_is_good():
    seen = verified("orders", "bills")
    assert seen.good
    assert seen.differences == ()
    assert [row.found for row in seen.rows] == [
        "1 objects changed, 0 not as rehearsed",
        "0 changed, 0 not as rehearsed",
        "r1",
        "0",
    ]


def test_an_effect_that_is_missing_is_a_difference():
    seen = verified("orders")
    assert good(seen) == [False, True, True, True]
    assert [(item.difference, item.label) for item in seen.differences] == [("removed", "public.bills")]


def test_an_effect_too_many_is_a_difference():
    seen = verified("orders", "bills", "stranger")
    assert [(item.difference, item.label) for item in seen.differences] == [("added", "public.stranger")]


def test_what_differed_before_is_no_matter_of_the_plan():
    assert verified("orders", "bills", "by_hand", before=a_schema("orders", "by_hand")).good


@pytest.mark.parametrize("recorded", ["r0", "r2"])
def test_the_tools_own_table_must_say_the_same(recorded: str):
    assert good(verified("orders", "bills", recorded=recorded)) == [True, True, False, True]


@pytest.mark.parametrize(
    ("kind", "fact"),
    [(ObjectKind.INDEX, "invalid"), (ObjectKind.FOREIGN_KEY, "not_valid"), (ObjectKind.CHECK, "not_valid")],
)
def test_an_object_that_was_left_broken_is_named(kind: ObjectKind, fact: str):
    left = SchemaObject(kind, ("public", "orders", "left"), attributes(**{fact: True}))
    target: Any = FakeDatabase(State(frozenset({"orders", "bills"}), "r1"), more=(left,))
    seen = verify(PLAN, BEFORE, target, ("public", "versions"), ("version",))
    assert good(seen) == [False, True, True, False]
    assert seen.rows[3].found == "public.orders.left"
