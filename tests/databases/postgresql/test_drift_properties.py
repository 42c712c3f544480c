"""Whatever somebody builds: a copy is the same, what was built otherwise differs, and how it came to be leaves no trace."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import psycopg
import pytest

from deploy.demo.servers import PostgresServer, spawn
from tests.drift.postgresql import as_seen
from workers.core.diff import diff
from workers.core.schema import Snapshot

TYPES = (
    ("int", "7"),
    ("bigint", "-1"),
    ("numeric(9, 3)", "2.50"),
    ("text", "'it''s'"),
    ("varchar(20)", "'x'"),
    ("timestamptz", "now()"),
    ("date", "'2020-02-29'"),
    ("jsonb", "'{\"a\": [1]}'"),
    ("boolean", "(NOT false)"),
    ("uuid", "gen_random_uuid()"),
    ("int[]", "ARRAY[1, 2]"),
    ("interval", "'1 day 2 hours'"),
)
CHECKS = (
    "{0} IS NOT NULL OR id > 3",
    "({0})::text IN ('a', 'b') AND id BETWEEN 1 AND 9",
    "length(({0})::text) > 1 OR NOT (id = 2 OR id = 3)",
)
MOST = 6


class Built:
    """A schema by chance, as groups of statements; groups do not need each other but for the tables of the first."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 -- schemas, not secrets
        self.tables = [self._table(number) for number in range(self.chance.randint(2, MOST))]
        self.rest = [statement for number in range(len(self.tables)) for statement in self._around(number)]

    def script(self) -> str:
        return ";".join(chain(self.tables, self.rest))

    def otherwise(self) -> str:
        """The same schema, come to be in another order and on a detour."""
        tables, rest = self.chance.sample(self.tables, len(self.tables)), self.chance.sample(self.rest, len(self.rest))
        detours = [table.replace("(id bigint", "(gone text, id bigint", 1) for table in tables]
        undone = [f"ALTER TABLE t{number} DROP COLUMN gone" for number in range(len(tables))]
        return ";".join([*detours, "CREATE TABLE gone (id int)", *undone, *rest, "DROP TABLE gone"])

    def _table(self, number: int) -> str:
        columns = [self._column(place) for place in range(self.chance.randint(1, MOST))]
        return f"CREATE TABLE t{number} (id bigint PRIMARY KEY, {', '.join(columns)})"

    def _column(self, place: int) -> str:
        name, value = self.chance.choice(TYPES)
        default = f" DEFAULT {value}" if self.chance.random() < 0.5 else ""
        return f"c{place} {name}{default}" + (" NOT NULL" if self.chance.random() < 0.3 else "")

    def _around(self, number: int) -> Iterator[str]:
        table, other = f"t{number}", f"t{self.chance.randrange(len(self.tables))}"
        if self.chance.random() < 0.6:
            check = self.chance.choice(CHECKS).format("c0")
            yield f"ALTER TABLE {table} ADD CONSTRAINT {table}_check CHECK ({check})"
        if self.chance.random() < 0.6:
            action = self.chance.choice(("", " ON DELETE CASCADE", " ON UPDATE SET NULL NOT VALID"))
            yield f"ALTER TABLE {table} ADD CONSTRAINT {table}_fkey FOREIGN KEY (id) REFERENCES {other} (id){action}"
        if self.chance.random() < 0.6:
            where = self.chance.choice(("", " WHERE id > 5 AND id < 90", " INCLUDE (c0)"))
            yield f"CREATE INDEX {table}_i ON {table} (id DESC){where}"
        if self.chance.random() < 0.5:
            yield f"CREATE VIEW {table}_v AS SELECT a.id, a.c0, b.id AS other FROM {table} a LEFT JOIN {other} b ON a.id = b.id AND a.id > {number}"
        if self.chance.random() < 0.5:
            yield f"COMMENT ON COLUMN {table}.c0 IS 'number {self.chance.randrange(9)}'"
        if self.chance.random() < 0.4:
            labels = ", ".join(f"'{letter}'" for letter in self.chance.sample("abcdef", 4))
            yield f"CREATE TYPE {table}_e AS ENUM ({labels})"
        if self.chance.random() < 0.4:
            yield f"CREATE FUNCTION {table}_f(n int) RETURNS int LANGUAGE sql AS 'SELECT n + {self.chance.randrange(9)}'"


def seen(server: PostgresServer, script: str) -> tuple[str, Snapshot]:
    url = server.create_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(script.encode())
        with connection.transaction():
            return url, as_seen(connection)


SEEDS = [*range(3), *(pytest.param(seed, marks=pytest.mark.acceptance) for seed in range(3, 25))]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_schema_by_chance_is_itself_however_it_came_to_be(engine, postgres: PostgresServer, seed: int) -> None:
    built = Built(seed)
    url, live = seen(postgres, built.script())
    _, other = seen(postgres, built.otherwise())
    _, restored = seen(postgres, engine.target(url, None).dump(()).script)
    for same in (other, restored):
        assert diff(live, same) == ()
        assert live.fingerprint == same.fingerprint


@pytest.mark.parametrize("seed", SEEDS)
def test_two_schemas_by_chance_differ_as_their_statements_do(postgres: PostgresServer, seed: int) -> None:
    first, second = Built(seed), Built(seed + 1000)
    (_, one), (_, two) = seen(postgres, first.script()), seen(postgres, second.script())
    assert (diff(one, two) == ()) == (first.script() == second.script())
    assert (one.fingerprint == two.fingerprint) == (first.script() == second.script())


@pytest.mark.acceptance
def test_a_restart_of_the_server_changes_no_fingerprint(shared_dir: Path) -> None:
    server = PostgresServer.start(18, shared_dir / "restarted")
    url, before = seen(server, Built(1).script())
    server.stop()
    process: subprocess.Popen[bytes] = spawn([str(word) for word in server.process.args], log=server.log)
    try:
        while not server.answers():
            time.sleep(0.05)
        with psycopg.connect(url, autocommit=True) as connection, connection.transaction():
            assert as_seen(connection).fingerprint == before.fingerprint
    finally:
        process.terminate()
        process.wait(20)
