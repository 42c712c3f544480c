"""Drift cases on SQLite: each side is a database in memory, read by the same queries as a target's file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, cast

from tests.drift.cases import Case, read, said, write_expected
from workers.core.diff import Change, diff
from workers.core.folding import fold
from workers.core.schema import Snapshot
from workers.databases.sqlite.catalog import read_snapshot
from workers.databases.sqlite.revert import revert
from workers.databases.sqlite.session import Session

ENGINE = "sqlite"


class Memory:
    """Fills as much of `Session` as reading a schema needs."""

    version = sqlite3.sqlite_version

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, values: tuple[str, ...] = ()) -> list[Any]:
        """Rows of a query."""
        return self._connection.execute(sql, values).fetchall()


@contextmanager
def made(script: str) -> Iterator[sqlite3.Connection]:
    """A schema that is there for a while."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.executescript(script)
        yield connection


def as_seen(connection: sqlite3.Connection) -> Snapshot:
    """Read the schema as a target's is read."""
    return read_snapshot(cast("Session", Memory(connection)), "main")


def look(case: Case) -> tuple[Snapshot, Snapshot]:
    """Both sides of a case as they are read."""
    before, after = case.sides()
    with made(before) as one, made(after) as other:
        return as_seen(one), as_seen(other)


def way_back(changes: tuple[Change, ...]) -> tuple[str, ...]:
    """The statements that lead back from all changes: what goes first, then what comes; none where one of them has none."""
    each = [revert(item.change, item.children) for item in fold(changes)]
    order = sorted(zip(fold(changes), each, strict=True), key=lambda pair: _turn(pair[0].change))
    return tuple(statement for _, statements in order for statement in statements) if all(each) else ()


def _turn(change: Change) -> tuple[bool, bool]:
    """Indexes and code go before columns, and come after them."""
    comes = change.before is not None
    return comes, (change.kind.value == "column") is not comes


def main() -> None:
    """Write what is found into the case files."""
    write_expected(ENGINE, {case.id: said(diff(*look(case))) for case in read(ENGINE)})


if __name__ == "__main__":
    main()
