"""What extensions brought leaves no noise where that is wished, and is named as theirs where it is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from deploy.demo.servers import PostgresServer
from tests.drift.postgresql import as_seen
from workers.core.config import Filter, FilterMode
from workers.core.diff import diff
from workers.core.narrow import narrowed
from workers.core.schema import ObjectKind, Snapshot, snapshot_to_json

USUAL = ("vector", "pg_trgm", "hstore", "uuid-ossp", "pgcrypto", "citext", "postgis")
SYSTEM = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
CANARY = "planted-9f2c-canary"
PLANTED = (
    f"CREATE SERVER away FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '{CANARY}')",
    f"CREATE USER MAPPING FOR CURRENT_USER SERVER away OPTIONS (user 'app', password '{CANARY}')",
    f"CREATE FOREIGN TABLE remote (id int) SERVER away OPTIONS (table_name '{CANARY}')",
    f"CREATE SUBSCRIPTION copied CONNECTION 'host=db password={CANARY}' PUBLICATION p WITH (connect = false)",
)
TURNED = (
    f"ALTER SERVER away OPTIONS (SET host 'other-{CANARY}')",
    f"ALTER USER MAPPING FOR CURRENT_USER SERVER away OPTIONS (SET password 'other-{CANARY}')",
    f"ALTER FOREIGN TABLE remote OPTIONS (SET table_name 'other-{CANARY}')",
    f"ALTER SUBSCRIPTION copied CONNECTION 'host=db password=other-{CANARY}'",
    "ALTER SUBSCRIPTION copied SET (slot_name = NONE)",
)
WITHOUT = Filter(FilterMode.EXCLUDE_EXTENSIONS, chosen=True)


@pytest.fixture(scope="module", params=["wheel", *(str(path.parents[1]) for path in SYSTEM[-1:])])
def any_server(request: pytest.FixtureRequest, shared_dir: Path) -> Iterator[PostgresServer]:
    """The tests' own server, which has one extension, and the system's with its contributed ones."""
    if request.param == "wheel":
        yield request.getfixturevalue("postgres")
        return
    place = Path(request.param)
    server = PostgresServer.start(int(place.name), shared_dir / f"system{place.name}", install=place)
    try:
        yield server
    finally:
        server.stop()


def test_with_the_filter_none_of_their_objects_show_and_without_it_they_are_named_as_theirs(any_server) -> None:
    with psycopg.connect(any_server.create_database(), autocommit=True) as connection:
        connection.execute("CREATE TABLE own (id int PRIMARY KEY)")
        plain = seen(connection)
        rows = connection.execute("SELECT name FROM pg_available_extensions").fetchall()
        found = [name for name in USUAL if (name,) in rows]
        for name in found:
            connection.execute(f'CREATE EXTENSION "{name}"'.encode())
        everything = seen(connection)
    assert found
    came = [item.after for item in diff(plain, everything) if item.after]
    owners = {
        str(item.get("extension")) for item in came if item.kind is not ObjectKind.EXTENSION and item.get("extension")
    }
    assert owners == set(found)
    left = narrowed(everything, WITHOUT)
    assert diff(narrowed(plain, WITHOUT), left) == ()
    assert {item.name for item in left.excluded} == {item.name for item in came}
    assert {f"owned by extension {name}" for name in found} <= {item.reason for item in left.excluded}


def test_no_option_of_a_foreign_server_or_a_subscription_is_shown_and_each_counts(any_server) -> None:
    with psycopg.connect(any_server.create_database(), autocommit=True) as connection:
        there = connection.execute("SELECT FROM pg_available_extensions WHERE name = 'postgres_fdw'").fetchone()
        connection.execute(("CREATE EXTENSION" if there else "CREATE FOREIGN DATA WRAPPER").encode() + b" postgres_fdw")
        for statement in PLANTED:
            connection.execute(statement.encode())
        before = seen(connection)
        assert CANARY not in json.dumps(snapshot_to_json(before))
        for statement in TURNED:
            connection.execute(statement.encode())
        after = seen(connection)
        connection.execute("DROP SUBSCRIPTION copied")
    assert CANARY not in json.dumps(snapshot_to_json(after))
    changed = {item.kind.value: [key for key, _, _ in item.attributes] for item in diff(before, after)}
    hidden = ["foreign_options"]
    assert changed == {
        "foreign_server": hidden,
        "foreign_table": hidden,
        "subscription": ["connection", "slot"],
        "user_mapping": hidden,
    }


def seen(connection: psycopg.Connection[tuple[object, ...]]) -> Snapshot:
    with connection.transaction():
        return as_seen(connection)
