"""Whatever somebody builds: a copy is the same, what was built otherwise differs, and how it came to be leaves no trace."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from deploy.demo.mariadb import MariadbServer
from deploy.demo.servers import spawn
from tests.drift.chance.mariadb import schema
from tests.drift.chance.pieces import Draw, Piece, made, roundabout, ways
from tests.drift.mariadb import as_seen, restored, run
from tests.drift.mariadb import made as a_database
from workers.core.diff import diff
from workers.core.schema import Snapshot
from workers.databases.mysql.engine import MysqlDatabase

pytestmark = pytest.mark.acceptance
WAYS = 8


def pieces_of(seed: int, *, tame: bool = False) -> list[Piece]:
    return schema(Draw(seed, tame=tame))


def seen(server: MariadbServer, statements: Iterable[str]) -> Snapshot:
    with a_database(server, "") as name:
        run(server, name, tuple(statements))
        return as_seen(server, name)


@pytest.mark.parametrize("seed", range(8))
def test_a_schema_by_chance_is_itself_however_it_came_to_be(mariadb: MariadbServer, seed: int) -> None:
    pieces = pieces_of(seed)
    live = seen(mariadb, made(pieces))
    assert live.unread == ()
    for other in (seen(mariadb, made(pieces)), seen(mariadb, roundabout(pieces, Draw(seed + 1)))):
        assert diff(live, other) == ()
        assert other.fingerprint == live.fingerprint
    assert diff(live, seen(mariadb, made(pieces[:-1]))) != ()


@pytest.mark.parametrize("seed", range(20, 28))
def test_a_schema_by_chance_is_itself_after_a_dump_and_a_restore(mariadb: MariadbServer, seed: int) -> None:
    """By the stock programs, which do not bear every name and text."""
    with a_database(mariadb, "") as name:
        run(mariadb, name, made(pieces_of(seed, tame=True)))
        live = as_seen(mariadb, name)
        again = restored(mariadb, name)
    assert diff(live, again) == ()
    assert again.fingerprint == live.fingerprint


@pytest.mark.sandbox
@pytest.mark.parametrize("seed", range(40, 45))
def test_a_clone_of_a_schema_by_chance_is_the_same(mariadb: MariadbServer, engine: MysqlDatabase, seed: int) -> None:
    with a_database(mariadb, "") as name:
        run(mariadb, name, made(pieces_of(seed)))
        target = engine.target(mariadb.url(name), None)
        with target.reading() as reader:
            live = reader.snapshot()
        with engine.scratch(None).clone(target.dump(())) as clone, clone.reading() as reader:
            assert diff(live, reader.snapshot()) == ()


@pytest.mark.parametrize("seed", range(8))
def test_one_further_change_is_told_and_forgotten_once_it_is_undone(mariadb: MariadbServer, seed: int) -> None:
    pieces = pieces_of(seed)
    possible = ways(pieces)
    with a_database(mariadb, "") as name:
        run(mariadb, name, made(pieces))
        live = as_seen(mariadb, name)
        for there, back in Draw(seed).random.sample(possible, min(WAYS, len(possible))):
            run(mariadb, name, there)
            assert diff(live, as_seen(mariadb, name)) != (), there
            run(mariadb, name, back)
            assert diff(live, as_seen(mariadb, name)) == (), (there, back)


def test_a_restart_of_the_server_changes_no_fingerprint(shared_dir: Path) -> None:
    server = MariadbServer.start(shared_dir / "restarted-mariadb")
    name = server.create_database()
    run(server, name, made(pieces_of(2)))
    before = as_seen(server, name)
    server.stop()
    process: subprocess.Popen[bytes] = spawn(
        [str(word) for word in server.process.args], log=server.directory / "second.log"
    )
    try:
        while not server.answers():
            time.sleep(0.05)
        assert as_seen(server, name).fingerprint == before.fingerprint
    finally:
        process.terminate()
        process.wait(20)
