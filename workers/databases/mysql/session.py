"""Sessions: how we connect, and how we read in a view that cannot write."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pymysql
from pymysql.constants import CLIENT

from workers.core.errors import ExpectedError
from workers.core.hidden import Hiding
from workers.core.redact import redact
from workers.core.refusals import RefusalCode
from workers.core.schema import Name, Snapshot
from workers.databases.mysql import catalog
from workers.databases.mysql.address import CONNECT_SECONDS, Address
from workers.databases.mysql.catalog_frame import Connection, ask, server_of
from workers.databases.mysql.spelling import literal, quoted

if TYPE_CHECKING:
    from workers.ports import Rows

Settings = tuple[tuple[str, str], ...]
Accounts = tuple[tuple[str, str], ...]

APPLICATION = "schemagate"
READ_SECONDS = 60
_IDLE_SECONDS = 24 * 3600
# Under the catalog's settings a backslash in a text is one, whatever the server says, and names are quoted by `.
_READING = (
    (
        "SET SESSION sql_mode = '', time_zone = '+00:00', group_concat_max_len = 1048576, sql_quote_show_create = 1,"
        " lock_wait_timeout = 5, innodb_lock_wait_timeout = 5, wait_timeout = 600"
    ),
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
)
_FIND = """SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND TABLE_NAME = {}"""
_TABLES = frozenset({"BASE TABLE", "SYSTEM VERSIONED"})


@contextlib.contextmanager
def connected(address: Address, application: str = APPLICATION, *, several: bool = False) -> Iterator[Connection]:
    """Open a session in autocommit, which takes one command at a time, or `several`, which no target ever sees.

    Raises ExpectedError (target_unreachable) that names neither URL nor password.
    """
    flags = CLIENT.FOUND_ROWS | (CLIENT.MULTI_STATEMENTS if several else 0)
    connection = _connect(address, application, flags=flags)
    try:
        yield connection
    finally:
        with contextlib.suppress(pymysql.Error, OSError):
            connection.close()


@contextlib.contextmanager
def logged_in(address: Address, flags: int, charset: str, first: str) -> Iterator[socket.socket]:
    """Open a session, say a first statement, and give its bare socket to somebody who goes on. Raises ExpectedError."""
    connection = _connect(address, APPLICATION, flags=flags, charset=charset, first=first)
    try:
        bare: Any = connection
        bare._sock.settimeout(None)  # noqa: SLF001 -- the driver has no word for it
        yield bare._sock  # noqa: SLF001
    finally:
        with contextlib.suppress(pymysql.Error, OSError):
            connection.close()


@contextlib.contextmanager
def reading(address: Address) -> Iterator[Connection]:
    """Open a session inside a read-only transaction under the catalog's settings and our limits.

    Rows come from one consistent snapshot; what the information schema says is of this moment, as MySQL's DDL knows no transaction.
    """
    with connected(address) as connection:
        try:
            for statement in (*_READING[:1], time_limit(connection, READ_SECONDS), *_READING[1:]):
                ask(connection, statement)
            yield connection
        except (pymysql.Error, OSError) as error:
            raise unreachable(address, error) from None


def unreachable(address: Address, error: Exception) -> ExpectedError:
    """Say what the server or the driver said, without what is secret."""
    said = str(error.args[-1]) if error.args else type(error).__name__
    return ExpectedError(
        f"the database at {address.place} cannot be read: {redact(said.splitlines()[0] if said else '', address.secrets)}",
        "check that the server answers from the worker's machine, that user and password are right, and what the user may read",
        RefusalCode.TARGET_UNREACHABLE,
    )


class Reading:
    """A read-only unit of work on an open reading transaction."""

    def __init__(self, connection: Connection, hiding: Hiding, accounts: Accounts = ()) -> None:
        self._connection = connection
        self._hiding = hiding
        self._accounts = accounts
        self._made: Callable[[], tuple[Snapshot, bool]] | None = None

    def snapshot(self) -> Snapshot:
        """Read the whole schema."""
        return self._made()[0] if self._made else catalog.snapshot(self._connection, self._hiding, self._accounts)

    def seal(self) -> str:
        """Hash all that the schema is made of; a snapshot after it is made of the same answers."""
        found, self._made = catalog.sealed(self._connection, self._hiding, self._accounts)
        return found

    def sealed_snapshot(self) -> tuple[Snapshot, str]:
        """Read the whole schema with its seal; without one where anything was asked that the seal does not cover."""
        found, made = catalog.sealed(self._connection, self._hiding, self._accounts)
        snapshot, covered = made()
        return snapshot, found if covered else ""

    def rows(self, table: Name, columns: tuple[str, ...]) -> Rows | None:
        """Read the named columns of a table as text, ordered; None where there is no such table."""
        found = self._find(table)
        if found is None:
            return None
        names = ", ".join(f"CAST({quoted(column)} AS CHAR)" for column in columns)
        order = ", ".join(str(number + 1) for number in range(len(columns)))
        return self._ask(f"SELECT {names} FROM {quoted(*found[:2])} ORDER BY {order}", table)

    def has_rows(self, table: Name) -> bool:
        """Whether a table holds any row. Of anything but a table (a view would run functions) the answer is the cautious one."""
        found = self._find(table)
        if found is None:
            return False
        if found[2] not in _TABLES:
            return True
        return bool(self._ask(f"SELECT 1 FROM {quoted(*found[:2])} LIMIT 1", table))

    def count(self, table: Name, column: str, most: int) -> int | None:
        """How many rows there are, or have a value in a column, up to `most`; None where that cannot be said in time."""
        found = self._find(table)
        if found is None or found[2] not in _TABLES:
            return None
        where = f" WHERE {quoted(column)} IS NOT NULL" if column else ""
        try:
            said = f"SELECT COUNT(*) FROM (SELECT 1 FROM {quoted(*found[:2])}{where} LIMIT {most}) AS found"
            return int(str(ask(self._connection, said)[0][0]))
        except pymysql.Error:
            return None

    def _find(self, table: Name) -> tuple[str, str, str] | None:
        schema = literal(table[0]) if len(table) > 1 and table[0] else "DATABASE()"
        for place, name, kind in ask(self._connection, _FIND.format(schema, literal(table[-1]))):
            return str(place), str(name), str(kind)
        return None

    def _ask(self, query: str, table: Name) -> Rows:
        try:
            return ask(self._connection, query)
        except pymysql.Error as error:
            raise ExpectedError(
                f"the rows of {'.'.join(part for part in table if part)} cannot be read: {error.args[-1]}",
                "grant SELECT on it to the reading user",
                RefusalCode.PROBE_FAILED,
            ) from None


def _connect(
    address: Address, application: str, *, flags: int, charset: str = "utf8mb4", first: str | None = None
) -> Connection:
    protection = _protection(address)
    try:
        reached = _reached(address)
    except OSError as error:
        raise unreachable(address, error) from None
    connection = pymysql.connect(
        host=address.host,
        port=address.port,
        user=address.user,
        password=address.password,
        database=address.database,
        charset=charset,
        init_command=first,
        conv={},  # every value as the text that the server sends
        autocommit=True,
        local_infile=False,
        read_timeout=_IDLE_SECONDS,
        program_name=application,
        client_flag=flags,
        defer_connect=True,
        **protection,
    )
    try:
        connection.connect(reached)
    except (pymysql.Error, OSError, ValueError) as error:
        reached.close()
        raise unreachable(address, error) from None
    return connection


def _reached(address: Address) -> socket.socket:
    """An open socket. The driver leaves one that does not get so far open, and a wait for a server tries often."""
    if not address.socket:
        reached = socket.create_connection((address.host, address.port), CONNECT_SECONDS)
        reached.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reached.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return reached
    reached = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        reached.settimeout(CONNECT_SECONDS)
        reached.connect(address.socket)
    except OSError:
        reached.close()
        raise
    return reached


def _protection(address: Address) -> dict[str, Any]:
    """`preferred` takes what the server offers, which is what the driver does when it is told nothing; every other word is a promise."""
    if address.socket or address.tls == "disabled":
        return {"ssl_disabled": True}
    return {} if address.tls == "preferred" else {"ssl": address.context()}


def cipher(connection: Connection) -> str:
    """TLS version and cipher of a session, empty without TLS."""
    said = {str(row[0]): str(row[1]) for row in ask(connection, "SHOW SESSION STATUS LIKE 'Ssl\\_%'")}
    return f"{said.get('Ssl_version', '')}, {said['Ssl_cipher']}" if said.get("Ssl_cipher") else ""


def time_limit(connection: Connection, seconds: float) -> str:
    """The statement that limits how long one may run: in MySQL that holds for queries alone."""
    if server_of(connection).mariadb:
        return f"SET SESSION max_statement_time = {seconds:g}"
    return f"SET SESSION max_execution_time = {round(seconds * 1000)}"
