"""Snapshots: their fingerprints, what a plan binds to, and their JSON form."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import BY_HAND, COLUMN, INDEX, TABLE, a_snapshot
from tests.core.test_diff import SCHEMAS
from workers.core.names import Engine
from workers.core.schema import (
    Excluded,
    ObjectKind,
    SchemaObject,
    Snapshot,
    attributes,
    ordered,
    snapshot_from_json,
    snapshot_to_json,
)

VIEW = SchemaObject(ObjectKind.VIEW, ("public", "totals"), attributes(definition="SELECT 1"))
OWNER = SchemaObject(ObjectKind.OWNER, ("public", "orders"), attributes(role="app"))
ORDERS = (("public", "orders"),)


def holding(objects: tuple[SchemaObject, ...], **more: Any) -> Snapshot:
    return Snapshot(engine=Engine.POSTGRESQL, version="16", database="shop", objects=ordered(list(objects)), **more)


@given(SCHEMAS, st.randoms())
def test_a_fingerprint_does_not_know_the_order_in_which_objects_were_found(objects, chance):
    mixed = list(objects)
    chance.shuffle(mixed)
    assert holding(tuple(mixed)).fingerprint == holding(objects).fingerprint


@given(SCHEMAS, SCHEMAS)
def test_equal_fingerprints_are_equal_schemas(first, second):
    assert (holding(first).fingerprint == holding(second).fingerprint) == (set(first) == set(second))


@given(SCHEMAS, SCHEMAS)
def test_a_snapshot_comes_back_from_json_as_it_was(objects, authority):
    excluded = (Excluded(ObjectKind.TABLE, ("public", "tmp"), "loader"),)
    snapshot = replace(
        a_snapshot(), objects=ordered(list(objects)), authority=ordered(list(authority)), excluded=excluded
    )
    assert snapshot_from_json(json.loads(json.dumps(snapshot_to_json(snapshot)))) == snapshot


def test_the_json_of_another_format_is_refused():
    with pytest.raises(ValueError, match="not a schemagate-snapshot/1 document"):
        snapshot_from_json({"format": "schemagate-snapshot/2"})


def test_the_fingerprint_leaves_version_name_and_authority_aside():
    snapshot = holding((TABLE,))
    other = replace(snapshot, version="17", database="copy", authority=(OWNER,))
    assert other.fingerprint == snapshot.fingerprint
    assert replace(snapshot, engine=Engine.SQLITE).fingerprint != snapshot.fingerprint


@pytest.mark.parametrize("item", [COLUMN, INDEX, VIEW])
def test_a_plan_binds_to_its_tables_and_to_whatever_belongs_to_no_table(item: SchemaObject):
    assert holding((TABLE, item)).binding(ORDERS) != holding((TABLE,)).binding(ORDERS)


def test_a_plan_does_not_bind_to_other_tables_unless_it_binds_to_all():
    with_other, without = holding((TABLE, BY_HAND)), holding((TABLE,))
    assert with_other.binding(ORDERS) == without.binding(ORDERS)
    assert with_other.binding() != without.binding()


def test_a_plan_binds_to_a_table_that_is_not_there_yet():
    assert holding((TABLE,)).binding(ORDERS) != holding(()).binding(ORDERS)


def test_a_plan_binds_to_who_owns_and_may_what():
    snapshot = holding((TABLE,))
    assert replace(snapshot, authority=(OWNER,)).binding(ORDERS) != snapshot.binding(ORDERS)


def test_an_attribute_without_a_value_is_left_out():
    assert attributes(b=None, a="x") == (("a", "x"),)
    assert COLUMN.get("type") == "text"
    assert COLUMN.get("nothing") is None
