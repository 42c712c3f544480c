"""Throw-away PostgreSQL servers: how one is made and started, how it is reached, and what it wrote down."""

from __future__ import annotations

import contextlib
import re
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.databases.postgresql.binaries import Binaries
from workers.databases.private_server import DATA, SOCKETS, Recipe, private_server
from workers.sandbox.profile import MEBIBYTE, Bind, Profile
from workers.sandbox.run import Sandbox
from workers.sandbox.served import Served

SUPERUSER = "postgres"
PORT = 5432
_SOCKET = f".s.PGSQL.{PORT}"
_INITDB = (
    "-U",
    SUPERUSER,
    "-A",
    "trust",
    "-E",
    "UTF8",
    "--no-locale",
    "--wal-segsize=1",
    "--no-sync",
    "--no-instructions",
)
_SETTINGS = (
    ("listen_addresses", ""),
    ("unix_socket_directories", SOCKETS),
    ("fsync", "off"),
    ("synchronous_commit", "off"),
    ("full_page_writes", "off"),
    ("wal_level", "minimal"),
    ("max_wal_senders", "0"),
    ("dynamic_shared_memory_type", "mmap"),
    ("shared_buffers", "16MB"),
    ("max_connections", "20"),
    ("max_locks_per_transaction", "256"),
    ("max_parallel_workers", "0"),
    ("autovacuum", "off"),  # the same work gives the same files and statistics
    ("jit", "off"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    ("logging_collector", "off"),
    ("log_destination", "stderr"),
    ("log_line_prefix", "<%p %d> "),
    ("lc_messages", "C"),
)
_RECORD = re.compile(r"<(\d+) ([^>]*)> (\w+):  (.*)", re.DOTALL)
_STATEMENT = re.compile(r"(?:statement|execute [^:]*): (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Logged:
    """A statement that a server itself wrote down: its session's process number, database and text."""

    session: int
    database: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running scratch server. `socket_dir` is the worker's; a sandbox gets it read-only by `bind`."""

    socket_dir: Path
    major: int
    version: str
    served: Served
    port: int = PORT
    superuser: str = SUPERUSER

    @property
    def bind(self) -> Bind:
        """For the `read_only` of another sandbox's profile; connecting needs no more."""
        return self.socket_dir, SOCKETS

    def conninfo(self, database: str = "postgres", user: str = SUPERUSER) -> str:
        """Words for libpq, for the worker's own connection; nothing is taken from its environment or home folder."""
        return psycopg.conninfo.make_conninfo(
            host=str(self.socket_dir),
            port=self.port,
            user=user,
            dbname=database,
            sslmode="disable",
            gssencmode="disable",
            passfile="/nonexistent",
            connect_timeout=10,
        )

    def logged(self) -> tuple[Logged, ...]:
        """The statements that the server wrote down so far, in its order. Raises ExpectedError when there were too many."""
        if not self.served.log_complete:
            raise ExpectedError(
                "A scratch server logged more than is kept.", "Split the migration.", RefusalCode.TOO_LARGE
            )
        return tuple(_statements(self.served.log.decode(errors="replace")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """Starts servers of one PostgreSQL. `area` is the sandbox area (see `workers.sandbox.runtime.open_area`)."""

    sandbox: Sandbox
    area: Path
    binaries: Binaries
    data_bytes: int = 1024 * MEBIBYTE

    def started(self, *, log_statement: str = "none") -> AbstractContextManager[Server]:
        """A fresh server for the length of the block. `log_statement` is PostgreSQL's own setting (none, ddl, mod, all)."""
        return private_server(self._recipe(log_statement), self.sandbox, self.area, self._ready)

    def _recipe(self, log_statement: str) -> Recipe:
        return Recipe(
            name=f"postgresql-{self.binaries.version}",
            program=self.binaries.program("postgres"),
            making=(str(self.binaries.program("initdb")), "-D", DATA, *_INITDB),
            running=tuple(self._command(log_statement)),
            socket=_SOCKET,
            profile=Profile(
                read_only=self.binaries.binds(self.area, self.sandbox.identity),
                environment=self.binaries.environment(),
                processes=64,
                open_files=1024,
                file_bytes=self.data_bytes,
                wall_seconds=120,
            ),
            data_bytes=self.data_bytes,
            stop=signal.SIGQUIT,
            grace=3.0,
        )

    def _command(self, log_statement: str) -> Iterator[str]:
        yield from (str(self.binaries.program("postgres")), "-D", DATA, "-p", str(PORT))
        for name, value in (*_SETTINGS, ("log_statement", log_statement)):
            yield from ("-c", f"{name}={value}")

    def _ready(self, socket_dir: Path, served: Served) -> Server | None:
        """The server once its recovery has ended."""
        server = Server(socket_dir=socket_dir, major=self.binaries.major, version=self.binaries.version, served=served)
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(server.conninfo()):
            return server
        return None


def _statements(log: str) -> Iterator[Logged]:
    """Reads the log. The server indents the further lines of a record by a tab, so no statement can pretend to be one."""
    for record in re.split(r"\n(?!\t)", log):
        head = _RECORD.fullmatch(record.replace("\n\t", "\n"))
        said = _STATEMENT.fullmatch(head[4]) if head and head[3] == "LOG" else None
        if head and said:
            yield Logged(int(head[1]), head[2], said[1])
