"""One environment's MySQL or MariaDB database: read as the reading user, written only by who holds both proofs."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pymysql

from workers.core.errors import ExpectedError
from workers.core.hidden import Hiding
from workers.core.refusals import RefusalCode
from workers.core.schema import Name
from workers.databases.mysql.accounts import as_one, writing_account
from workers.databases.mysql.address import Address, address
from workers.databases.mysql.catalog_frame import Connection, ask, server_of
from workers.databases.mysql.session import Accounts, Reading, connected, reading, time_limit
from workers.databases.mysql.settings import Settings, resolve
from workers.databases.mysql.spelling import literal

# ruff: noqa: PLC0415 -- what only reads a schema is spared everything else: importing it takes longer than reading a hundred tables
if TYPE_CHECKING:
    from workers.core.examination import Preflight
    from workers.core.plan import TargetIdentity
    from workers.core.policy import Allowed
    from workers.ports import DatabaseLock, Dump, Held, Reader, Writer

_LOCK = "schemagate/"
_LONGEST_LOCK = 64
_PRISMA_LOCK = "prisma_migrate"
"""What `prisma migrate deploy` takes: one name for the whole server, so that it is held only where Prisma may be at work."""
_PRISMA_SECONDS = 10
_OF_PRISMA = """SELECT COUNT(*) = 0 OR SUM(TABLE_NAME = '_prisma_migrations') > 0 FROM information_schema.TABLES
    WHERE TABLE_SCHEMA = DATABASE()"""


class MysqlTarget:
    """A target by its URLs; nothing connects before it is asked something."""

    def __init__(self, url: str, read_url: str | None, hiding: Hiding) -> None:
        self._hiding = hiding
        self._writer = address(url)
        self._reader = address(read_url) if read_url else self._writer
        self._separate = read_url is not None

    @property
    def identity(self) -> TargetIdentity:
        """Which database it is: by the server's own identity where it has one, else by host and port."""
        from workers.core.plan import TargetIdentity

        with reading(self._reader) as connection:
            server = server_of(connection)
            return TargetIdentity(server.engine, _server(connection, self._reader), server.database, self._writer.user)

    def preflight(self) -> Preflight:
        """Look at connection, user, version and blockers."""
        from workers.databases.mysql.preflight import preflight

        return preflight(self._reader, self._writer, separate=self._separate)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Reader]:
        """Open a read-only unit of work."""
        with reading(self._reader) as connection:
            yield Reading(connection, self._hiding, self._accounts(connection))

    def session_settings(self) -> Settings:
        """Say what the executor will set for the writing role."""
        with reading(self._reader) as connection:
            return resolve(connection)

    def dump(self, version_tables: tuple[Name, ...]) -> Dump:
        """Dump the schema by the reading role."""
        from workers.databases.mysql.dump import dump

        with reading(self._reader) as connection:
            account = writing_account(connection, self._reader, self._writer)
            return dump(connection, self._hiding, account, resolve(connection), version_tables)

    @contextlib.contextmanager
    def lock(self) -> Iterator[DatabaseLock | None]:
        """Try to take the database's lock on a connection of its own. Locks belong to the whole server, so its name has the database's."""
        with connected(self._writer, "schemagate lock") as connection:
            ask(connection, f"SET SESSION wait_timeout = {24 * 3600}")
            name = _lock_name(server_of(connection).database)
            names = (name, _PRISMA_LOCK) if ask(connection, _OF_PRISMA) == (("1",),) else (name,)
            yield _Lock(connection, names) if all(_taken(connection, item, name) for item in names) else None

    @contextlib.contextmanager
    def writing(
        self, held: Held, allowed: Allowed, *, lock_timeout: float, statement_timeout: float
    ) -> Iterator[Writer]:
        """Open the writing session. Without both proofs there is none."""
        from workers.core.policy import Allowed
        from workers.databases.mysql.writing import Writing
        from workers.ports import Held

        proofs: tuple[object, object] = (held, allowed)
        if not (isinstance(proofs[0], Held) and isinstance(proofs[1], Allowed) and held.lock.held()):
            raise PermissionError("a writing session needs the hold with its lock, and the decision")
        with reading(self._reader) as connection:
            settings, read_from = resolve(connection), _server(connection, self._reader)
            accounts = self._accounts(connection)
        with connected(self._writer) as connection:
            _require_same(read_from, self._reader, _server(connection, self._writer), self._writer)
            seconds = max(1, round(lock_timeout))
            waits = f"SET SESSION lock_wait_timeout = {seconds}, innodb_lock_wait_timeout = {seconds}, wait_timeout = {24 * 3600}"
            limits = (waits, time_limit(connection, statement_timeout))
            writer = Writing(connection, self._hiding, settings, limits, accounts)
            try:
                yield writer
            finally:
                writer.rollback()

    def _accounts(self, connection: Connection) -> Accounts:
        return as_one(writing_account(connection, self._reader, self._writer))


class _Lock:
    def __init__(self, connection: Connection, names: tuple[str, ...]) -> None:
        self._connection = connection
        self._asking = " AND ".join(f"IS_USED_LOCK({literal(name)}) = CONNECTION_ID()" for name in names)

    def held(self) -> bool:
        """Ask the database; a connection that is gone holds nothing."""
        try:
            rows = ask(self._connection, f"SELECT {self._asking}")
        except (pymysql.Error, OSError):
            return False
        return rows == (("1",),)


def _taken(connection: Connection, name: str, own: str) -> bool:
    """Prisma's may be held for another database of the server: it is waited for as long as Prisma waits."""
    seconds = 0 if name == own else _PRISMA_SECONDS
    return ask(connection, f"SELECT GET_LOCK({literal(name)}, {seconds})") == (("1",),)


def _lock_name(database: str) -> str:
    """At most 64 characters, whatever the database is called; the server compares them without their case."""
    name = _LOCK + database
    return name if len(name) <= _LONGEST_LOCK else _LOCK + hashlib.sha256(database.encode()).hexdigest()[:40]


def _server(connection: Connection, reader: Address) -> str:
    """MySQL's server_uuid, MariaDB's server_uid; before both had one, host and port."""
    rows = ask(connection, "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_uuid', 'server_uid')")
    return str(rows[0][1]) if rows else reader.place


def _require_same(read_from: str, reader: Address, written_to: str, writer: Address) -> None:
    """Refuse to write one database after another was read; a place instead of an identity proves nothing either way."""
    places = {reader.place, writer.place}
    servers = {name for name in (read_from, written_to) if name not in places}
    if reader.database != writer.database or len(servers) > 1:
        raise ExpectedError(
            "the reading URL and the writing URL lead to two databases",
            "let `read_url` reach the same database as `url`, as another user",
            RefusalCode.TARGET_CHANGED,
        )
