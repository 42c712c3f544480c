"""Sessions that read: how we connect, and the one consistent view that cannot write."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, LiteralString

import psycopg
from psycopg import sql

from workers.core.errors import ExpectedError
from workers.core.hidden import Hiding
from workers.core.redact import redact
from workers.core.refusals import RefusalCode
from workers.core.schema import Name, Snapshot
from workers.databases.postgresql import catalog
from workers.databases.postgresql.address import Address
from workers.databases.postgresql.catalog_frame import Row

if TYPE_CHECKING:
    from workers.ports import Rows

Connection = psycopg.Connection[Row]
Settings = tuple[tuple[str, str], ...]

APPLICATION = "schemagate"
_LIMITS = (
    ("lock_timeout", "5s"),
    ("statement_timeout", "60s"),
    ("idle_in_transaction_session_timeout", "10min"),
    ("row_security", "off"),  # an answer without the rows that a policy hides would be a wrong one
)
BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_FIND = """SELECT n.nspname, c.relkind::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = %(name)s AND n.nspname = ANY(%(path)s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    ORDER BY array_position(%(path)s::text[], n.nspname::text) LIMIT 1"""


@contextlib.contextmanager
def connected(address: Address, application: str = APPLICATION) -> Iterator[Connection]:
    """Open a session in autocommit. Raises ExpectedError (target_unreachable) that names neither URL nor password."""
    try:
        connection = psycopg.connect(address.conninfo(application), autocommit=True, prepare_threshold=None)
    except psycopg.Error as error:
        raise unreachable(address, error) from None
    try:
        yield connection
    finally:
        connection.close()


@contextlib.contextmanager
def reading(address: Address) -> Iterator[Connection]:
    """Open a session inside a read-only transaction: one consistent view under the catalog's settings and our limits."""
    with connected(address) as connection:
        try:
            connection.execute(batch(BEGIN_READING, (*_LIMITS, *catalog.SETTINGS)))
            yield connection
        except psycopg.Error as error:
            raise unreachable(address, error) from None


def unreachable(address: Address, error: psycopg.Error) -> ExpectedError:
    """Say what the server or the driver said, without what is secret."""
    said = error.diag.message_primary or str(error).strip().partition("\n")[0] or type(error).__name__
    return ExpectedError(
        f"PostgreSQL at {address.place} cannot be read: {redact(said, address.secrets)}",
        "check that the server answers from the worker's machine, that role and password are right, and what the role may read",
        RefusalCode.TARGET_UNREACHABLE,
    )


class Reading:
    """A read-only unit of work on an open reading transaction. Unqualified names are looked for along `path`."""

    def __init__(self, connection: Connection, path: tuple[str, ...], hiding: Hiding) -> None:
        self._connection = connection
        self._path = path
        self._hiding = hiding
        self._made: Callable[[], tuple[Snapshot, bool]] | None = None

    def snapshot(self) -> Snapshot:
        """Read the whole schema."""
        return self._made()[0] if self._made else catalog.snapshot(self._connection, self._hiding)

    def seal(self) -> str:
        """Hash all that the schema is made of; a snapshot after it is made of the same answers."""
        found, self._made = catalog.sealed(self._connection, self._hiding)
        return found

    def sealed_snapshot(self) -> tuple[Snapshot, str]:
        """Read the whole schema with its seal; without one where anything was asked that the seal does not cover."""
        found, made = catalog.sealed(self._connection, self._hiding)
        snapshot, covered = made()
        return snapshot, found if covered else ""

    def rows(self, table: Name, columns: tuple[str, ...]) -> Rows | None:
        """Read the named columns of a table as text, ordered; None where there is no such table."""
        found = self._find(table)
        if found is None:
            return None
        schema, _ = found
        said = sql.SQL("SELECT {} FROM {} ORDER BY {}").format(
            sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(column)) for column in columns),
            sql.Identifier(schema, table[-1]),
            sql.SQL(", ").join(sql.Literal(number + 1) for number in range(len(columns))),
        )
        return tuple(tuple(row) for row in self._ask(said, table))

    def has_rows(self, table: Name) -> bool:
        """Whether a table holds any row. Of anything but a table (a view would run functions) the answer is the cautious one."""
        found = self._find(table)
        if found is None:
            return False
        schema, kind = found
        if kind not in {"r", "p"}:
            return True
        said = sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(schema, table[-1]))
        return bool(self._ask(said, table)[0][0])

    def count(self, table: Name, column: str, most: int) -> int | None:
        """How many rows there are, or have a value in a column, up to `most`; None where that cannot be said in time."""
        found = self._find(table)
        if found is None or found[1] not in {"r", "p"}:
            return None
        where = sql.SQL(" WHERE {} IS NOT NULL").format(sql.Identifier(column)) if column else sql.SQL("")
        said = sql.SQL("SELECT pg_catalog.count(*) FROM (SELECT FROM {}{} LIMIT {}) AS found").format(
            sql.Identifier(found[0], table[-1]), where, sql.Literal(most)
        )
        try:
            with self._connection.transaction():  # a savepoint: the unit of work goes on after an error
                return int(self._connection.execute(said).fetchall()[0][0])
        except psycopg.Error:
            return None

    def place(self, table: Name) -> Name | None:
        """Schema and name of a table that may be named without its schema."""
        found = self._find(table)
        return (found[0], table[-1]) if found else None

    def _find(self, table: Name) -> tuple[str, str] | None:
        path = [table[0]] if len(table) > 1 and table[0] else list(self._path)
        row = self._connection.execute(_FIND, {"name": table[-1], "path": path}).fetchone()
        return (row[0], row[1]) if row else None

    def _ask(self, said: sql.Composed, table: Name) -> list[Row]:
        try:
            return self._connection.execute(said).fetchall()
        except psycopg.Error as error:
            raise ExpectedError(
                f"the rows of {'.'.join(part for part in table if part)} cannot be read: {error.diag.message_primary}",
                "grant SELECT on it to the reading role",
                RefusalCode.PROBE_FAILED,
            ) from None


def batch(first: LiteralString, settings: Settings, *, local: bool = True) -> sql.Composed:
    """One round trip: a command, then every setting."""
    set_config = sql.SQL("SELECT pg_catalog.set_config({}, {}, {})")
    said = [set_config.format(sql.Literal(name), sql.Literal(value), sql.Literal(local)) for name, value in settings]
    return sql.SQL("; ").join([sql.SQL(first), *said])
