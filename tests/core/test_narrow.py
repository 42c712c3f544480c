"""What a comparison does not see stays named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import COLUMN, TABLE, a_snapshot
from workers.core.config import Filter, FilterMode, Ignore
from workers.core.diff import Change
from workers.core.names import Engine
from workers.core.narrow import UNMANAGED, counted, managed_only, narrowed
from workers.core.schema import Excluded, ObjectKind, SchemaObject, Snapshot, attributes

ELSEWHERE = SchemaObject(ObjectKind.TABLE, ("audit", "log"), ())
SCHEMA = SchemaObject(ObjectKind.SCHEMA, ("audit",), ())
EXTENSION = SchemaObject(ObjectKind.EXTENSION, ("pg_trgm",), attributes(version="1.6"))
OWNED = SchemaObject(ObjectKind.FUNCTION, ("public", "similarity(text, text)"), attributes(extension="pg_trgm"))
OWNED_TABLE = SchemaObject(ObjectKind.TABLE, ("public", "spatial_ref_sys"), attributes(extension="postgis"))
ITS_KEY = SchemaObject(ObjectKind.PRIMARY_KEY, ("public", "spatial_ref_sys", "spatial_ref_sys_pkey"), ())
WITHOUT_EXTENSIONS = Filter(FilterMode.EXCLUDE_EXTENSIONS)


def explicit(*, schemas: tuple[str, ...] = (), tables: tuple[str, ...] = ()) -> Filter:
    return Filter(FilterMode.EXPLICIT, schemas, tables, chosen=True)


def ignoring(pattern: str, *objects: SchemaObject) -> Snapshot:
    return narrowed(a_snapshot(*objects), Filter(), (Ignore(pattern, "the loader's"),))


def test_without_a_wish_everything_is_seen():
    snapshot = a_snapshot(COLUMN, ELSEWHERE, OWNED)
    assert narrowed(snapshot, Filter()) is snapshot


def test_objects_of_other_schemas_are_left_out_by_name():
    seen = narrowed(a_snapshot(COLUMN, ELSEWHERE, SCHEMA, EXTENSION), explicit(schemas=("public",)))
    assert set(seen.objects) == {TABLE, COLUMN}
    assert {item.name: item.reason for item in seen.excluded} == {
        ELSEWHERE.name: "in schema audit",
        SCHEMA.name: "not among what the filter lists",
        EXTENSION.name: "not among what the filter lists",
    }


@pytest.mark.parametrize("pattern", ["public.orders", "orders", "ord*", "public.*"])
def test_a_listed_table_is_seen_with_all_that_belongs_to_it(pattern: str):
    sequence = SchemaObject(ObjectKind.SEQUENCE, ("public", "s"), attributes(owned_by="public.orders.id"))
    other = SchemaObject(ObjectKind.SEQUENCE, ("public", "free"), ())
    seen = narrowed(a_snapshot(COLUMN, ELSEWHERE, sequence, other), explicit(tables=(pattern,)))
    assert set(seen.objects) == {TABLE, COLUMN, sequence}


def test_where_an_engine_has_no_schemas_a_table_is_listed_by_its_name():
    table = SchemaObject(ObjectKind.TABLE, ("orders",), ())
    column = SchemaObject(ObjectKind.COLUMN, ("orders", "id"), ())
    other = SchemaObject(ObjectKind.TABLE, ("other",), ())
    snapshot = replace(a_snapshot(), engine=Engine.SQLITE, database="shop", objects=(column, other, table))
    assert narrowed(snapshot, explicit(tables=("orders",))).objects == (column, table)
    assert narrowed(snapshot, explicit(schemas=("shop",))).objects == snapshot.objects
    assert narrowed(snapshot, explicit(schemas=("orders",))).objects == ()


def test_extensions_and_their_objects_are_left_out_by_name_also_what_hangs_on_their_tables():
    seen = narrowed(a_snapshot(OWNED, OWNED_TABLE, ITS_KEY, EXTENSION), WITHOUT_EXTENSIONS)
    assert seen.objects == (TABLE,)
    assert {item.name: item.reason for item in seen.excluded} == {
        OWNED.name: "owned by extension pg_trgm",
        OWNED_TABLE.name: "owned by extension postgis",
        ITS_KEY.name: "owned by extension postgis",
        EXTENSION.name: "an extension; the connection check lists it with its version",
    }


@pytest.mark.parametrize("pattern", ["table:audit.*", "*:audit.**", "table:**", "table:audit.l?g"])
def test_an_ignored_table_is_left_out_with_its_children_and_the_reason(pattern: str):
    column = SchemaObject(ObjectKind.COLUMN, ("audit", "log", "at"), ())
    seen = ignoring(pattern, ELSEWHERE, column)
    assert {ELSEWHERE, column}.isdisjoint(seen.objects)
    assert Excluded(ObjectKind.COLUMN, column.name, "ignored: the loader's") in seen.excluded


@pytest.mark.parametrize("pattern", ["table:audit", "table:*", "view:audit.log", "table:audit.lo", "column:audit.log"])
def test_a_pattern_ignores_its_kind_and_the_whole_name_alone(pattern: str):
    assert ELSEWHERE in ignoring(pattern, ELSEWHERE).objects


def test_a_dot_in_a_name_is_no_border_of_a_star():
    odd = SchemaObject(ObjectKind.TABLE, ("public", "tmp.a"), ())
    assert odd not in ignoring("table:public.tmp*", odd).objects
    assert odd not in ignoring("table:public.tmp.a", odd).objects


def test_what_was_left_out_before_stays_named():
    before = narrowed(a_snapshot(ELSEWHERE, OWNED), explicit(schemas=("public",)))
    assert len(narrowed(before, WITHOUT_EXTENSIONS).excluded) == 2


def test_what_no_history_made_is_left_out_with_all_that_belongs_to_it():
    column = SchemaObject(ObjectKind.COLUMN, ("audit", "log", "at"), ())
    seen = managed_only(a_snapshot(COLUMN, ELSEWHERE, column), lambda name: name == TABLE.name)
    assert set(seen.objects) == {TABLE, COLUMN}
    assert {item.reason for item in seen.excluded} == {UNMANAGED}


def test_a_filter_changes_nothing_about_what_a_plan_binds_to():
    snapshot = a_snapshot(COLUMN, OWNED)
    assert narrowed(snapshot, WITHOUT_EXTENSIONS).binding() != snapshot.binding()


def test_a_change_of_an_unseen_object_counts_only_where_the_plan_touches_its_table():
    seen = narrowed(a_snapshot(OWNED_TABLE, ITS_KEY), WITHOUT_EXTENSIONS)
    changes = (Change(ITS_KEY.kind, ITS_KEY.name, ITS_KEY, None), Change(COLUMN.kind, COLUMN.name, None, COLUMN))
    assert counted(changes, (seen,), frozenset()) == changes[1:]
    assert counted(changes, (seen,), frozenset({OWNED_TABLE.name})) == changes
