"""Drift cases on PostgreSQL: each side is made in a transaction that is rolled back, so that a case costs no database."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from tests.drift.cases import Case, read, said, write_expected
from workers.core.diff import Change, diff
from workers.core.folding import fold
from workers.core.hidden import Hiding
from workers.core.schema import Snapshot
from workers.databases.postgresql.catalog import SETTINGS, snapshot
from workers.databases.postgresql.revert import revert

HIDING = Hiding(b"a key of the tests, 32 bytes long")
ENGINE = "postgresql"
_SET = sql.SQL("SELECT pg_catalog.set_config({}, {}, true)")
_SETTINGS = sql.SQL("; ").join(_SET.format(sql.Literal(name), sql.Literal(value)) for name, value in SETTINGS)
Connection = psycopg.Connection[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides of a case as they were read."""

    before: Snapshot
    after: Snapshot

    @property
    def changes(self) -> tuple[Change, ...]:
        return diff(self.before, self.after)


def look(connection: Connection, case: Case) -> Sides:
    """Make both sides, read them, and leave nothing."""
    found = []
    for script in case.sides():
        with made(connection, script):
            found.append(as_seen(connection))
    return Sides(*found)


@contextmanager
def made(connection: Connection, script: str) -> Iterator[None]:
    """A schema that is there for a while."""
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL client_min_messages = error")
        if script.strip():
            connection.execute(script.encode())
        yield


def as_seen(connection: Connection) -> Snapshot:
    """Read the schema as a target's is read."""
    connection.execute(_SETTINGS)
    return snapshot(connection, HIDING)


def fits(case: Case, connection: Connection) -> bool:
    """Whether the server is new enough for a case."""
    return connection.info.server_version // 10000 >= case.since


def way_back(changes: tuple[Change, ...]) -> tuple[str, ...]:
    """The statements that lead back from all changes: what goes first, then what comes; none where one of them has none."""
    each = [revert(item.change, item.children) for item in fold(changes)]
    order = sorted(zip(fold(changes), each, strict=True), key=lambda pair: pair[0].change.before is not None)
    return tuple(statement for _, statements in order for statement in statements) if all(each) else ()


def main(url: str) -> None:
    """Write what is found on a server into the case files."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = {case.id: said(look(connection, case).changes) for case in read(ENGINE) if fits(case, connection)}
    write_expected(ENGINE, found)


if __name__ == "__main__":
    main(sys.argv[1])
