"""Throw-away databases on a server that the operator lends: each with accounts of its own, which are all that a pull's code ever is there.

Only databases and accounts with our prefix are ever made or dropped. No account of that server's own is one that objects run as: what
the target lets run as somebody runs here as an account without a login, made for the one copy.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import pymysql

from workers.core.errors import ExpectedError
from workers.core.hidden import Hiding
from workers.core.refusals import RefusalCode
from workers.core.schema import Name, Snapshot
from workers.databases.mysql.accounts import Cast, lent_cast, spoken
from workers.databases.mysql.address import Address
from workers.databases.mysql.binaries import series
from workers.databases.mysql.catalog_frame import Connection, ask, server_of
from workers.databases.mysql.doorway import SOCKET, Behind, doorway
from workers.databases.mysql.dump import script_of
from workers.databases.mysql.scratch import SECONDS, checksums, create_database, restore
from workers.databases.mysql.session import Reading, connected, reading, time_limit
from workers.databases.mysql.settings import resolve, statements
from workers.databases.mysql.spelling import literal, quoted
from workers.databases.mysql.writing import Writing
from workers.ports import Bind, Dump, Reader, ScratchAddress, ScratchDatabase, StatementError, Writer
from workers.sandbox.identity import Identity

PREFIX = "sgscratch_"
"""Short: MySQL's names of users have 32 characters."""
STALE_SECONDS = 3600
INSIDE = "/sockets"
_OURS = re.compile(PREFIX + r"(\d{10})_[0-9a-f]{10}")
_GRANTS = (
    "GRANT ALL PRIVILEGES ON `sgscratch\\_%`.* TO {0} WITH GRANT OPTION; GRANT CREATE USER, SET USER ON *.* TO {0}; "
    "GRANT SELECT ON mysql.* TO {0} (MySQL: SET_USER_ID or SET_ANY_DEFINER instead of SET USER), on a server that is used for nothing else"
)
_RIGHTS = """SELECT PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES
    WHERE GRANTEE = CONCAT("'", REPLACE(CURRENT_USER(), '@', "'@'"), "'")"""
_DATABASES = "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA"
_ACCOUNTS = "SELECT User, Host FROM mysql.user"
_MUST_AGREE = ("lower_case_table_names", "explicit_defaults_for_timestamp", "innodb_default_row_format")


@dataclass(frozen=True, slots=True)
class BorrowedScratch:
    """`server` is what the operator wrote. The database that it names is never touched."""

    server: Address
    area: Path
    identity: Identity
    hiding: Hiding

    def version_for(self, engine_version: str) -> str | None:
        """Return the server's own version where it is of the same series."""
        with self._maintaining() as connection:
            return self._version(connection, engine_version)

    @contextlib.contextmanager
    def empty(self, like: Dump) -> Iterator[ScratchDatabase]:
        """Make a database with the settings of `like` and nothing else."""
        with self._made(like) as made:
            yield made

    @contextlib.contextmanager
    def clone(self, dump: Dump) -> Iterator[ScratchDatabase]:
        """Rebuild a database from a dump."""
        with self._made(dump) as made:
            with connected(self.server.at(made.name)) as connection, _explained("the target cannot be copied there"):
                pieces = (replace(item, sql=made.cast.made_by(item.sql)) for item in script_of(dump))
                restore(connection, dump, pieces)
            yield made

    @contextlib.contextmanager
    def _made(self, like: Dump) -> Iterator[BorrowedCopy]:
        with self._maintaining() as connection:
            if self._version(connection, like.engine_version) is None:
                raise ExpectedError(
                    f"the scratch server is not of the target's series ({series(like.engine_version)})",
                    "let `scratch:` name a server of the same series, or leave it out",
                    RefusalCode.TARGET_VERSION_UNSUPPORTED,
                )
            _require_alike(connection, like)
            now = int(str(ask(connection, "SELECT UNIX_TIMESTAMP()")[0][0]))
            sweep(connection, now - STALE_SECONDS)
            name, password = f"{PREFIX}{now}_{secrets.token_hex(5)}", secrets.token_hex(16)
            cast = lent_cast(like, name, (item.sql for item in script_of(like)))
            try:
                with _explained("no database can be made there", self.server.user):
                    accounts = _populate(connection, like, cast, password)
                    create_database(connection, replace(like, database=name), accounts)
                copy = BorrowedCopy(
                    server=self.server, name=name, password=password, like=like, cast=cast, hiding=self.hiding
                )
                (first,) = (item for item in statements(like.settings, zones=False) if item.startswith("SET SESSION"))
                behind = Behind(address=copy.account, version=_said_version(connection), first=first)
                with doorway(behind, self.area, self.identity) as folder:
                    yield replace(copy, folder=folder)
            finally:
                _drop(connection, lambda found: found[0] == name)

    @contextlib.contextmanager
    def _maintaining(self) -> Iterator[Connection]:
        with connected(self.server.at(""), "schemagate scratch") as connection:
            ask(connection, "SET SESSION sql_mode = '', lock_wait_timeout = 20")
            yield connection

    def _version(self, connection: Connection, engine_version: str) -> str | None:
        rights = {str(row[0]) for row in ask(connection, _RIGHTS)}
        if "SUPER" in rights or "CREATE USER" not in rights:
            why = "is a superuser" if "SUPER" in rights else "may not make users"
            raise ExpectedError(
                f"the user of the scratch server's URL {why}",
                _GRANTS.format(self.server.user),
                RefusalCode.CONFIG_INVALID,
            )
        version = server_of(connection).version
        return version if series(version) == series(engine_version) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class BorrowedCopy:
    """One such database. Its account stands for the target's writing role, and is called so in snapshots."""

    server: Address
    name: str
    password: str
    like: Dump
    cast: Cast
    hiding: Hiding
    folder: Path = Path()

    @property
    def address(self) -> ScratchAddress:
        """Where a sandbox finds it; who comes through the door needs no password."""
        url = f"mysql://{self.name}@localhost/{self.name}?unix_socket={quote(f'{INSIDE}/{SOCKET}')}"
        return ScratchAddress(url=url, writable=(Bind(self.folder, INSIDE),))

    @contextlib.contextmanager
    def reading(self) -> Iterator[Reader]:
        """Open a read-only unit of work as the lent user, which sees the text of whatever runs as somebody else."""
        with reading(self.server.at(self.name)) as connection:
            yield _Reading(connection, self)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Writer]:
        """Open a session as the account that stands for the writing role."""
        with connected(self.account) as connection:
            writer = _Writing(connection, self)
            try:
                yield writer
            finally:
                writer.rollback()

    def checksums(self) -> tuple[tuple[Name, str], ...]:
        """Hash each table's rows."""
        with reading(self.server.at(self.name)) as connection:
            return checksums(connection)

    def served(self) -> tuple[str, ...]:
        """A lent server's log is not ours to read."""
        return ()

    def named(self, found: Snapshot) -> Snapshot:
        """The snapshot with the target's name for this database, without what only the copy's accounts may do."""
        own = tuple(item for item in found.authority if not any(PREFIX in part for part in item.name))
        return replace(found, database=self.like.database, authority=own)

    @property
    def account(self) -> Address:
        """Where we find it as the account that stands for the writing role."""
        return replace(self.server.at(self.name), user=self.name, password=self.password)


class _Reading(Reading):
    def __init__(self, connection: Connection, copy: BorrowedCopy) -> None:
        super().__init__(connection, copy.hiding, copy.cast.pairs)
        self._copy = copy

    def snapshot(self) -> Snapshot:
        return self._copy.named(super().snapshot())


class _Writing(Writing):
    def __init__(self, connection: Connection, copy: BorrowedCopy) -> None:
        limits = ("SET SESSION lock_wait_timeout = 30", time_limit(connection, SECONDS))
        super().__init__(connection, copy.hiding, copy.like.settings, limits, copy.cast.pairs, zones=False)
        self._copy = copy

    def snapshot(self) -> Snapshot:
        with self._copy.reading() as reader:  # the schema knows no transaction; this account does not see every text
            return reader.snapshot()

    def execute(self, sql: str) -> int:
        try:
            return super().execute(sql)
        except StatementError as error:
            said = error.message.replace(self._copy.name, self._copy.like.database)
            raise StatementError(said, state=error.state, lock_timeout=error.lock_timeout) from None


def sweep(connection: Connection, before: int) -> None:
    """Drop what was made before a time (of the server's clock, seconds) and left behind by somebody who was killed."""
    _drop(connection, lambda found: int(found[1]) < before)


def _drop(connection: Connection, wanted: Callable[[re.Match[str]], bool]) -> None:
    """Databases first. What cannot go now is tried again by every later sweep."""
    said = [(str(name), f"DROP DATABASE IF EXISTS {quoted(str(name))}") for (name,) in ask(connection, _DATABASES)]
    with contextlib.suppress(pymysql.Error):
        said += [
            (str(user), f"DROP USER IF EXISTS {spoken(f'{user}@{host}')}") for user, host in ask(connection, _ACCOUNTS)
        ]
    for name, statement in said:
        found = _OURS.fullmatch(name)
        if found is not None and wanted(found):
            with contextlib.suppress(pymysql.Error):
                ask(connection, statement)


def _populate(connection: Connection, like: Dump, cast: Cast, password: str) -> tuple[str, ...]:
    """Make the account that stands for the writing role, and one without a login for each other that objects run as and that there is."""
    ask(connection, f"CREATE USER {spoken(cast.login)} IDENTIFIED BY {literal(password)} WITH MAX_USER_CONNECTIONS 16")
    others = tuple(account for account, meant in cast.pairs if account != cast.login and meant in like.roles)
    for account in others:
        ask(connection, f"CREATE USER {spoken(account)} ACCOUNT LOCK")
    return (cast.login, *others)


def _require_alike(connection: Connection, like: Dump) -> None:
    """What only the start of a server decides must be as on the target."""
    known, wanted = dict(resolve(connection)), dict(like.settings)
    for name in _MUST_AGREE:
        if name in wanted and known.get(name) != wanted[name]:
            raise ExpectedError(
                f"the scratch server has {name} = {known.get(name)}, and the target {wanted[name]}",
                f"start the scratch server with --{name.replace('_', '-')}={wanted[name]}",
                RefusalCode.CONFIG_INVALID,
            )


def _said_version(connection: Connection) -> str:
    return str(ask(connection, "SELECT VERSION()")[0][0])


@contextlib.contextmanager
def _explained(what: str, user: str = "") -> Iterator[None]:
    try:
        yield
    except pymysql.Error as error:
        advice = "make the scratch server like the target's (the same series, plugins and settings)"
        raise ExpectedError(
            f"{what}, on the scratch server: {error.args[-1] if error.args else 'it went away'}",
            _GRANTS.format(user) if user else f"{advice}; with a binary log it needs log_bin_trust_function_creators",
            RefusalCode.SANDBOX_UNAVAILABLE,
        ) from None
