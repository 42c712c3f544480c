"""A unit of work on an open SQLite file that only reads: one consistent view."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from workers.core.schema import Name, Snapshot
from workers.databases.sqlite.asking import read_seal
from workers.databases.sqlite.session import FileError, Session
from workers.reading.sqlite import quoted

if TYPE_CHECKING:
    from workers.ports import Rows

# Copying and renaming a table must not follow its foreign keys, and means what SQLite means by itself.
SETTINGS = (("foreign_keys", "OFF"), ("legacy_alter_table", "OFF"), ("recursive_triggers", "OFF"))
_MOST_ROWS = 10_000


class SqliteReader:
    """Reads a schema, and rows of small tables, through one session."""

    def __init__(self, session: Session, database: str) -> None:
        self._session = session
        self._database = database

    def snapshot(self) -> Snapshot:
        from workers.databases.sqlite.catalog import read_snapshot  # noqa: PLC0415 -- all that reads texts, which a seal does without

        return read_snapshot(self._session, self._database)

    def seal(self) -> str:
        """Hash all that the schema is made of."""
        return read_seal(self._session)

    def sealed_snapshot(self) -> tuple[Snapshot, str]:
        """Read the whole schema with its seal."""
        return self.snapshot(), self.seal()

    def rows(self, table: Name, columns: tuple[str, ...]) -> Rows | None:
        """At most 10,000 rows: a version table has a handful. Raises FileError where a column is not there."""
        if not self._there(table):
            return None
        # The alias keeps SQLite from taking the name of a missing column for a text.
        wanted = ", ".join(f"CAST(found.{quoted(column)} AS TEXT)" for column in columns)
        order = ", ".join(str(number) for number in range(1, len(columns) + 1))
        sql = f"SELECT {wanted} FROM main.{quoted(table[-1])} AS found ORDER BY {order}"
        return tuple(tuple(row) for row in self._session.rows(sql, most=_MOST_ROWS))

    def has_rows(self, table: Name) -> bool:
        if not self._there(table):
            return False
        ((found,),) = self._session.rows(f"SELECT EXISTS (SELECT 1 FROM main.{quoted(table[-1])})")
        return bool(found)

    def count(self, table: Name, column: str, most: int) -> int | None:
        """How many rows there are, or have a value in a column, up to `most`; None where that cannot be said in time."""
        # The alias keeps SQLite from taking the name of a missing column for a text.
        where = f" WHERE found.{quoted(column)} IS NOT NULL" if column else ""
        sql = f"SELECT count(*) FROM (SELECT 1 FROM main.{quoted(table[-1])} AS found{where} LIMIT {most})"
        try:
            ((rows,),) = self._session.rows(sql)
        except FileError:
            return None
        return int(rows)

    def _there(self, table: Name) -> bool:
        sql = "SELECT 1 FROM sqlite_schema WHERE type IN ('table', 'view') AND name = ? COLLATE NOCASE"
        return bool(self._session.rows(sql, (table[-1],)))


@contextlib.contextmanager
def reading(session: Session, database: str) -> Iterator[SqliteReader]:
    """A view that stays the same while it is open; inside a transaction that is open already, its view."""
    reader = SqliteReader(session, database)
    if session.ask("state")["in_transaction"]:
        yield reader
        return
    session.ask("read")
    try:
        yield reader
    finally:
        if session.alive:
            session.ask("close_read", write=session.writes)
