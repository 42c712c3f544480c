"""Whatever somebody changes by hand is told, all of it and nothing else, in both directions, and the way back leads back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from deploy.demo.servers import PostgresServer
from tests.drift.cases import Case, read, said, the_other_way
from tests.drift.postgresql import ENGINE, Connection, as_seen, fits, look, made, way_back
from tests.drift.servers import fetched
from tests.drift.table import PAGE, rows
from workers.core.diff import change_to_json, diff
from workers.core.schema import snapshot_to_json

CASES = read(ENGINE)
SECRET = "sesame"
WHEELS = {16: "postgres", 18: "postgres18"}


LONG = [pytest.param(major, marks=pytest.mark.acceptance) for major in (14, 15, 17, 18)]


@pytest.fixture(scope="module", params=[16, *LONG])
def connection(request: pytest.FixtureRequest, shared_dir: Path) -> Iterator[Connection]:
    """A session in an empty database of each major version; 16 alone in the quick suite."""
    with _server(request, shared_dir) as server, psycopg.connect(server.create_database(), autocommit=True) as opened:
        yield opened


@contextmanager
def _server(request: pytest.FixtureRequest, shared_dir: Path) -> Iterator[PostgresServer]:
    major = request.param
    if major in WHEELS:
        yield request.getfixturevalue(WHEELS[major])
        return
    server = PostgresServer.start(major, shared_dir / f"drift{major}", install=fetched(major, shared_dir))
    try:
        yield server
    finally:
        server.stop()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_change_by_hand_is_told_both_ways_and_nothing_else_is(case: Case, connection: Connection) -> None:
    if not fits(case, connection):
        return
    sides = look(connection, case)
    there, back = sides.changes, diff(sides.after, sides.before)
    assert said(there) == case.expected
    assert tuple(sorted(said(back))) == the_other_way(case.expected)
    shown = [snapshot_to_json(sides.before), snapshot_to_json(sides.after), *map(change_to_json, there)]
    assert SECRET not in json.dumps(shown)
    for (_, now), live, wanted in zip(
        (case.sides(), case.sides()[::-1]), (sides.after, sides.before), (sides.before, sides.after), strict=True
    ):
        statements = way_back(diff(wanted, live))
        if statements:
            with made(connection, now):
                as_seen(connection)
                for statement in statements:
                    connection.execute(statement.encode())
                assert said(diff(wanted, as_seen(connection))) == (), statements


def test_the_guide_counts_every_case() -> None:
    page = PAGE.read_text()
    assert [row for row in rows(CASES) if row not in page] == []
    assert f"\n{len(CASES)} cases," in page


# What a server itself does otherwise since a version.
BY_VERSION = {"streaming"}


@pytest.mark.acceptance
@pytest.mark.timeout(600)
def test_every_version_spells_the_same_schema_alike(connection: Connection, postgres: PostgresServer) -> None:
    with psycopg.connect(postgres.create_database(), autocommit=True) as other:
        for case in CASES:
            if fits(case, connection) and fits(case, other):
                changes = diff(look(connection, case).after, look(other, case).after)
                told = [(item.label, {key for key, _, _ in item.attributes} - BY_VERSION) for item in changes]
                assert [item for item in told if item[1]] == [], case.id
