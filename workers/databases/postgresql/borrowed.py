"""Throw-away databases on a server that the operator lends: each with a role of its own, which is all that a pull's code ever is there.

What belongs to the whole server (roles, settings) is made by us alone; only databases and roles with our prefix are ever dropped.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from workers.core.errors import ExpectedError
from workers.core.hidden import Hiding
from workers.core.names import Engine
from workers.core.refusals import RefusalCode
from workers.core.schema import Name, Snapshot, Value
from workers.databases.postgresql.address import Address
from workers.databases.postgresql.doorway import doorway
from workers.databases.postgresql.scratch import LIMITS, checksums, extension, fill, lacking, major, settle
from workers.databases.postgresql.session import Connection, Reading, Settings, connected, reading
from workers.databases.postgresql.settings import path_of
from workers.databases.postgresql.writing import Writing
from workers.ports import Bind, Dump, Reader, ScratchAddress, ScratchDatabase, Writer
from workers.reading.lexer import split
from workers.sandbox.identity import Identity

PREFIX = "schemagate_scratch_"
STALE_SECONDS = 3600
INSIDE = "/sockets"
_OURS = re.compile(PREFIX + r"(\d{10})_[0-9a-f]{12}(?:_rw)?")
_MAINTENANCE = "postgres"
_SELF = """SELECT pg_catalog.concat_ws(' ', current_user, session_user, r::pg_catalog.text) FROM pg_catalog.pg_roles r
    WHERE rolname = session_user"""
_ROLE = """SELECT rolsuper, rolcreatedb AND rolcreaterole, current_setting('server_version') FROM pg_roles WHERE rolname = current_user"""
_NAMES = """SELECT datname, true FROM pg_database WHERE starts_with(datname, %(prefix)s)
    UNION ALL SELECT rolname, false FROM pg_roles WHERE starts_with(rolname, %(prefix)s) ORDER BY 2 DESC, 1 DESC"""
_MADE = re.compile(r'CREATE ROLE ("(?:[^"]|"")*") ')
# An owner may not say these on a server of somebody else's; owners and rights to the database stay as they were made.
_LEFT_OUT = re.compile(
    r"(?:\s|--[^\n]*\n)*(?:ALTER\s.*\sOWNER TO [^\n]+\Z|COMMENT ON EXTENSION\s|ALTER (?:DATABASE|ROLE)\s"
    r"|(?:GRANT|REVOKE)\s[^\n]*\sON DATABASE\s|(?:SET|RESET) SESSION AUTHORIZATION)",
    re.DOTALL,
)
_DEFAULTS = re.compile(r'((?:\s|--[^\n]*\n)*ALTER DEFAULT PRIVILEGES) FOR ROLE ("(?:[^"]|"")*"|\w+) ')


@dataclass(frozen=True, slots=True)
class BorrowedScratch:
    """`server` is what the operator wrote. Its database, unless that is `postgres`, is what each of ours is made after."""

    server: Address
    area: Path
    identity: Identity
    hiding: Hiding

    def version_for(self, engine_version: str) -> str | None:
        """Return the server's own version where it is of the same major one, with the template: what is in it is in every copy."""
        with self._maintaining() as connection:
            version = self._version(connection, engine_version)
        return version and f"{version} from {self._template}"

    @contextlib.contextmanager
    def empty(self, like: Dump) -> Iterator[ScratchDatabase]:
        """Make a database like the template, with the settings of `like` and the extensions that it gives."""
        with self._made(like) as made:
            if like.given:
                made.run(";\n".join(extension(name, "", schema) for name, _, schema in like.given))
            yield made

    @contextlib.contextmanager
    def clone(self, dump: Dump) -> Iterator[ScratchDatabase]:
        """Rebuild a database from a dump, as far as an ordinary owner may; what it may not is an error, not left out."""
        with self._made(dump) as made:
            made.restore(dump)
            yield made

    @contextlib.contextmanager
    def _made(self, like: Dump) -> Iterator[BorrowedCopy]:
        with self._maintaining() as connection:
            if self._version(connection, like.engine_version) is None:
                raise ExpectedError(
                    f"the scratch server is not of the target's major version ({like.engine_version})",
                    "let `scratch:` name a server of the same major version, or leave it out",
                    RefusalCode.TARGET_VERSION_UNSUPPORTED,
                )
            now = _seconds(connection)
            sweep(connection, now - STALE_SECONDS)
            _name_roles(connection, like)
            name, password = f"{PREFIX}{now}_{secrets.token_hex(6)}", secrets.token_urlsafe(24)
            try:
                role = _role(connection, name, password)
                _database(connection, name, role, self._template)
                settle(connection, role, _settings(like))
                with doorway(self.server, name, role, self.area, self.identity) as folder:
                    yield BorrowedCopy(
                        server=self.server,
                        name=name,
                        role=role,
                        password=password,
                        folder=folder,
                        like=like,
                        hiding=self.hiding,
                    )
            finally:
                _drop(connection, lambda found: found[0].startswith(name))

    @property
    def _template(self) -> str:
        return "template0" if self.server.database in {_MAINTENANCE, self.server.role} else self.server.database

    @contextlib.contextmanager
    def _maintaining(self) -> Iterator[Connection]:
        with connected(self.server.at(_MAINTENANCE), "schemagate scratch") as connection:
            yield connection

    def _version(self, connection: Connection, engine_version: str) -> str | None:
        superuser, able, version = connection.execute(_ROLE).fetchone() or (False, False, "")
        if superuser or not able:
            why = "is a superuser" if superuser else "may not make databases and roles"
            raise ExpectedError(
                f"the role of the scratch server's URL {why}",
                f"ALTER ROLE {self.server.role} NOSUPERUSER CREATEDB CREATEROLE, on a server that is used for nothing else",
                RefusalCode.CONFIG_INVALID,
            )
        return str(version) if major(str(version)) == major(engine_version) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class BorrowedCopy:
    """One such database. Its role stands for the target's writing role, and is called so in snapshots."""

    server: Address
    name: str
    role: str
    password: str
    folder: Path
    like: Dump
    hiding: Hiding

    @property
    def address(self) -> ScratchAddress:
        """Where a sandbox finds it."""
        url = f"postgresql://{self.role}:{self.password}@/{self.name}?host={quote(INSIDE)}"
        return ScratchAddress(url=url, writable=(Bind(self.folder, INSIDE),))

    @contextlib.contextmanager
    def reading(self) -> Iterator[Reader]:
        """Open a read-only unit of work."""
        with reading(self._address) as connection:
            yield _Reading(connection, self._path, self)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Writer]:
        """Open a session as the role that stands for the writing one."""
        with connected(self._address) as connection:
            writer = _Writing(connection, self._path, self)
            try:
                yield writer
            finally:
                writer.rollback()

    def checksums(self) -> tuple[tuple[Name, str], ...]:
        """Hash each table's rows."""
        with reading(self._address) as connection:
            return checksums(connection)

    def served(self) -> tuple[str, ...]:
        """A lent server's log is not ours to read."""
        return ()

    def restore(self, dump: Dump) -> None:
        """Run the dump's script and fill the version table."""
        said = (self._owners(item) for item in split(dump.script, Engine.POSTGRESQL) if not _LEFT_OUT.match(item))
        self.run(";\n".join(filter(None, said)))
        with connected(self._address) as connection:
            for table, columns, rows in dump.version_rows:
                fill(connection, table, columns, rows)

    def run(self, script: str) -> None:
        """Run a script of ours as the copy's role."""
        with connected(self._address) as connection:
            try:
                connection.execute(script.encode())
            except psycopg.Error as error:
                why = error.diag.message_primary or "it went away"
                missing = "" if connection.closed else lacking(connection, script)
                raise ExpectedError(
                    f"the target cannot be copied to the scratch server{f', which lacks {missing}' if missing else ''}: {why}",
                    "what an ordinary role may not make (most extensions) must be in a template database there, whose name stands in the "
                    "URL of `scratch:` and which is marked IS_TEMPLATE",
                    RefusalCode.SANDBOX_UNAVAILABLE,
                ) from None

    def named(self, found: Snapshot) -> Snapshot:
        """The snapshot with the names that the target has for this database and its owner."""

        def renamed(text: str) -> str:
            return text.replace(self.role, self.like.writing_role).replace(self.name, self.like.database)

        def value(held: Value) -> Value:
            if isinstance(held, tuple):
                return tuple(map(renamed, held))
            return renamed(held) if isinstance(held, str) else held

        every = (
            replace(
                item,
                name=tuple(map(renamed, item.name)),
                attributes=tuple((key, value(said)) for key, said in item.attributes),
            )
            for item in found.authority
        )
        own = tuple(item for item in every if not any(part.startswith(PREFIX) for part in item.name))
        return replace(found, database=self.like.database, authority=own)

    def _owners(self, statement: str) -> str:
        """Default privileges are the writing role's own here; another's mean nothing to it."""
        found = _DEFAULTS.match(statement)
        if found is None:
            return statement
        own = found[2].strip('"').replace('""', '"') == self.like.writing_role
        return f"{found[1]} {statement[found.end() :]}" if own else ""

    @property
    def _address(self) -> Address:
        words = dict(self.server.words) | {"user": self.role, "password": self.password, "dbname": self.name}
        return Address(tuple(sorted(words.items())))

    @property
    def _path(self) -> tuple[str, ...]:
        return path_of(self.like.settings, self.like.writing_role)


class _Reading(Reading):
    def __init__(self, connection: Connection, path: tuple[str, ...], copy: BorrowedCopy) -> None:
        super().__init__(connection, path, copy.hiding)
        self._copy = copy

    def snapshot(self) -> Snapshot:
        return self._copy.named(super().snapshot())


class _Writing(Writing):
    def __init__(self, connection: Connection, path: tuple[str, ...], copy: BorrowedCopy) -> None:
        super().__init__(connection, _settings(copy.like), path, copy.hiding, LIMITS)
        self._copy = copy

    def snapshot(self) -> Snapshot:
        return self._copy.named(super().snapshot())

    def _around(self) -> str:
        """What others do to their roles there is no change of ours; ours has no right to any."""
        row = self._connection.execute(_SELF).fetchone()
        return str(row[0]) if row else ""


def sweep(connection: Connection, before: int) -> None:
    """Drop what was made before a time (of the server's clock, seconds) and left behind by somebody who was killed."""
    _drop(connection, lambda found: int(found[1]) < before)


def _drop(connection: Connection, wanted: Callable[[re.Match[str]], bool]) -> None:
    """Databases first. What cannot go now is tried again by every later sweep."""
    for name, database in connection.execute(_NAMES, {"prefix": PREFIX}).fetchall():
        found = _OURS.fullmatch(name)
        if found is not None and wanted(found):
            said = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)" if database else "DROP ROLE IF EXISTS {}")
            with contextlib.suppress(psycopg.Error):
                connection.execute(said.format(sql.Identifier(name)))


def _seconds(connection: Connection) -> int:
    row = connection.execute("SELECT extract(epoch FROM now())::bigint").fetchone()
    return int(row[0]) if row else 0


def _name_roles(connection: Connection, like: Dump) -> None:
    """Let the roles that the target's grants name be there, as names that nobody can log in with. They stay: they are nobody."""
    made = (found for item in like.roles if (found := _MADE.match(item)))
    names = {found[1].strip('"').replace('""', '"') for found in made} | {like.superuser, like.writing_role}
    there = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
    for name in sorted(names - there - {""}):
        with contextlib.suppress(psycopg.errors.DuplicateObject):  # another worker was faster
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(name)))


def _role(connection: Connection, name: str, password: str) -> str:
    role = f"{name}_rw"
    kept = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    words = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT 16 PASSWORD"
    connection.execute(sql.SQL(f"CREATE ROLE {{}} {words} {{}}").format(sql.Identifier(role), sql.Literal(kept)))
    connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(role)))
    return role


def _database(connection: Connection, name: str, role: str, template: str) -> None:
    names = [sql.Identifier(item) for item in (name, role, template)]
    try:
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(*names))
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(names[0]))
    except psycopg.Error as error:
        raise ExpectedError(
            f"no database can be made on the scratch server: {error.diag.message_primary or 'it went away'}",
            "the database in the URL of `scratch:` is the template: mark it IS_TEMPLATE, and let nobody be connected to it",
            RefusalCode.SANDBOX_UNAVAILABLE,
        ) from None


def _settings(like: Dump) -> Settings:
    """The plan's settings for the role that stands for the writing one, which cannot become another."""
    own = sql.Identifier(like.writing_role).as_string()
    return tuple((name, value.replace('"$user"', own)) for name, value in like.settings if name != "role")
