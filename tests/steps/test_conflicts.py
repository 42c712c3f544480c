"""A migration that meets an extension's objects is told which, and what to do."""

from __future__ import annotations

import pytest

from tests.builders import a_refusal, a_snapshot
from workers.core.names import SourceKind
from workers.core.refusals import RefusalCode
from workers.core.schema import ObjectKind, SchemaObject, attributes
from workers.steps.conflicts import definer_conflict, explained, extension_conflict

LIVE = a_snapshot(
    SchemaObject(ObjectKind.TABLE, ("public", "spatial_ref_sys"), attributes(extension="postgis")),
    SchemaObject(ObjectKind.FUNCTION, ("public", "similarity(text, text)"), attributes(extension="pg_trgm")),
)


@pytest.mark.parametrize(
    ("error", "named", "name"),
    [
        ('relation "spatial_ref_sys" already exists', "table public.spatial_ref_sys of postgis", "spatial_ref_sys"),
        (
            "cannot drop table spatial_ref_sys because extension postgis requires it",
            "spatial_ref_sys of postgis",
            "spatial_ref_sys",
        ),
        (
            'function "similarity" already exists with same argument types',
            "similarity(text, text) of pg_trgm",
            "similarity",
        ),
    ],
)
def test_the_objects_and_the_way_out_are_named(error: str, named: str, name: str):
    said = extension_conflict(LIVE, error, SourceKind.ALEMBIC)
    assert named in said
    assert "a schema of their own" in said
    assert f"`include_object` in env.py return False for `{name}`" in said
    assert '`schemas = ["app"]`' in extension_conflict(LIVE, error, SourceKind.PRISMA)


def test_an_extension_that_is_there_or_may_not_be_made_has_ways_out_of_its_own():
    there = extension_conflict(LIVE, 'extension "uuid-ossp" already exists', SourceKind.ALEMBIC)
    assert there == 'let the migration say `CREATE EXTENSION IF NOT EXISTS "uuid-ossp"`: it is there already'
    denied = extension_conflict(LIVE, 'permission denied to create extension "postgis"', SourceKind.PRISMA)
    assert 'let one run `CREATE EXTENSION "postgis"` on the target first' in denied


@pytest.mark.parametrize("code", [RefusalCode.REHEARSAL_FAILED, RefusalCode.BASELINE_NEEDED])
def test_every_failure_on_a_copy_is_explained_before_its_usual_way_out(code: RefusalCode):
    message = 'migration a1 fails on a copy: relation "spatial_ref_sys" already exists (42P07), at: CREATE TABLE spatial_ref_sys'
    found = explained(a_refusal(code, message, "mend the migration"), LIVE, SourceKind.ALEMBIC)
    assert found.fix.startswith("it meets what an extension brought (table public.spatial_ref_sys of postgis)")
    assert found.fix.endswith("; or mend the migration")
    assert explained(found, LIVE, SourceKind.ALEMBIC) == found


def test_what_has_nothing_to_do_with_an_extension_stays_as_it_is():
    plain = a_refusal(RefusalCode.REHEARSAL_FAILED, 'relation "orders" already exists', "mend the migration")
    assert explained(plain, LIVE, SourceKind.ALEMBIC) == plain
    other = a_refusal(RefusalCode.DRIFT_PRESENT, 'relation "spatial_ref_sys" already exists', "look at it")
    assert explained(other, LIVE, SourceKind.ALEMBIC) == other


@pytest.mark.parametrize("error", ['relation "orders" already exists', 'column "spatial_ref_sys" does not exist'])
def test_other_errors_are_no_conflict_with_an_extension(error: str):
    assert extension_conflict(LIVE, error, SourceKind.ALEMBIC) == ""


def test_who_may_not_name_another_definer_is_told_the_ways_out():
    denied = "(1227, 'Access denied; you need (at least one of) the SUPER, SET USER privilege(s) for this operation')"
    assert "leave DEFINER out" in definer_conflict(denied)
    assert definer_conflict("Access denied for user 'app'@'%'") == ""
