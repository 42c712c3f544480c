"""Whatever somebody builds: a copy is the same, what was built otherwise differs, and how it came to be leaves no trace."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

from tests.drift.chance.pieces import Draw, Piece, made, roundabout, ways
from tests.drift.chance.sqlite import schema
from tests.drift.sqlite import as_seen
from workers.core.diff import diff
from workers.core.schema import Snapshot

# What `.dump` says of a schema; the one that comes with Python cannot read rows of columns with quotes in their names.
DUMPED = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY rowid"
SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.acceptance) for seed in range(2, 60))]


def opened(statements: Iterable[str], place: str = ":memory:") -> sqlite3.Connection:
    connection = sqlite3.connect(place, isolation_level=None)
    run(connection, statements)
    return connection


def run(connection: sqlite3.Connection, statements: Iterable[str]) -> None:
    for statement in statements:
        connection.execute(statement)


def seen(statements: Iterable[str]) -> Snapshot:
    with closing(opened(statements)) as connection:
        return whole(connection)


def whole(connection: sqlite3.Connection) -> Snapshot:
    snapshot = as_seen(connection)
    assert snapshot.unread == ()
    return snapshot


def pieces_of(seed: int) -> list[Piece]:
    return schema(Draw(seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_schema_by_chance_is_itself_however_it_came_to_be(seed: int, tmp_path: Path) -> None:
    pieces = pieces_of(seed)
    with closing(opened(made(pieces), str(tmp_path / "live.db"))) as connection:
        live = whole(connection)
        dumped = [sql for (sql,) in connection.execute(DUMPED)]
        connection.execute("VACUUM")
    with closing(opened((), str(tmp_path / "live.db"))) as again, closing(opened(dumped)) as restored:
        others = [whole(again), whole(restored), seen(made(pieces)), seen(roundabout(pieces, Draw(seed + 1)))]
    for other in others:
        assert diff(live, other) == ()
        assert other.fingerprint == live.fingerprint


@pytest.mark.parametrize("seed", SEEDS)
def test_one_further_change_is_told_and_forgotten_once_it_is_undone(seed: int) -> None:
    pieces = pieces_of(seed)
    with closing(opened(made(pieces))) as connection:
        live = whole(connection)
        for there, back in ways(pieces):
            run(connection, there)
            assert diff(live, whole(connection)) != (), there
            run(connection, back)
            assert diff(live, whole(connection)) == (), (there, back)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_built_otherwise_differs(seed: int) -> None:
    pieces = pieces_of(seed)
    live = seen(made(pieces))
    for place, piece in enumerate(pieces):
        for variant in piece.variants:
            other = seen((*made(pieces[:place]), *variant, *made(pieces[place + 1 :])))
            assert diff(live, other) != (), variant
            assert other.fingerprint != live.fingerprint
    assert diff(live, seen(made(pieces_of(seed + 1000)))) != ()
