"""The bytes of a plan's body: nothing twice, and nothing lost."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from typing import Any

import pytest

from tests.builders import COLUMN, INDEX, a_statement, added
from workers.core.diff import Change
from workers.core.plan import Booked, Parsed, Statement, StatementKind
from workers.core.plan_bytes import body_bytes, body_json
from workers.core.schema import SchemaObject

PLAIN = Statement(
    sql="SELECT 1", migration="r1", group=0, transactional=True, parsed=Parsed(kind=StatementKind.ALTER, title="x")
)
OTHER: dict[str, Any] = {
    "sql": "SELECT 2",
    "migration": "r2",
    "group": 1,
    "transactional": False,
    "parsed": Parsed(kind=StatementKind.DROP, title="x"),
    "rows": 0,
    "effect": (added(COLUMN),),
    "destroys": ("rows",),
    "records": Booked(),
    "batch": True,
}
OTHERWISE: dict[str, Any] = {
    "kind": StatementKind.DROP,
    "title": "y",
    "reads": (("a",),),
    "writes": (("a",),),
    "forbidden": "no",
    "opaque": "no",
    "authority": "no",
    "transactional": False,
    "copies": ("id",),
    "steers": True,
}


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Statement)])
def test_each_field_of_a_statement_is_in_the_bytes(name: str):
    assert body_bytes(replace(PLAIN, **{name: OTHER[name]})) != body_bytes(PLAIN)


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Parsed)])
def test_each_field_of_what_a_statement_is_is_in_the_bytes(name: str):
    other = replace(PLAIN, parsed=replace(PLAIN.parsed, **{name: OTHERWISE[name]}))
    assert body_bytes(other) != body_bytes(PLAIN)


def test_what_is_as_its_type_has_it_goes_without_saying():
    assert body_json(PLAIN) == {
        "sql": "SELECT 1",
        "migration": "r1",
        "group": 0,
        "transactional": True,
        "parsed": {"kind": "alter", "title": "x"},
    }


def test_a_change_says_its_name_once_and_both_sides_whole():
    after = replace(INDEX, attributes=(("columns", ("a", "b")), ("unique", True)))
    before = replace(INDEX, attributes=(("columns", ("a",)), ("unique", True)))
    assert body_json(Change(INDEX.kind, INDEX.name, before, after)) == {
        "kind": "index",
        "name": list(INDEX.name),
        "before": {"columns": ["a"], "unique": True},
        "after": {"columns": ["a", "b"], "unique": True},
    }


def test_coming_and_going_and_an_object_without_attributes_are_told_apart():
    bare = SchemaObject(COLUMN.kind, COLUMN.name, ())
    sides = [(None, bare), (bare, None), (None, COLUMN), (bare, COLUMN)]
    told = {body_bytes(a_statement(effect=(Change(COLUMN.kind, COLUMN.name, *side),))) for side in sides}
    assert len(told) == len(sides)
