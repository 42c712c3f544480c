"""Sessions: how we connect, read in one consistent view that cannot write, and run a plan's statements."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus

from workers.core.errors import ExpectedError
from workers.core.hidden import Hiding
from workers.core.plan import Parsed
from workers.core.redact import redact
from workers.core.refusals import RefusalCode
from workers.core.schema import Name, Snapshot
from workers.databases.postgresql import catalog
from workers.databases.postgresql.address import Address
from workers.databases.postgresql.catalog_frame import Row
from workers.ports import Rows, StatementError
from workers.reading import postgresql as reader_of_sql

Connection = psycopg.Connection[Row]
Settings = tuple[tuple[str, str], ...]

APPLICATION = "schemagate"
_LIMITS = (
    ("lock_timeout", "5s"),
    ("statement_timeout", "60s"),
    ("idle_in_transaction_session_timeout", "10min"),
    ("row_security", "off"),  # an answer without the rows that a policy hides would be a wrong one
)
_BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_LOCK_NOT_AVAILABLE = "55P03"
_SAVEPOINT = "schemagate_look"
_AROUND: LiteralString = """SELECT pg_catalog.concat_ws(E'\\n', current_user, session_user,
    (SELECT pg_catalog.string_agg(r::pg_catalog.text, E'\\n' ORDER BY oid) FROM pg_catalog.pg_roles r),
    (SELECT pg_catalog.string_agg(m::pg_catalog.text, E'\\n' ORDER BY m.roleid, m.member, m.grantor) FROM pg_catalog.pg_auth_members m),
    (SELECT pg_catalog.concat_ws(' ', datname, datdba, datallowconn, datistemplate, datconnlimit)
        FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()),
    (SELECT pg_catalog.string_agg(t::pg_catalog.text, E'\\n' ORDER BY oid) FROM pg_catalog.pg_tablespace t))"""
_NOT_ITS_OWN = "roles, tablespaces or the database itself, or the role of the session, changed during the transaction"
_FIND = """SELECT n.nspname, c.relkind::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = %(name)s AND n.nspname = ANY(%(path)s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    ORDER BY array_position(%(path)s::text[], n.nspname::text) LIMIT 1"""
_FOREIGN = """SELECT name FROM unnest(%(names)s::text[]) AS name WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.proname = name)
        OR EXISTS (SELECT FROM pg_proc p WHERE p.proname = name AND p.pronamespace <> 'pg_catalog'::regnamespace
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'))"""


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
            connection.execute(_batch(_BEGIN_READING, (*_LIMITS, *catalog.SETTINGS)))
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

    def snapshot(self) -> Snapshot:
        """Read the whole schema."""
        return catalog.snapshot(self._connection, self._hiding)

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


class Writing:
    """A session that runs a plan's statements with the plan's settings. Each text is sent alone: the server refuses two commands in one."""

    def __init__(
        self, connection: Connection, settings: Settings, path: tuple[str, ...], hiding: Hiding, limits: Settings = ()
    ) -> None:
        self._connection = connection
        self._hiding = hiding
        self._settings = (*settings, *limits)
        self._path = path
        self._transaction: str | None = None
        self._server = ""

    def parse(self, text: str) -> Parsed:
        """Judge a statement, with the functions that exist at this place of the run."""
        names = sorted({name[-1] for name in reader_of_sql.functions_called(text)})
        if not names:
            return reader_of_sql.parse(text)
        with self._looking():
            foreign = self._connection.execute(_FOREIGN, {"names": names}).fetchall()
        return reader_of_sql.parse(text, tuple(row[0] for row in foreign))

    def begin(self) -> None:
        """Open a transaction with the plan's settings, and note its number."""
        with _told():
            self._connection.execute(_batch("BEGIN", self._settings))
            self._transaction = self._current("pg_current_xact_id()")
            self._server = self._around()

    def execute(self, text: str) -> int:
        """Run one statement."""
        with _told():
            if self._status is TransactionStatus.IDLE:
                self._connection.execute(_batch("SELECT", self._settings, local=False))
            # Binary results make the driver use the extended protocol, which takes exactly one command and no placeholders of its own.
            return self._connection.execute(text.encode(), binary=True, prepare=False).rowcount

    def execute_script(self, text: str) -> None:
        """Send a whole text by the simple protocol: one implicit transaction, or those that the text itself steers."""
        with _told():
            self._connection.execute(_batch("SELECT", self._settings, local=False))
            self._connection.execute(text.encode(), prepare=False)
            if self._status is not TransactionStatus.IDLE:
                raise StatementError("the script leaves a transaction open", state="25001", lock_timeout=False)

    def same_transaction(self) -> bool:
        """Whether the number that `begin` noted is still this transaction's."""
        if self._status is not TransactionStatus.INTRANS:
            return False
        with _told():
            return (
                self._transaction is not None and self._current("pg_current_xact_id_if_assigned()") == self._transaction
            )

    def snapshot(self) -> Snapshot:
        """Read the whole schema as this session sees it."""
        with self._looking():
            return catalog.snapshot(self._connection, self._hiding)

    def rows(self, table: Name, columns: tuple[str, ...]) -> Rows | None:
        """As `Reading.rows`."""
        with self._looking():
            return Reading(self._connection, self._path, self._hiding).rows(table, columns)

    def has_rows(self, table: Name) -> bool:
        """As `Reading.has_rows`."""
        with self._looking():
            return Reading(self._connection, self._path, self._hiding).has_rows(table)

    def commit(self) -> None:
        """Commit; a transaction that a failed statement broke answers a COMMIT with a quiet rollback, which is an error here.

        No statement of a plan may change what belongs to the whole server; code that one calls could, and snapshots do not hold it.
        """
        self._transaction = None
        with _told():
            if self._status is TransactionStatus.INTRANS and self._around() != self._server:
                raise StatementError(_NOT_ITS_OWN, state="42501", lock_timeout=False)
            if self._connection.execute("COMMIT").statusmessage != "COMMIT":
                raise StatementError("the transaction was rolled back", state="25P02", lock_timeout=False)

    def rollback(self) -> None:
        """Roll back what is open."""
        self._transaction = None
        if self._status in {TransactionStatus.INTRANS, TransactionStatus.INERROR}:
            with contextlib.suppress(psycopg.Error):
                self._connection.execute("ROLLBACK")

    @property
    def _status(self) -> TransactionStatus:
        return self._connection.info.transaction_status

    def _around(self) -> str:
        row = self._connection.execute(_AROUND).fetchone()
        return str(row[0]) if row else ""

    def _current(self, function: LiteralString) -> str:
        row = self._connection.execute(sql.SQL("SELECT pg_catalog.{}::text").format(sql.SQL(function))).fetchone()
        return str(row[0]) if row else ""

    @contextlib.contextmanager
    def _looking(self) -> Iterator[None]:
        """Look at the catalog under the catalog's settings, and leave the open transaction's own as they were."""
        inside = self._status is TransactionStatus.INTRANS
        opening: LiteralString = f"SAVEPOINT {_SAVEPOINT}" if inside else _BEGIN_READING
        closing: LiteralString = f"ROLLBACK TO {_SAVEPOINT}; RELEASE {_SAVEPOINT}" if inside else "ROLLBACK"
        with _told():
            self._connection.execute(_batch(opening, catalog.SETTINGS))
            try:
                yield
            finally:
                self._connection.execute(closing)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turn the driver's errors into the port's. The server's detail may hold rows, so it is left out."""
    try:
        yield
    except psycopg.Error as error:
        state = error.sqlstate or "08006"
        said = error.diag.message_primary or "the connection was lost"
        raise StatementError(said, state=state, lock_timeout=state == _LOCK_NOT_AVAILABLE) from None


def _batch(first: LiteralString, settings: Settings, *, local: bool = True) -> sql.Composed:
    """One round trip: a command, then every setting."""
    set_config = sql.SQL("SELECT pg_catalog.set_config({}, {}, {})")
    said = [set_config.format(sql.Literal(name), sql.Literal(value), sql.Literal(local)) for name, value in settings]
    return sql.SQL("; ").join([sql.SQL(first), *said])
