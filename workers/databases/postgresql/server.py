"""Throw-away PostgreSQL servers, each in a sandbox of its own: nothing but a unix socket leads in, nothing leads out.

Who can reach a server: its socket takes any password, so the folder decides. The server makes the socket in a folder
that is bound into its sandbox. The worker gives it a second name (a hard link) in a folder that no server sees and that
only the worker and the sandbox's user may pass, then removes the first folder, before any stranger's SQL is heard. In a
removed folder nothing can be made: no link to a real database's socket in place of its own, and no files on the
machine's disk. All that a server can write is in memory and has a size.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import signal
import stat
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.databases.postgresql.binaries import Binaries
from workers.sandbox.folders import claimed_folder
from workers.sandbox.profile import MEBIBYTE, Bind, Profile
from workers.sandbox.run import Sandbox
from workers.sandbox.served import Served

SUPERUSER = "postgres"
PORT = 5432
SOCKETS = "/sockets"
"""Where a sandbox finds a server's socket folder."""

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
# Copies the template into memory and becomes the server. A constant; what varies comes as arguments.
_COPY_AND_RUN = ("/bin/sh", "-c", 'cp -a /template/. /data && exec "$@"', "sh")
_READY_SECONDS = 30.0
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

    @contextlib.contextmanager
    def started(self, *, log_statement: str = "none") -> Iterator[Server]:
        """A fresh server for the length of the block. `log_statement` is PostgreSQL's own setting (none, ddl, mod, all)."""
        template = self._template()
        with claimed_folder(self.area) as folder:
            sockets = folder / "s"
            sockets.mkdir(mode=0o700)
            self.sandbox.identity.owns(sockets)
            command = (*_COPY_AND_RUN, *self._command(log_statement))
            served = self.sandbox.serve(command, self._profile((template, "/template"), writable=(sockets, SOCKETS)))
            try:
                yield self._ready(served, folder)
            finally:
                self._end(served)

    def _template(self) -> Path:
        """A data folder as initdb leaves it, made once per program and kept in the area."""
        template = self.area / "templates" / f"postgresql-{self.binaries.major}-{self._stamp()}"
        if template.exists():
            return template
        template.parent.mkdir(exist_ok=True)
        template.parent.chmod(0o711)
        with tempfile.TemporaryDirectory(dir=template.parent, prefix=".new-", ignore_cleanup_errors=True) as made:
            Path(made).chmod(0o711)
            data = Path(made, "data")
            data.mkdir(mode=0o700)
            self.sandbox.identity.owns(data)
            command = (str(self.binaries.program("initdb")), "-D", "/new", *_INITDB)
            outcome = self.sandbox.run(command, self._profile(writable=(data, "/new")))
            if not outcome.ok:
                raise _broken("initdb failed", outcome.stderr)
            with contextlib.suppress(OSError):  # another process was faster
                data.rename(template)
        return template

    def _stamp(self) -> str:
        program = self.binaries.program("postgres").stat()
        facts = (self.binaries.version, str(self.binaries.folder), program.st_size, program.st_mtime_ns, _INITDB)
        return hashlib.sha256(repr((facts, self.sandbox.identity.uid)).encode()).hexdigest()[:12]

    def _command(self, log_statement: str) -> Iterator[str]:
        yield from (str(self.binaries.program("postgres")), "-D", "/data", "-p", str(PORT))
        for name, value in (*_SETTINGS, ("log_statement", log_statement)):
            yield from ("-c", f"{name}={value}")

    def _profile(self, *read_only: Bind, writable: Bind) -> Profile:
        return Profile(
            read_only=(*self.binaries.binds(self.area, self.sandbox.identity), *read_only),
            writable=(writable,),
            environment=self.binaries.environment(),
            volatile=(("/data", self.data_bytes),),
            processes=64,
            open_files=1024,
            file_bytes=self.data_bytes,
            wall_seconds=120,
        )

    def _ready(self, served: Served, folder: Path) -> Server:
        """The server once it answers. The socket's file alone proves nothing: it is there before recovery has ended."""
        deadline = time.monotonic() + _READY_SECONDS
        private = self._private_name(served, folder, deadline)
        server = Server(socket_dir=private, major=self.binaries.major, version=self.binaries.version, served=served)
        while served.alive and time.monotonic() < deadline:
            with contextlib.suppress(psycopg.OperationalError), psycopg.connect(server.conninfo()):
                shutil.rmtree(folder / "s")
                return server
            time.sleep(0.01)
        raise _broken("A scratch server did not answer", served.log)

    def _private_name(self, served: Served, folder: Path, deadline: float) -> Path:
        """A folder with the second name of the server's socket."""
        identity = self.sandbox.identity
        private = folder / "c"
        private.mkdir(mode=0o700)
        if identity.dropped:
            os.chown(private, -1, identity.gid)
            private.chmod(0o710)
        socket = folder / "s" / _SOCKET
        while served.alive and time.monotonic() < deadline:
            with contextlib.suppress(FileNotFoundError):
                found = socket.lstat()
                if not stat.S_ISSOCK(found.st_mode) or found.st_uid != identity.uid:
                    break
                os.link(socket, private / _SOCKET, follow_symlinks=False)
                return private
            time.sleep(0.005)
        raise _broken("A scratch server did not start", served.log)

    def _end(self, served: Served) -> None:
        if self.sandbox.isolated:
            served.kill()  # its data is in memory and its shared memory in a namespace of its own: nothing stays
        else:
            served.stop(signal.SIGQUIT, grace=3.0)


def _statements(log: str) -> Iterator[Logged]:
    """Reads the log. The server indents the further lines of a record by a tab, so no statement can pretend to be one."""
    for record in re.split(r"\n(?!\t)", log):
        head = _RECORD.fullmatch(record.replace("\n\t", "\n"))
        said = _STATEMENT.fullmatch(head[4]) if head and head[3] == "LOG" else None
        if head and said:
            yield Logged(int(head[1]), head[2], said[1])


def _broken(what: str, said: bytes) -> ExpectedError:
    last = said.decode(errors="replace").strip()[-600:]
    return ExpectedError(
        f"{what}: {last or 'it said nothing'}",
        "Run `schemagate doctor` on the worker's machine: it starts one of each scratch server.",
        RefusalCode.SANDBOX_UNAVAILABLE,
    )
