"""PostGIS and pg_trgm in `public`, as they are found on real servers: no noise from them, and everything of one's own is seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.acceptance.postgis import EXTENSIONS, PostgisPrograms
from tests.drift.postgresql import as_seen
from workers.core.config import Filter, FilterMode
from workers.core.diff import diff
from workers.core.narrow import narrowed
from workers.core.schema import ObjectKind, Snapshot

pytestmark = pytest.mark.acceptance
OWN = """
    CREATE TABLE places (id bigint PRIMARY KEY, name text NOT NULL, spot geometry(Point, 4326), area geography(Polygon));
    CREATE INDEX places_spot ON places USING gist (spot);
    CREATE INDEX places_name ON places USING gin (name gin_trgm_ops);
    CREATE VIEW near AS SELECT id FROM places WHERE st_dwithin(spot, st_setsrid(st_makepoint(0, 0), 4326), 1);
    CREATE FUNCTION st_mine(a geometry) RETURNS float8 LANGUAGE sql AS 'SELECT st_x(a)';
"""
BY_HAND = {
    "a column of a type of theirs": ("ALTER TABLE places ADD COLUMN route geometry(LineString)", "places.route"),
    "an operator class of theirs": (
        "DROP INDEX places_name; CREATE INDEX places_name ON places (name)",
        "places.places_name",
    ),
    "the shape of a type of theirs": ("ALTER TABLE places ALTER area TYPE geography(Point) USING NULL", "places.area"),
    "a function beside theirs": ("CREATE FUNCTION st_sly() RETURNS int LANGUAGE sql AS 'SELECT 1'", "st_sly()"),
    "a table beside theirs": ("CREATE TABLE spatial_ref_more (srid int)", "spatial_ref_more"),
}
SEEN = {
    "all": Filter(FilterMode.ALL, chosen=True),
    "exclude-extensions": Filter(FilterMode.EXCLUDE_EXTENSIONS, chosen=True),
}
Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture(scope="module")
def database(postgis: PostgisPrograms, shared_dir: Path) -> Iterator[Connection]:
    with (
        postgis.server(shared_dir / "postgis-catalog") as server,
        psycopg.connect(server.create_database(), autocommit=True) as connection,
    ):
        connection.execute((EXTENSIONS + OWN).encode())
        yield connection


def test_with_the_filter_none_of_their_objects_show(database: Connection) -> None:
    everything = seen(database)
    left = narrowed(everything, SEEN["exclude-extensions"])
    assert left.unread == ()
    assert {item.label for item in left.objects if item.kind not in {ObjectKind.SCHEMA, ObjectKind.COLUMN}} == {
        "public.places",
        "public.places.places_pkey",
        "public.places.places_spot",
        "public.places.places_name",
        "public.near",
        "public.st_mine(public.geometry)",
    }
    assert not [item for item in left.objects if item.get("extension")]
    reasons = {item.reason for item in left.excluded if item.kind is not ObjectKind.EXTENSION}
    assert reasons == {"owned by extension postgis", "owned by extension pg_trgm"}
    assert len(left.objects) + len(left.excluded) == len(everything.objects)


def test_without_it_they_are_named_as_their_extension_s(database: Connection) -> None:
    own = {(item.kind, item.name) for item in narrowed(seen(database), SEEN["exclude-extensions"]).objects}
    theirs = [item for item in narrowed(seen(database), SEEN["all"]).objects if (item.kind, item.name) not in own]
    assert len(theirs) > 700
    nameless = [item for item in theirs if item.kind is not ObjectKind.EXTENSION and not item.get("extension")]
    assert {item.parent for item in nameless} <= {("public", "spatial_ref_sys")}, nameless
    table = next(item for item in theirs if item.name == ("public", "spatial_ref_sys"))
    assert table.get("extension") == "postgis"


@pytest.mark.parametrize("mode", SEEN)
@pytest.mark.parametrize(("script", "named"), BY_HAND.values(), ids=list(BY_HAND))
def test_what_is_changed_of_one_s_own_is_found_either_way(
    database: Connection, script: str, named: str, mode: str
) -> None:
    before = seen(database)
    with database.transaction(force_rollback=True):
        database.execute(script.encode())
        after = as_seen(database)
    found = diff(narrowed(before, SEEN[mode]), narrowed(after, SEEN[mode]))
    assert {item.parent[-1] for item in found} <= {"places", "near", named}, found
    assert any(named in item.label for item in found), found
    assert diff(narrowed(before, SEEN[mode]), narrowed(seen(database), SEEN[mode])) == ()


def test_an_extension_that_somebody_adds_is_drift_unless_extensions_are_left_out(database: Connection) -> None:
    before = seen(database)
    with database.transaction(force_rollback=True):
        database.execute(b"CREATE EXTENSION hstore")
        after = as_seen(database)
    assert diff(narrowed(before, SEEN["exclude-extensions"]), narrowed(after, SEEN["exclude-extensions"])) == ()
    came = diff(narrowed(before, SEEN["all"]), narrowed(after, SEEN["all"]))
    assert {item.after.get("extension") for item in came if item.after} == {None, "hstore"}
    assert [item.name for item in came if item.after and not item.after.get("extension")] == [("hstore",)]


def seen(connection: Connection) -> Snapshot:
    with connection.transaction():
        return as_seen(connection)
