"""Throw-away databases: each on a server of its own in a sandbox, rebuilt from a target's dump with its roles."""

from __future__ import annotations

import contextlib
import itertools
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from workers.core.errors import ExpectedError
from workers.core.hidden import Hiding
from workers.core.refusals import RefusalCode
from workers.core.schema import Name
from workers.databases.postgresql.address import Address
from workers.databases.postgresql.binaries import Binaries
from workers.databases.postgresql.catalog_frame import USER
from workers.databases.postgresql.server import Server, Servers
from workers.databases.postgresql.session import Connection, Reading, Settings, connected, reading
from workers.databases.postgresql.settings import path_of
from workers.databases.postgresql.writing import Writing
from workers.ports import Bind, Dump, Reader, Rows, ScratchAddress, ScratchDatabase, Writer
from workers.sandbox.run import Sandbox

# The names that the target's own roles and database may need are freed first.
OWNER = "schemagate_scratch"
_MAINTENANCE = "schemagate_scratch"
LIMITS = (("lock_timeout", "30s"), ("statement_timeout", "5min"))
_CHUNK = 100
_NOT_REBUILT = "its schema cannot be rebuilt on scratch"
_EXTENSION = re.compile(r'^(?:.*; )?CREATE EXTENSION IF NOT EXISTS (?:"((?:[^"]|"")+)"|(\w+))', re.MULTILINE)
_LOG_SECONDS = 5.0
_TABLES = f"""SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND {USER} ORDER BY 1, 2"""
_CHECKSUM = """SELECT {}::text, {}::text, md5(string_agg(h, '' ORDER BY h)) FROM (SELECT md5(t::text) AS h FROM {} t) AS hashes"""


class PostgresqlScratch:
    """Private servers, made with the PostgreSQL programs of this machine."""

    def __init__(self, sandbox: Sandbox, area: Path, binaries: tuple[Binaries, ...], hiding: Hiding) -> None:
        self._sandbox = sandbox
        self._area = area
        self._binaries = binaries
        self._hiding = hiding

    def version_for(self, engine_version: str) -> str | None:
        """Return the version of the programs of the same major version."""
        found = self._programs(engine_version)
        return found.version if found else None

    @contextlib.contextmanager
    def empty(self, like: Dump) -> Iterator[ScratchDatabase]:
        """Make a database with the roles and settings of `like`, the extensions that it gives, and nothing else."""
        with self._started(like) as server:
            database = _made(server, like, self._hiding)
            if like.given:
                _extended(database, like)
            yield database

    @contextlib.contextmanager
    def clone(self, dump: Dump) -> Iterator[ScratchDatabase]:
        """Rebuild a database from a dump."""
        with self._started(dump) as server:
            database = _made(server, dump, self._hiding)
            _restored(database, dump)
            yield database

    @contextlib.contextmanager
    def _started(self, like: Dump) -> Iterator[Server]:
        found = self._programs(like.engine_version)
        if found is None:
            raise ExpectedError(
                f"no PostgreSQL of the target's major version ({like.engine_version}) is on the worker's machine",
                f"install the server programs of PostgreSQL {major(like.engine_version)} there",
                RefusalCode.TARGET_VERSION_UNSUPPORTED,
            )
        with Servers(sandbox=self._sandbox, area=self._area, binaries=found).started(log_statement="all") as server:
            yield server

    def _programs(self, engine_version: str) -> Binaries | None:
        return next((item for item in self._binaries if item.major == major(engine_version)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One scratch database. `own` gathers the process numbers of our sessions, whose statements are not `served`."""

    server: Server
    name: str
    like: Dump
    hiding: Hiding
    own: set[int] = field(default_factory=set)
    marks: Iterator[int] = field(default_factory=itertools.count)

    @property
    def address(self) -> ScratchAddress:
        """Where a sandbox finds it, as the plan's writing role."""
        host, inside = self.server.bind
        url = f"postgresql://{quote(self.like.writing_role, safe='')}@/{quote(self.name, safe='')}?host={quote(inside)}"
        return ScratchAddress(url=url, writable=(Bind(host, inside),))

    @contextlib.contextmanager
    def reading(self) -> Iterator[Reader]:
        """Open a read-only unit of work as the superuser."""
        with reading(self.at(OWNER)) as connection:
            self._note(connection)
            yield Reading(connection, path_of(self.like.settings, self.like.writing_role), self.hiding)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Writer]:
        """Open a session as the plan's writing role: what it may not do on the target it may not do here."""
        with connected(self.at(self.like.writing_role)) as connection:
            self._note(connection)
            path = path_of(self.like.settings, self.like.writing_role)
            writer = Writing(connection, self.like.settings, path, self.hiding, LIMITS)
            try:
                yield writer
            finally:
                writer.rollback()

    def checksums(self) -> tuple[tuple[Name, str], ...]:
        """Hash each table's rows as text, in an order of their hashes."""
        with reading(self.at(OWNER)) as connection:
            self._note(connection)
            return checksums(connection)

    def served(self) -> tuple[str, ...]:
        """Every statement that others than we sent to this database, as the server wrote it down."""
        mark = f"SELECT 'schemagate mark {next(self.marks)}'"
        with self.superuser() as connection:
            connection.execute(mark.encode())
        deadline = time.monotonic() + _LOG_SECONDS
        while mark not in (logged := [item.text for item in self.server.logged()]) and time.monotonic() < deadline:
            time.sleep(0.01)
        if mark not in logged:
            raise ExpectedError(
                "a scratch server's log is not whole", "run the plan again", RefusalCode.SANDBOX_UNAVAILABLE
            )
        return tuple(
            item.text for item in self.server.logged() if item.database == self.name and item.session not in self.own
        )

    @contextlib.contextmanager
    def superuser(self, role: str = OWNER) -> Iterator[Connection]:
        """Open a session of ours for making the database."""
        with connected(self.at(role)) as connection:
            self._note(connection)
            yield connection

    def at(self, role: str) -> Address:
        """Where we find it as a role."""
        return _superuser(self.server, self.name, role)

    def _note(self, connection: Connection) -> None:
        self.own.add(connection.info.backend_pid)


def checksums(connection: Connection) -> tuple[tuple[Name, str], ...]:
    """Hash each table's rows; empty tables are left out."""
    tables = connection.execute(_TABLES).fetchall()
    found: list[tuple[Name, str]] = []
    for start in range(0, len(tables), _CHUNK):
        said = sql.SQL(" UNION ALL ").join(_checksum(*table) for table in tables[start : start + _CHUNK])
        found += [((schema, table), digest) for schema, table, digest in connection.execute(said).fetchall() if digest]
    return tuple(found)


def major(version: str) -> int:
    head = version.partition(".")[0]
    return int("".join(itertools.takewhile(str.isdigit, head)) or 0)


def _superuser(server: Server, database: str, role: str = OWNER) -> Address:
    words = psycopg.conninfo.conninfo_to_dict(server.conninfo(database, role))
    return Address(tuple(sorted((key, str(value)) for key, value in words.items())))


def _made(server: Server, like: Dump, hiding: Hiding) -> Copy:
    """Free the names that a target may use itself, make its roles, and an empty database of its name that the writing role owns."""
    with connected(_superuser(server, "template1", server.superuser)) as connection:
        connection.execute(f"CREATE ROLE {OWNER} SUPERUSER LOGIN".encode())
    first = like.superuser or f"{OWNER}_first"
    with connected(_superuser(server, "template1")) as connection:
        if first != server.superuser:
            names = sql.Identifier(server.superuser), sql.Identifier(first)
            connection.execute(sql.SQL("ALTER ROLE {} RENAME TO {}").format(*names))
        connection.execute(f"ALTER DATABASE postgres RENAME TO {_MAINTENANCE}".encode())
    with connected(_superuser(server, _MAINTENANCE)) as connection:
        for statement in like.roles:
            _ours(connection, statement, "its roles cannot be made on scratch")
        create = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(
            sql.Identifier(like.database), sql.Identifier(like.writing_role)
        )
        _ours(connection, create.as_string(), "a database of its name cannot be made on scratch")
        settle(connection, like.writing_role, like.settings)
    return Copy(server=server, name=like.database, like=like, hiding=hiding)


def settle(connection: Connection, name: str, settings: Settings) -> None:
    """Let every session of a role begin with the plan's settings, as on the target; a project's own session is one."""
    role = sql.Identifier(name)
    for setting, value in settings:
        if setting == "search_path":  # a list, which only the server takes apart as it should
            connection.execute("SELECT pg_catalog.set_config(%s, %s, false)", (setting, value))
            connection.execute(sql.SQL("ALTER ROLE {} SET search_path FROM CURRENT").format(role))
        else:
            connection.execute(
                sql.SQL("ALTER ROLE {} SET {} TO {}").format(role, sql.Identifier(setting), sql.Literal(value))
            )


def _extended(database: Copy, like: Dump) -> None:
    """Make extensions as the target has them, of its version where this machine has that."""
    with database.superuser(like.superuser or OWNER) as connection:
        here = set(connection.execute("SELECT name, version FROM pg_available_extension_versions").fetchall())
        for name, version, schema in like.given:
            _ours(connection, extension(name, version if (name, version) in here else "", schema), _NOT_REBUILT)


def extension(name: str, version: str, schema: str) -> str:
    """Statements that make an extension, with its schema."""
    said = sql.SQL("CREATE SCHEMA IF NOT EXISTS {1}; CREATE EXTENSION IF NOT EXISTS {0} WITH SCHEMA {1}")
    exact = sql.SQL(" VERSION {}").format(sql.Literal(version)) if version else sql.SQL("")
    return (said.format(sql.Identifier(name), sql.Identifier(schema)) + exact).as_string()


def _restored(database: Copy, dump: Dump) -> None:
    with database.superuser(dump.superuser or OWNER) as connection:  # its extensions become that role's
        _ours(connection, dump.script, _NOT_REBUILT)
    with database.superuser() as connection:
        for table, columns, rows in dump.version_rows:
            fill(connection, table, columns, rows)


def fill(connection: Connection, table: Name, columns: tuple[str, ...], rows: Rows) -> None:
    said = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(*table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(sql.Placeholder() for _ in columns),
    )
    with connection.cursor() as cursor:
        cursor.executemany(said, rows)


def _ours(connection: Connection, script: str, failed: str) -> None:
    """Run a script of a dump: several commands in one round trip, in one transaction."""
    try:
        connection.execute(script.encode())
    except psycopg.Error as error:
        if missing := lacking(connection, script):
            raise ExpectedError(
                f"the target cannot be copied, PostgreSQL on the worker's machine lacks {missing}",
                "install the packages of these extensions there, for the same major version; or lend a server that has them: a template "
                "database in which they are made, named by `scratch:` in the server's config (docs/configuration.md)",
                RefusalCode.SANDBOX_UNAVAILABLE,
            ) from None
        raise ExpectedError(
            f"the target cannot be copied, {failed}: {error.diag.message_primary or 'the scratch server went away'}",
            "make the scratch server's PostgreSQL on the worker's machine like the target's (the same extensions), then plan again",
            RefusalCode.SANDBOX_UNAVAILABLE,
        ) from None


def lacking(connection: Connection, script: str) -> str:
    """Name the extensions that a script makes and this server does not have."""
    names = {quoted.replace('""', '"') or plain for quoted, plain in _EXTENSION.findall(script)}
    if not names or connection.closed:
        return ""
    here = {row[0] for row in connection.execute("SELECT name FROM pg_available_extensions").fetchall()}
    lost = ", ".join(sorted(names - here))
    return f"the extension {lost}" if len(names - here) == 1 else f"the extensions {lost}" if lost else ""


def _checksum(schema: str, table: str) -> sql.Composed:
    return sql.SQL(_CHECKSUM).format(sql.Literal(schema), sql.Literal(table), sql.Identifier(schema, table))
