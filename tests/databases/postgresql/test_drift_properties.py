"""Whatever somebody builds: a copy is the same, what was built otherwise differs, and how it came to be leaves no trace."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import psycopg
import pytest

from deploy.demo.servers import PostgresServer, spawn
from tests.drift.chance.pieces import Draw, Piece, made, roundabout, ways
from tests.drift.chance.postgresql import schema
from tests.drift.postgresql import Connection, as_seen
from workers.core.diff import diff
from workers.core.schema import Snapshot

# Names are counted in bytes, and some are of other scripts.
LONGEST = 40
WAYS = 12
MADE: list[tuple[PostgresServer, str]] = []
SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.acceptance) for seed in range(2, 24))]


@pytest.fixture
def server(request: pytest.FixtureRequest) -> PostgresServer:
    """Another version every other seed."""
    odd = request.node.callspec.params["seed"] % 2
    found: PostgresServer = request.getfixturevalue("postgres" if odd else "postgres18")
    return found


@pytest.fixture(autouse=True)
def _dropped(request: pytest.FixtureRequest) -> Iterator[None]:
    """Dozens of databases would take a server long to leave behind."""
    MADE.clear()
    yield
    for server, url in MADE:
        server.drop_database(url.rpartition("/")[2])


def pieces_of(seed: int) -> list[Piece]:
    return schema(Draw(seed, longest=LONGEST))


def run(connection: Connection, statements: Iterable[str]) -> None:
    for statement in statements:
        connection.execute(statement.encode())


def created(server: PostgresServer) -> str:
    url = server.create_database()
    MADE.append((server, url))
    return url


def seen(server: PostgresServer, statements: Iterable[str]) -> tuple[str, Snapshot]:
    url = created(server)
    with psycopg.connect(url, autocommit=True) as connection, connection.transaction():
        run(connection, statements)
        return url, as_seen(connection)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_schema_by_chance_is_itself_however_it_came_to_be(engine, server: PostgresServer, seed: int) -> None:
    pieces = pieces_of(seed)
    url, live = seen(server, made(pieces))
    _, other = seen(server, roundabout(pieces, Draw(seed + 1)))
    _, restored = seen(server, (engine.target(url, None).dump(()).script,))
    for same in (other, restored):
        assert diff(live, same) == ()
        assert live.fingerprint == same.fingerprint


@pytest.mark.acceptance
@pytest.mark.parametrize("seed", range(30, 50))
def test_one_further_change_is_told_and_forgotten_once_it_is_undone(server: PostgresServer, seed: int) -> None:
    pieces = pieces_of(seed)
    possible = ways(pieces)
    with psycopg.connect(created(server), autocommit=True) as connection:
        with connection.transaction():
            run(connection, made(pieces))
            live = as_seen(connection)
        for there, back in Draw(seed).random.sample(possible, min(WAYS, len(possible))):
            with connection.transaction(force_rollback=True):
                run(connection, there)
                assert diff(live, as_seen(connection)) != (), there
                run(connection, back)
                assert diff(live, as_seen(connection)) == (), (there, back)


@pytest.mark.acceptance
@pytest.mark.parametrize("seed", range(60, 64))
def test_two_schemas_by_chance_differ_as_their_statements_do(server: PostgresServer, seed: int) -> None:
    first, second = made(pieces_of(seed)), made(pieces_of(seed + 1))
    (_, one), (_, two), (_, three) = (seen(server, statements) for statements in (first, second, first))
    assert diff(one, two) != ()
    assert one.fingerprint != two.fingerprint
    assert diff(one, three) == ()
    assert one.fingerprint == three.fingerprint


@pytest.mark.acceptance
def test_a_restart_of_the_server_changes_no_fingerprint(shared_dir: Path) -> None:
    server = PostgresServer.start(18, shared_dir / "restarted")
    url, before = seen(server, made(pieces_of(1)))
    MADE.clear()
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
