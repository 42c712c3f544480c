"""One environment's PostgreSQL database: read as the reading role, written only by who holds both proofs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import psycopg

from workers.core.errors import ExpectedError
from workers.core.hidden import Hiding
from workers.core.names import Engine
from workers.core.refusals import RefusalCode
from workers.core.schema import Name
from workers.databases.postgresql.address import Address, address
from workers.databases.postgresql.session import Connection, Reading, Settings, connected, reading
from workers.databases.postgresql.settings import path_of, resolve

# ruff: noqa: PLC0415 -- what only reads a schema is spared everything else: importing it takes longer than reading a hundred tables
if TYPE_CHECKING:
    from workers.core.examination import Preflight
    from workers.core.plan import TargetIdentity
    from workers.core.policy import Allowed
    from workers.databases.postgresql.binaries import Binaries
    from workers.ports import DatabaseLock, Dump, Held, Reader, Writer

LOCK_KEY = 0x736368656D616761  # "schemaga": one for each database, since advisory locks belong to one
_CHECKS_CLIENTS = 140000
_WATCH = "SELECT pg_catalog.set_config('client_connection_check_interval', '2s', false)"
PRISMA_KEY = 72707369  # under which `prisma migrate deploy` keeps others out; it must find us, whatever our source is
_TRY = f"SELECT pg_catalog.pg_try_advisory_lock({LOCK_KEY}) AND pg_catalog.pg_try_advisory_lock({PRISMA_KEY})"
_HELD = f"""SELECT count(*) = 2 FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND pid = pg_catalog.pg_backend_pid() AND granted
    AND (classid, objid) IN (({LOCK_KEY >> 32}, {LOCK_KEY & 0xFFFFFFFF}), (0, {PRISMA_KEY})) AND objsubid = 1"""


class PostgresqlTarget:
    """A target by its URLs; nothing connects before it is asked something."""

    def __init__(self, url: str, read_url: str | None, binaries: tuple[Binaries, ...], hiding: Hiding) -> None:
        self._writer = address(url)
        self._reader = address(read_url) if read_url else self._writer
        self._separate = read_url is not None
        self._binaries = binaries
        self._hiding = hiding

    @property
    def identity(self) -> TargetIdentity:
        """Which database it is: by the cluster's own number where the role may ask, else by host and port."""
        from workers.core.plan import TargetIdentity

        with reading(self._reader) as connection:
            return TargetIdentity(
                Engine.POSTGRESQL, _server(connection, self._reader), connection.info.dbname, self._writer.role
            )

    def preflight(self) -> Preflight:
        """Look at connection, role, version and blockers."""
        from workers.databases.postgresql.preflight import preflight

        return preflight(self._reader, self._writer, separate=self._separate)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Reader]:
        """Open a read-only unit of work."""
        with reading(self._reader) as connection:
            yield Reading(connection, path_of(self._settings(connection), self._writer.role), self._hiding)

    def session_settings(self) -> Settings:
        """Say what the executor will set for the writing role."""
        with reading(self._reader) as connection:
            return self._settings(connection)

    def dump(self, version_tables: tuple[Name, ...]) -> Dump:
        """Dump the schema by the reading role."""
        from workers.databases.postgresql.dump import dump

        with reading(self._reader) as connection:
            settings = self._settings(connection)
            return dump(connection, self._reader, self._writer.role, settings, version_tables, self._binaries)

    @contextlib.contextmanager
    def lock(self) -> Iterator[DatabaseLock | None]:
        """Try to take the database's lock on a connection of its own."""
        from workers.databases.postgresql.preflight import pooled

        if pooled(self._writer):
            raise _lent()
        with connected(self._writer, "schemagate lock") as connection:
            if connection.info.server_version >= 140000:  # an apply may take longer than a role's sessions may idle
                connection.execute("SELECT pg_catalog.set_config('idle_session_timeout', '0', false)")
            row = connection.execute(_TRY.encode()).fetchone()
            yield _Lock(connection) if row and row[0] else None

    @contextlib.contextmanager
    def writing(
        self, held: Held, allowed: Allowed, *, lock_timeout: float, statement_timeout: float
    ) -> Iterator[Writer]:
        """Open the writing session. Without both proofs there is none."""
        from workers.core.policy import Allowed
        from workers.databases.postgresql.writing import Writing
        from workers.ports import Held

        proofs: tuple[object, object] = (held, allowed)
        if not (isinstance(proofs[0], Held) and isinstance(proofs[1], Allowed) and held.lock.held()):
            raise PermissionError("a writing session needs the hold with its lock, and the decision")
        with reading(self._reader) as connection:
            settings, read_from = self._settings(connection), _server(connection, self._reader)
        limits = (
            ("lock_timeout", _milliseconds(lock_timeout)),
            ("statement_timeout", _milliseconds(statement_timeout)),
        )
        with connected(self._writer) as connection:
            _require_same(read_from, self._reader, _server(connection, self._writer), self._writer)
            _watched(connection)
            writer = Writing(connection, settings, path_of(settings, self._writer.role), self._hiding, limits)
            try:
                yield writer
            finally:
                writer.rollback()

    def _settings(self, connection: Connection) -> Settings:
        return resolve(connection, self._reader, self._writer)


class _Lock:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def held(self) -> bool:
        """Ask the database; a connection that is gone holds nothing."""
        try:
            row = self._connection.execute(_HELD.encode()).fetchone()
        except psycopg.Error:
            return False
        return bool(row and row[0])


def _server(connection: Connection, reader: Address) -> str:
    allowed = connection.execute("SELECT has_function_privilege('pg_control_system()', 'EXECUTE')").fetchone()
    if not (allowed and allowed[0]):
        return reader.place
    row = connection.execute("SELECT system_identifier::text FROM pg_control_system()").fetchone()
    return str(row[0]) if row else reader.place


def _require_same(read_from: str, reader: Address, written_to: str, writer: Address) -> None:
    """Refuse to write one database after another was read; a place instead of a number proves nothing either way."""
    clusters = {name for name in (read_from, written_to) if name.isdigit()}
    if reader.database != writer.database or len(clusters) > 1:
        raise ExpectedError(
            "the reading URL and the writing URL lead to two databases",
            "let `read_url` reach the same database as `url`, as another role",
            RefusalCode.TARGET_CHANGED,
        )


def _watched(connection: Connection) -> None:
    """Let the server look now and then whether we are still there: a dead worker's statement outside a transaction would go on to its end.

    https://www.postgresql.org/docs/current/runtime-config-connection.html#GUC-CLIENT-CONNECTION-CHECK-INTERVAL
    """
    if connection.info.server_version >= _CHECKS_CLIENTS:
        with contextlib.suppress(psycopg.Error):  # a server on a system that cannot tell
            connection.execute(_WATCH)


def _milliseconds(seconds: float) -> str:
    """At least one: nought would mean no limit at all."""
    return f"{max(1, round(seconds * 1000))}ms"


def _lent() -> ExpectedError:
    return ExpectedError(
        "a transaction pooler stands between us and the database",
        "give a URL that reaches PostgreSQL itself, or a pooler's port for whole sessions",
        RefusalCode.POOLED_CONNECTION,
    )
