"""Throw-away MariaDB and MySQL servers, each in a sandbox of its own: nothing but a unix socket leads in, nothing leads out.

The superuser's name and password are made for each server and given before any stranger's SQL is heard; so only the worker can
read the log of what others sent, or switch it off, and nobody can let code run as the superuser. What a server can write is in
memory and has a size. Its socket is handed over as in the PostgreSQL engine: a second name in a folder that no server sees, and
the folder that the server made it in is gone.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import signal
import stat
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workers.core.errors import ExpectedError
from workers.core.names import Engine
from workers.core.refusals import RefusalCode
from workers.databases.mysql.address import Address
from workers.databases.mysql.binaries import Binaries
from workers.databases.mysql.catalog_frame import ask
from workers.databases.mysql.session import connected
from workers.sandbox.folders import claimed_folder
from workers.sandbox.profile import MEBIBYTE, Bind, Profile
from workers.sandbox.run import Sandbox
from workers.sandbox.served import Served

SOCKETS = "/sockets"
"""Where a sandbox finds a server's socket folder."""

_SOCKET = "s.sock"
_SYSTEM_TABLES = (
    "mysql_system_tables.sql",
    "mariadb_system_tables.sql",
    "mysql_performance_tables.sql",
    "mariadb_performance_tables.sql",
    "mysql_system_tables_data.sql",
    "mariadb_system_tables_data.sql",
)
_FILES = (
    "--innodb-log-file-size=4M",
    "--innodb-data-file-path=ibdata1:5M:autoextend",
    "--innodb-autoextend-increment=1",
    "--innodb-undo-tablespaces=0",
)
_FILES_MYSQL = ("--innodb-redo-log-capacity=8M", "--innodb-autoextend-increment=1")
_SETTINGS = (
    "--skip-networking",
    f"--socket={SOCKETS}/{_SOCKET}",
    "--skip-log-bin",
    "--innodb-buffer-pool-size=32M",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-temp-data-file-path=ibtmp1:1M:autoextend",
    "--innodb-stats-persistent=0",
    "--performance-schema=off",
    "--event-scheduler=off",  # nothing runs but what is sent
    "--log-output=TABLE",
    "--general-log=1",
    "--max-connections=20",
    "--max-allowed-packet=64M",
    "--secure-file-priv=/data",
    "--local-infile=0",
    "--skip-name-resolve",
    "--skip-symbolic-links",
)
_SETTINGS_MARIADB = ("--innodb-flush-method=nosync", "--aria-pagecache-buffer-size=8M", "--loose-feedback=off")
_SETTINGS_MYSQL = ("--mysqlx=OFF",)
# Copies the template into memory and becomes the server. A constant; what varies comes as arguments.
_COPY_AND_RUN = ("/bin/sh", "-c", 'cp -a /template/. /data && exec "$@"', "sh")
# Feeds the system tables to a server that answers nobody. The first argument ends the list of files.
_BOOTSTRAP = (
    "/bin/sh",
    "-c",
    'sql=$1; shift; { printf "CREATE DATABASE mysql;\\nUSE mysql;\\n"; for file in $sql; do cat "$file"; done; } | "$@"',
    "sh",
)
_READY_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running scratch server. `socket_dir` is the worker's; a sandbox gets it read-only by `bind`."""

    socket_dir: Path
    engine: Engine
    version: str
    served: Served
    superuser: str
    password: str

    @property
    def bind(self) -> Bind:
        """For another sandbox's profile."""
        return self.socket_dir, SOCKETS

    def address(self, user: str = "", password: str = "", database: str = "mysql") -> Address:
        """Where the worker finds it, as a user, else as the superuser."""
        return Address(
            host="localhost",
            port=0,
            socket=str(self.socket_dir / _SOCKET),
            user=user or self.superuser,
            password=password if user else self.password,
            database=database,
            tls="disabled",
        )

    @property
    def inside(self) -> str:
        """Where a sandbox finds its socket."""
        return f"{SOCKETS}/{_SOCKET}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """Starts servers of one program. `area` is the sandbox area (see `workers.sandbox.runtime.open_area`)."""

    sandbox: Sandbox
    area: Path
    binaries: Binaries
    data_bytes: int = 1024 * MEBIBYTE

    @contextlib.contextmanager
    def started(self, options: tuple[str, ...] = ()) -> Iterator[Server]:
        """A fresh server for the length of the block; `options` are settings that only a start can give."""
        case = next((item for item in options if item.startswith("--lower-case-table-names=")), "")
        template = self._template(case)
        with claimed_folder(self.area) as folder:
            sockets = folder / "s"
            sockets.mkdir(mode=0o700)
            self.sandbox.identity.owns(sockets)
            command = (*_COPY_AND_RUN, *self._command(), *_SETTINGS, *self._own_settings(), *options)
            served = self.sandbox.serve(command, self._profile((template, "/template"), writable=(sockets, SOCKETS)))
            try:
                yield self._ready(served, folder)
            finally:
                self._end(served)

    def _template(self, case: str) -> Path:
        """A data folder with the system tables alone, made once per program and kept in the area."""
        template = self.area / "templates" / f"{self.binaries.engine.value}-{self.binaries.version}-{self._stamp(case)}"
        if template.exists():
            return template
        template.parent.mkdir(exist_ok=True)
        template.parent.chmod(0o711)
        with tempfile.TemporaryDirectory(dir=template.parent, prefix=".new-", ignore_cleanup_errors=True) as made:
            Path(made).chmod(0o711)
            data = Path(made, "data")
            data.mkdir(mode=0o700)
            self.sandbox.identity.owns(data)
            outcome = self.sandbox.run(self._making(case), self._profile(writable=(data, "/data")))
            if not outcome.ok:
                raise _broken("the system tables cannot be made", outcome.stderr or outcome.stdout)
            with contextlib.suppress(OSError):  # another process was faster
                data.rename(template)
        return template

    def _making(self, case: str) -> tuple[str, ...]:
        more = (case,) if case else ()
        if self.binaries.engine is Engine.MYSQL:
            return (*self._command(), "--initialize-insecure", *more)
        present = (self.binaries.share / name for name in _SYSTEM_TABLES)
        files = " ".join(str(file) for file in present if file.exists())
        return (*_BOOTSTRAP, files, *self._command(), "--bootstrap", "--silent-startup", "--log-warnings=0", *more)

    def _stamp(self, case: str) -> str:
        program = self.binaries.server.stat()
        facts = (str(self.binaries.server), program.st_size, program.st_mtime_ns, self._making(case))
        return hashlib.sha256(repr((facts, self.sandbox.identity.uid)).encode()).hexdigest()[:12]

    def _command(self) -> Iterator[str]:
        share = self.binaries.share
        yield from (str(self.binaries.server), "--no-defaults", f"--basedir={self.binaries.prefix}", "--datadir=/data")
        yield from (f"--lc-messages-dir={share}", f"--character-sets-dir={share / 'charsets'}")
        yield from _FILES_MYSQL if self.binaries.engine is Engine.MYSQL else _FILES

    def _own_settings(self) -> tuple[str, ...]:
        return _SETTINGS_MYSQL if self.binaries.engine is Engine.MYSQL else _SETTINGS_MARIADB

    def _profile(self, *read_only: Bind, writable: Bind) -> Profile:
        volatile = () if writable[1] == "/data" else (("/data", self.data_bytes),)
        return Profile(
            read_only=(*self.binaries.binds(self.area, self.sandbox.identity), *read_only),
            writable=(writable,),
            environment=self.binaries.environment(),
            volatile=volatile,
            processes=128,
            open_files=4096,
            memory_bytes=4096 * MEBIBYTE,
            file_bytes=self.data_bytes,
            wall_seconds=120,
        )

    def _ready(self, served: Served, folder: Path) -> Server:
        """The server once it answers and its superuser has a password that nobody else knows."""
        deadline = time.monotonic() + _READY_SECONDS
        private = self._private_name(served, folder, deadline)
        server = Server(
            socket_dir=private,
            engine=self.binaries.engine,
            version=self.binaries.version,
            served=served,
            superuser=f"schemagate_{secrets.token_hex(8)}",
            password=secrets.token_hex(16),
        )
        while served.alive and time.monotonic() < deadline:
            with contextlib.suppress(ExpectedError):
                _settle(server)
                shutil.rmtree(folder / "s")
                return server
            time.sleep(0.02)
        raise _broken("a scratch server did not answer", served.log)

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
        raise _broken("a scratch server did not start", served.log)

    def _end(self, served: Served) -> None:
        if self.sandbox.isolated:
            served.kill()  # its data is in memory: nothing stays
        else:
            served.stop(signal.SIGTERM, grace=5.0)


def _settle(server: Server) -> None:
    """Make our own superuser, then take away every account that the template came with."""
    with connected(server.address("root", "", "mysql")) as connection:
        ours = f"'{server.superuser}'@'localhost'"
        ask(connection, f"CREATE USER {ours} IDENTIFIED BY '{server.password}'")
        ask(connection, f"GRANT ALL PRIVILEGES ON *.* TO {ours} WITH GRANT OPTION")
    with connected(server.address()) as connection:
        query = f"SELECT User, Host FROM mysql.user WHERE User <> '{server.superuser}' AND User NOT LIKE 'mysql.%' AND User NOT LIKE 'mariadb.%'"
        for user, host in ask(connection, query):
            ask(connection, f"DROP USER '{user}'@'{host}'")
        ask(connection, "TRUNCATE TABLE mysql.general_log")


def _broken(what: str, said: bytes) -> ExpectedError:
    lines = [line for line in said.decode(errors="replace").strip().splitlines() if "[Note]" not in line]
    last = "\n".join(lines)[-600:]
    return ExpectedError(
        f"{what}: {last or 'it said nothing'}",
        "Run `schemagate doctor` on the worker's machine: it tells which scratch servers are there.",
        RefusalCode.SANDBOX_UNAVAILABLE,
    )
