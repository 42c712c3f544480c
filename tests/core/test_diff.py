"""Differences between two schemas, and what effects in a row amount to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import COLUMN, INDEX, TABLE, a_snapshot
from workers.core.diff import Change, Difference, compose, diff, diff_objects, diff_to_json, moved
from workers.core.schema import ObjectKind, SchemaObject, Snapshot, attributes, ordered

NAMES = st.sampled_from([("public", "orders"), ("public", "orders", "note"), ("public", "bills")])
KINDS = st.sampled_from([ObjectKind.TABLE, ObjectKind.COLUMN, ObjectKind.INDEX])
VALUES: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(["type", "comment"]), st.sampled_from(["a", "b", ("a", "b"), True, 1]), max_size=2
)
SCHEMAS = st.dictionaries(st.tuples(KINDS, NAMES), VALUES, max_size=6).map(
    lambda found: tuple(SchemaObject(kind, name, attributes(**values)) for (kind, name), values in found.items())
)


@given(SCHEMAS, SCHEMAS, SCHEMAS)
def test_two_effects_in_a_row_are_the_effect_of_both(first, second, third):
    assert compose(diff_objects(first, second), diff_objects(second, third)) == diff_objects(first, third)


@given(SCHEMAS, SCHEMAS)
def test_an_effect_and_its_way_back_are_no_effect(first, second):
    assert compose(diff_objects(first, second), diff_objects(second, first)) == ()


@given(SCHEMAS, SCHEMAS)
def test_a_schema_moved_by_an_effect_is_the_one_that_the_effect_leads_to(first, second):
    assert moved(snapshot_of(first), diff_objects(first, second)).objects == ordered(list(second))


def test_what_an_effect_does_not_change_stays_as_it_was_where_it_is_moved_to():
    seen, changed = (
        SchemaObject(ObjectKind.COLUMN, ("t", "c"), attributes(type=kind, comment="by hand")) for kind in "ab"
    )
    here = SchemaObject(ObjectKind.COLUMN, ("t", "c"), attributes(type="a"))
    after = moved(snapshot_of((here,)), (Change(seen.kind, seen.name, seen, changed),))
    assert after.objects == (SchemaObject(ObjectKind.COLUMN, ("t", "c"), attributes(type="b")),)


@given(SCHEMAS, SCHEMAS)
def test_nothing_differs_where_nothing_differs_and_order_does_not_count(first, second):
    assert diff_objects(first, first) == ()
    assert diff_objects(reversed(first), second) == diff_objects(first, tuple(reversed(second)))


@given(SCHEMAS, SCHEMAS)
def test_a_change_names_each_attribute_that_differs_and_no_other(first, second):
    for change in diff_objects(first, second):
        assert all(old != new for _, old, new in change.attributes)
        assert change.attributes or change.difference is not Difference.CHANGED


def test_an_object_comes_goes_or_differs():
    other = SchemaObject(COLUMN.kind, COLUMN.name, attributes(type="varchar", position=7))
    assert diff(a_snapshot(), a_snapshot(COLUMN)) == (Change(COLUMN.kind, COLUMN.name, None, COLUMN),)
    assert diff(a_snapshot(COLUMN), a_snapshot()) == (Change(COLUMN.kind, COLUMN.name, COLUMN, None),)
    (change,) = diff(a_snapshot(COLUMN), a_snapshot(other))
    assert change.difference is Difference.CHANGED
    assert change.attributes == (("type", "text", "varchar"),)


def test_what_belongs_to_a_table_names_it_as_its_parent():
    (change,) = diff(a_snapshot(INDEX), a_snapshot())
    assert (change.parent, change.label) == (TABLE.name, "public.orders.ix_orders_customer_id")


def test_the_json_form_names_both_sides_and_lists_tuples():
    old, new = a_snapshot(), a_snapshot(INDEX)
    assert diff_to_json(old, new, diff(old, new)) == {
        "format": "schemagate-diff/1",
        "from": old.fingerprint,
        "to": new.fingerprint,
        "changes": [
            {
                "change": "added",
                "kind": "index",
                "name": ["public", "orders", "ix_orders_customer_id"],
                "attributes": {
                    "columns": {"before": None, "after": ["customer_id"]},
                    "valid": {"before": None, "after": True},
                },
            }
        ],
    }


def snapshot_of(objects: tuple[SchemaObject, ...]) -> Snapshot:
    return replace(a_snapshot(), objects=ordered(list(objects)))
