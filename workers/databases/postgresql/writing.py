"""The session that runs a plan's statements, under the plan's settings; each text is sent alone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus

from workers.core.hidden import Hiding
from workers.core.plan import Parsed
from workers.core.schema import Name, Snapshot
from workers.databases.postgresql import catalog
from workers.databases.postgresql.session import BEGIN_READING, Connection, Reading, Settings, batch
from workers.ports import Rows, StatementError
from workers.reading import postgresql as reader_of_sql

_LOCK_NOT_AVAILABLE = "55P03"
_SAVEPOINT = "schemagate_look"
_AROUND: LiteralString = """SELECT pg_catalog.concat_ws(E'\\n', current_user, session_user,
    (SELECT pg_catalog.string_agg(r::pg_catalog.text, E'\\n' ORDER BY oid) FROM pg_catalog.pg_roles r),
    (SELECT pg_catalog.string_agg(m::pg_catalog.text, E'\\n' ORDER BY m.roleid, m.member, m.grantor) FROM pg_catalog.pg_auth_members m),
    (SELECT pg_catalog.concat_ws(' ', datname, datdba, datallowconn, datistemplate, datconnlimit)
        FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()),
    (SELECT pg_catalog.string_agg(t::pg_catalog.text, E'\\n' ORDER BY oid) FROM pg_catalog.pg_tablespace t))"""
_NOT_ITS_OWN = "roles, tablespaces or the database itself, or the role of the session, changed during the transaction"
_FOREIGN = """SELECT name FROM unnest(%(names)s::text[]) AS name WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.proname = name)
        OR EXISTS (SELECT FROM pg_proc p WHERE p.proname = name AND p.pronamespace <> 'pg_catalog'::regnamespace
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'))"""


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

    def parse_script(self, commands: tuple[str, ...]) -> tuple[Parsed, ...]:
        """Judge each by its text alone."""
        return tuple(map(self.parse, commands))

    def begin(self) -> None:
        """Open a transaction with the plan's settings, and note its number."""
        with _told():
            self._connection.execute(batch("BEGIN", self._settings))
            self._transaction = self._current("pg_current_xact_id()")
            self._server = self._around()

    def execute(self, text: str) -> int:
        """Run one statement."""
        with _told():
            if self._status is TransactionStatus.IDLE:
                self._connection.execute(batch("SELECT", self._settings, local=False))
            # Binary results make the driver use the extended protocol, which takes exactly one command and no placeholders of its own.
            return self._connection.execute(text.encode(), binary=True, prepare=False).rowcount

    def execute_script(self, text: str) -> None:
        """Send a whole text by the simple protocol: one implicit transaction, or those that the text itself steers."""
        with _told():
            self._connection.execute(batch("SELECT", self._settings, local=False))
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
        opening: LiteralString = f"SAVEPOINT {_SAVEPOINT}" if inside else BEGIN_READING
        closing: LiteralString = f"ROLLBACK TO {_SAVEPOINT}; RELEASE {_SAVEPOINT}" if inside else "ROLLBACK"
        with _told():
            self._connection.execute(batch(opening, catalog.SETTINGS))
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
