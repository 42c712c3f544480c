"""Whatever somebody changes by hand is told, all of it and nothing else, in both directions, and the way back leads back."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg
import pytest

from deploy.demo.servers import PostgresServer
from tests.drift.cases import Case, read, said, the_other_way
from tests.drift.postgresql import ENGINE, Connection, as_seen, fits, look, made, way_back
from workers.core.diff import change_to_json, diff
from workers.core.schema import snapshot_to_json

CASES = read(ENGINE)
SECRET = "sesame"


@pytest.fixture(scope="module", params=[16, pytest.param(18, marks=pytest.mark.acceptance)])
def connection(request: pytest.FixtureRequest) -> Iterator[Connection]:
    server: PostgresServer = request.getfixturevalue("postgres" if request.param == 16 else "postgres18")
    with psycopg.connect(server.create_database(), autocommit=True) as opened:
        yield opened


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
