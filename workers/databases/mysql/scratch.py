"""Throw-away databases: each on a server of its own in a sandbox, rebuilt from a target's dump with its users."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

import pymysql

from workers.core.errors import ExpectedError
from workers.core.hidden import Hiding
from workers.core.names import Engine
from workers.core.refusals import RefusalCode
from workers.core.schema import Name
from workers.databases.mysql.accounts import Cast, naming_right, private_cast, spoken
from workers.databases.mysql.address import Address
from workers.databases.mysql.binaries import Binaries, series
from workers.databases.mysql.catalog_frame import Connection, ask, session_number
from workers.databases.mysql.dump import Piece, script_of
from workers.databases.mysql.server import Server, Servers
from workers.databases.mysql.session import Accounts, Reading, connected, reading, time_limit
from workers.databases.mysql.settings import options
from workers.databases.mysql.spelling import literal, quoted
from workers.databases.mysql.writing import Writing
from workers.ports import Bind, Dump, Reader, ScratchAddress, ScratchDatabase, Writer
from workers.sandbox.run import Sandbox

SECONDS = 300
_CHUNK = 100
_TABLES = "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')"
_COLUMNS = """SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, ORDINAL_POSITION"""
_LOG = """SELECT thread_id, command_type, CONVERT(argument USING utf8mb4) FROM mysql.general_log
    WHERE command_type IN ('Query', 'Execute')"""
_RESTORING = (
    "SET SESSION foreign_key_checks = 0, unique_checks = 0, sql_mode = 'NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00'"
)


class MysqlScratch:
    """Private servers, made with the programs of this machine."""

    def __init__(self, sandbox: Sandbox, area: Path, binaries: tuple[Binaries, ...], hiding: Hiding) -> None:
        self._hiding = hiding
        self._sandbox = sandbox
        self._area = area
        self._binaries = binaries

    def version_for(self, engine_version: str) -> str | None:
        """Return the version of the programs of the same series."""
        found = self._programs(engine_version)
        return found.version if found else None

    @contextlib.contextmanager
    def empty(self, like: Dump) -> Iterator[ScratchDatabase]:
        """Make a database with the users and settings of `like` and nothing else."""
        with self._started(like) as server:
            yield _made(server, like, self._hiding)

    @contextlib.contextmanager
    def clone(self, dump: Dump) -> Iterator[ScratchDatabase]:
        """Rebuild a database from a dump."""
        with self._started(dump) as server:
            database = _made(server, dump, self._hiding)
            _restored(database, dump, (replace(item, sql=database.cast.made_by(item.sql)) for item in script_of(dump)))
            yield database

    @contextlib.contextmanager
    def _started(self, like: Dump) -> Iterator[Server]:
        found = self._programs(like.engine_version)
        if found is None:
            name = "MariaDB" if like.engine is Engine.MARIADB else "MySQL"
            raise ExpectedError(
                f"no {name} {series(like.engine_version)} is on the worker's machine, and the target is {like.engine_version}",
                f"install the server programs of {name} {series(like.engine_version)} there",
                RefusalCode.TARGET_VERSION_UNSUPPORTED,
            )
        with Servers(sandbox=self._sandbox, area=self._area, binaries=found).started(options(like.settings)) as server:
            yield server

    def _programs(self, engine_version: str) -> Binaries | None:
        """MariaDB counts from 10, MySQL below it."""
        return next((item for item in self._binaries if item.series == series(engine_version)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One scratch database. `own` gathers the numbers of our sessions, whose statements are not `served`."""

    server: Server
    name: str
    like: Dump
    password: str
    hiding: Hiding
    own: set[str] = field(default_factory=set)

    @property
    def address(self) -> ScratchAddress:
        """Where a sandbox finds it, as the plan's writing role."""
        host, inside = self.server.bind
        user = quote(_user(self.like.writing_role), safe="")
        url = f"mysql://{user}:{self.password}@localhost/{quote(self.name, safe='')}?unix_socket={quote(self.server.inside)}"
        return ScratchAddress(url=url, writable=(Bind(host, inside),))

    @contextlib.contextmanager
    def reading(self) -> Iterator[Reader]:
        """Open a read-only unit of work as the superuser."""
        with reading(self.superuser) as connection:
            self._note(connection)
            yield Reading(connection, self.hiding, self.accounts)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Writer]:
        """Open a session as the plan's writing role: what it may not do on the target it may not do here."""
        with connected(self.writer) as connection:
            self._note(connection)
            limits = ("SET SESSION lock_wait_timeout = 30", time_limit(connection, SECONDS))
            writer = Writing(connection, self.hiding, self.like.settings, limits, self.accounts, zones=False)
            try:
                yield writer
            finally:
                writer.rollback()

    def checksums(self) -> tuple[tuple[Name, str], ...]:
        """Hash each table's rows as text, in an order of their hashes."""
        with reading(self.superuser) as connection:
            self._note(connection)
            return checksums(connection)

    def served(self) -> tuple[str, ...]:
        """Every statement that others than we sent, as the server wrote it down."""
        with connected(self.superuser) as connection:
            self._note(connection)
            rows = ask(connection, _LOG)
        return tuple(str(text) for thread, _, text in rows if thread not in self.own)

    @property
    def superuser(self) -> Address:
        """Where we find it."""
        return self.server.address(database=self.name)

    @property
    def writer(self) -> Address:
        """Where we find it as the plan's writing role."""
        return self.server.address(_user(self.like.writing_role), self.password, self.name)

    @property
    def accounts(self) -> Accounts:
        """Who is called otherwise on the target."""
        return self.cast.pairs

    @property
    def cast(self) -> Cast:
        """Who stands for whom."""
        return private_cast(self.like)

    def _note(self, connection: Connection) -> None:
        self.own.add(session_number(connection))


def checksums(connection: Connection) -> tuple[tuple[Name, str], ...]:
    """Hash each table's rows as text; empty tables are left out."""
    ask(connection, "SET SESSION group_concat_max_len = 4294967295")
    columns: dict[str, list[str]] = {}
    for table, column in ask(connection, _COLUMNS):
        columns.setdefault(str(table), []).append(str(column))
    tables = sorted(str(row[0]) for row in ask(connection, _TABLES))
    found: list[tuple[Name, str]] = []
    for start in range(0, len(tables), _CHUNK):
        names = tables[start : start + _CHUNK]
        rows = ask(connection, " UNION ALL ".join(_checksum(name, columns[name]) for name in names))
        found += [((name,), str(row[0])) for name, row in zip(names, rows, strict=True) if row[0]]
    return tuple(found)


def _user(role: str) -> str:
    return role.rpartition("@")[0] or role


def _made(server: Server, like: Dump, hiding: Hiding) -> Copy:
    """Make the users that own something, the writing role, and an empty database of the target's name that it may do anything in."""
    password, cast = secrets.token_hex(16), private_cast(like)
    with connected(server.address()) as connection:
        try:
            for account in cast.others(like.roles):
                role = account.endswith("@")
                ask(
                    connection,
                    f"CREATE {'ROLE' if role else 'USER'} IF NOT EXISTS {spoken(account)}{'' if role else ' ACCOUNT LOCK'}",
                )
            account = spoken(cast.login)
            ask(connection, f"CREATE USER IF NOT EXISTS {account}")
            ask(connection, f"ALTER USER {account} IDENTIFIED BY '{password}' ACCOUNT UNLOCK")
            if right := naming_right(like, tuple(int(part) for part in server.version.split("."))):
                ask(connection, f"GRANT {right} ON *.* TO {account}")
            if (
                like.engine is Engine.MARIADB
            ):  # as on the target: a routine's text is seen by who made it, else there alone
                ask(connection, f"GRANT SELECT ON mysql.proc TO {account}")
            create_database(connection, like, (cast.login, *cast.others(like.roles)))
        except pymysql.Error as error:
            raise _not_copied("its users and database cannot be made on scratch", error) from None
        copy = Copy(server=server, name=like.database, like=like, password=password, hiding=hiding)
        copy.own.add(session_number(connection))
    return copy


def create_database(connection: Connection, like: Dump, accounts: tuple[str, ...]) -> None:
    """Make it, empty, with everybody's right to it."""
    collation = dict(like.settings).get("collation_database", "utf8mb4_general_ci")
    ask(connection, f"CREATE DATABASE {quoted(like.database)} COLLATE {collation}")
    pattern = like.database.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%")
    # What runs with its definer's rights reaches the tables there as well; nobody can connect as one.
    for user in map(spoken, accounts):
        ask(connection, f"GRANT ALL PRIVILEGES ON {quoted(pattern)}.* TO {user}")


def _restored(database: Copy, like: Dump, pieces: Iterable[Piece]) -> None:
    with connected(database.superuser) as connection:
        database.own.add(session_number(connection))
        try:
            restore(connection, like, pieces)
        except pymysql.Error as error:
            raise _not_copied("its schema cannot be rebuilt on scratch", error) from None


def restore(connection: Connection, like: Dump, pieces: Iterable[Piece]) -> None:
    """Send each statement alone, under the settings that it was made with. A view may need another: those come again."""
    waiting = list(pieces)
    while waiting:
        left = [piece for piece in waiting if not _sent(connection, piece, last=False)]
        if len(left) == len(waiting):
            _sent(connection, left[0], last=True)
        waiting = left
    ask(connection, _RESTORING)
    for table, columns, rows in like.version_rows:
        names = ", ".join(quoted(column) for column in columns)
        for row in rows:
            values = ", ".join("NULL" if value is None else literal(value) for value in row)
            ask(connection, f"INSERT INTO {quoted(*table)} ({names}) VALUES ({values})")


def _sent(connection: Connection, piece: Piece, *, last: bool) -> bool:
    """Whether a statement was taken. A view, or a trigger that follows another, may be too early."""
    ask(connection, _RESTORING)
    ask(connection, "SET NAMES utf8mb4")  # the text comes in it, whatever its maker's client spoke
    changes = [f"sql_mode = {literal(piece.mode)}"] if piece.kind in {"routine", "trigger", "event"} else []
    if piece.collation:
        changes.append(f"collation_connection = {piece.collation}")
    if piece.zone:
        changes.append(f"time_zone = {literal(piece.zone)}")
    if piece.moment:
        changes.append(f"timestamp = {piece.moment}")
    try:
        for change in changes:
            ask(connection, f"SET SESSION {change}")
        ask(connection, piece.sql)
    except pymysql.Error:
        if last or piece.kind != "view":
            raise
        return False
    finally:
        if piece.moment:
            ask(connection, "SET SESSION timestamp = DEFAULT")
    return True


def _checksum(table: str, columns: list[str]) -> str:
    parts = ", ".join(f"IFNULL(HEX({quoted(column)}), '-')" for column in columns)
    return f"SELECT MD5(GROUP_CONCAT(MD5(CONCAT_WS(' ', {parts})) ORDER BY MD5(CONCAT_WS(' ', {parts})))) FROM {quoted(table)}"


def _not_copied(what: str, error: pymysql.Error) -> ExpectedError:
    return ExpectedError(
        f"the target cannot be copied, {what}: {error.args[-1] if error.args else 'the scratch server went away'}",
        "make the scratch server on the worker's machine like the target's (the same series and plugins), then plan again",
        RefusalCode.SANDBOX_UNAVAILABLE,
    )
