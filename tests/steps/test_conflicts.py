"""A migration that meets an extension's objects is told which, and what to do."""

from __future__ import annotations

import pytest

from tests.builders import a_snapshot
from workers.core.names import SourceKind
from workers.core.schema import ObjectKind, SchemaObject, attributes
from workers.steps.conflicts import definer_conflict, extension_conflict

LIVE = a_snapshot(
    SchemaObject(ObjectKind.TABLE, ("public", "spatial_ref_sys"), attributes(extension="postgis")),
    SchemaObject(ObjectKind.FUNCTION, ("public", "similarity(text, text)"), attributes(extension="pg_trgm")),
)


@pytest.mark.parametrize(
    ("error", "named"),
    [
        ('relation "spatial_ref_sys" already exists', "table public.spatial_ref_sys of postgis"),
        ("cannot drop table spatial_ref_sys because extension postgis requires it", "spatial_ref_sys of postgis"),
        ('function "similarity" already exists with same argument types', "similarity(text, text) of pg_trgm"),
    ],
)
def test_the_objects_and_the_way_out_are_named(error: str, named: str):
    said = extension_conflict(LIVE, error, SourceKind.ALEMBIC)
    assert named in said
    assert "a schema of their own" in said
    assert "`include_object`" in said
    assert "`schemas`" in extension_conflict(LIVE, error, SourceKind.PRISMA)


@pytest.mark.parametrize("error", ['relation "orders" already exists', 'column "spatial_ref_sys" does not exist'])
def test_other_errors_are_no_conflict_with_an_extension(error: str):
    assert extension_conflict(LIVE, error, SourceKind.ALEMBIC) == ""


def test_who_may_not_name_another_definer_is_told_the_ways_out():
    denied = "(1227, 'Access denied; you need (at least one of) the SUPER, SET USER privilege(s) for this operation')"
    assert "leave DEFINER out" in definer_conflict(denied)
    assert definer_conflict("Access denied for user 'app'@'%'") == ""
