"""What a comparison does not see stays named."""

from __future__ import annotations

from tests.builders import COLUMN, TABLE, a_snapshot
from workers.core.narrow import narrowed
from workers.core.schema import Excluded, ObjectKind, SchemaObject, attributes

ELSEWHERE = SchemaObject(ObjectKind.TABLE, ("audit", "log"), ())
SCHEMA = SchemaObject(ObjectKind.SCHEMA, ("audit",), ())
OWNED = SchemaObject(ObjectKind.FUNCTION, ("public", "similarity(text, text)"), attributes(extension="pg_trgm"))


def test_without_a_wish_everything_is_seen():
    snapshot = a_snapshot(COLUMN, ELSEWHERE, OWNED)
    assert narrowed(snapshot, (), exclude_extensions=False) == snapshot


def test_objects_of_other_schemas_are_left_out_by_name():
    seen = narrowed(a_snapshot(COLUMN, ELSEWHERE, SCHEMA), ("public",), exclude_extensions=False)
    assert set(seen.objects) == {TABLE, COLUMN, SCHEMA}
    assert seen.excluded == (Excluded(ObjectKind.TABLE, ("audit", "log"), "in schema audit"),)


def test_objects_of_extensions_are_left_out_by_name():
    seen = narrowed(a_snapshot(OWNED), (), exclude_extensions=True)
    assert seen.objects == (TABLE,)
    assert seen.excluded == (Excluded(OWNED.kind, OWNED.name, "owned by extension pg_trgm"),)


def test_what_was_left_out_before_stays_named():
    before = narrowed(a_snapshot(ELSEWHERE, OWNED), ("public",), exclude_extensions=False)
    assert len(narrowed(before, (), exclude_extensions=True).excluded) == 2
