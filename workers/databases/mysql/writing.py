"""A session that runs a plan's statements. DDL ends the transaction it is in, so each piece of it stands alone."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator

import pymysql
from pymysql.constants import SERVER_STATUS

from workers.core.hidden import Hiding
from workers.core.plan import Parsed
from workers.core.schema import Name, Snapshot
from workers.databases.mysql import catalog
from workers.databases.mysql.catalog_frame import Connection, ask, server_of
from workers.databases.mysql.session import Accounts, Reading
from workers.databases.mysql.settings import Settings, statements
from workers.ports import Rows, StatementError
from workers.reading import mysql as reader_of_sql

_LOCK_WAITS = frozenset({1205, 1213, 3572})
_LOST = frozenset({0, 1053, 1927, 2006, 2013, 2014, 2055})
# Duplicate entry 'value' for key 'name', Incorrect integer value: 'value' for column `name`, and their like.
_BEFORE_NAMES = {
    1062: ("' for key ",),
    1586: ("' for key ",),
    1292: ("' for column ", "' for function "),
    1366: ("' for column ",),
    1411: ("' for function ",),
    1367: (),
    1525: (),
}
_FUNCTIONS = "SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_TYPE = 'FUNCTION'"
_CATALOG_MODE = "SET SESSION sql_mode = '', time_zone = '+00:00', group_concat_max_len = 1048576"


class Writing:
    """Runs statements under the plan's settings. Each text is sent alone: the server takes one command at a time from us."""

    def __init__(
        self,
        connection: Connection,
        hiding: Hiding,
        settings: Settings,
        limits: tuple[str, ...] = (),
        accounts: Accounts = (),
        *,
        zones: bool = True,
    ) -> None:
        self._connection = connection
        self._hiding = hiding
        self._own = (*statements(settings, zones=zones), *limits)
        self._accounts = accounts
        self._savepoint = ""
        with _told():
            for statement in self._own:
                ask(connection, statement)
            self._database = server_of(connection).database

    def parse(self, sql: str) -> Parsed:
        """Judge a statement by its own words, with the functions that exist at this place of the run."""
        called = reader_of_sql.functions_called(sql)
        with _told():
            found = ask(self._connection, _FUNCTIONS) if called else ()
        return reader_of_sql.parse(sql, self._database, frozenset(str(row[0]).lower() for row in found))

    def parse_script(self, commands: tuple[str, ...]) -> tuple[Parsed, ...]:
        """Judge each by its text alone."""
        return tuple(map(self.parse, commands))

    def begin(self) -> None:
        """Open a transaction, and mark it."""
        self._savepoint = f"schemagate_{secrets.token_hex(8)}"
        with _told():
            ask(self._connection, "START TRANSACTION")
            ask(self._connection, f"SAVEPOINT {self._savepoint}")

    def execute(self, sql: str) -> int:
        """Run one statement."""
        with _told(), self._connection.cursor() as cursor:
            return self._run(cursor, sql)

    def execute_script(self, sql: str) -> None:
        """Nothing: a script that steers transactions is not run as one text here."""
        del sql
        raise StatementError("a script that begins or ends transactions", state="HY000", lock_timeout=False)

    def same_transaction(self) -> bool:
        """Whether the mark that `begin` made is still there: every end of a transaction takes it away."""
        if not self._savepoint or not self._open:
            return False
        try:
            ask(self._connection, f"RELEASE SAVEPOINT {self._savepoint}")
            ask(self._connection, f"SAVEPOINT {self._savepoint}")
        except pymysql.Error:
            return False
        return True

    def snapshot(self) -> Snapshot:
        """Read the whole schema."""
        with self._looking():
            return catalog.snapshot(self._connection, self._hiding, self._accounts)

    def rows(self, table: Name, columns: tuple[str, ...]) -> Rows | None:
        """As `Reading.rows`."""
        with self._looking():
            return Reading(self._connection, self._hiding).rows(table, columns)

    def has_rows(self, table: Name) -> bool:
        """As `Reading.has_rows`."""
        with self._looking():
            return Reading(self._connection, self._hiding).has_rows(table)

    def commit(self) -> None:
        """Commit."""
        self._savepoint = ""
        with _told():
            ask(self._connection, "COMMIT")

    def rollback(self) -> None:
        """Roll back what is open."""
        self._savepoint = ""
        with contextlib.suppress(pymysql.Error, OSError):
            ask(self._connection, "ROLLBACK")

    @property
    def _open(self) -> bool:
        return bool(getattr(self._connection, "server_status", 0) & SERVER_STATUS.SERVER_STATUS_IN_TRANS)

    def _run(self, cursor: pymysql.cursors.Cursor, sql: str) -> int:
        cursor.execute(sql)
        rows = cursor.rowcount
        asked = cursor.description is not None
        while cursor.nextset():
            pass
        return -1 if asked or reader_of_sql.is_ddl(sql) else rows

    @contextlib.contextmanager
    def _looking(self) -> Iterator[None]:
        """Look at the catalog under the catalog's settings; afterwards the plan's are back. Neither is part of a transaction."""
        with _told():
            ((mode, zone, length),) = ask(
                self._connection, "SELECT @@SESSION.sql_mode, @@SESSION.time_zone, @@SESSION.group_concat_max_len"
            )
            ask(self._connection, _CATALOG_MODE)
            try:
                yield
            finally:
                ask(
                    self._connection,
                    f"SET SESSION sql_mode = '{mode}', time_zone = '{zone}', group_concat_max_len = {length}",
                )


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turn the driver's errors into the port's."""
    try:
        yield
    except (pymysql.Error, OSError) as error:
        raise told(error) from None


def told(error: Exception) -> StatementError:
    """The server's own code and sentence. A connection that is gone has the state that says so."""
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    said = _without_values(number, str(error.args[-1])) if error.args else "the connection was lost"
    if number in _LOST or isinstance(error, OSError | pymysql.InterfaceError):
        return StatementError(f"the connection was lost: {said}", state="08006", lock_timeout=False)
    return StatementError(said, state=str(number), lock_timeout=number in _LOCK_WAITS)


def _without_values(number: int, said: str) -> str:
    """The server's sentence without a row's value, which some of them quote: it ends where the last name begins."""
    for mark in _BEFORE_NAMES.get(number, ()):
        before, found, after = said.rpartition(mark)
        if found:
            return f"{before.partition(chr(39))[0].rstrip(' :')}{mark[1:]}{after}"
    return said.partition("'")[0].rstrip(" :") if number in _BEFORE_NAMES else said
