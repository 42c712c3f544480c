"""Throw-away MariaDB and MySQL servers: how one is made and started, how it is reached, and who its superuser is.

The superuser's name and password are made for each server and given before any stranger's SQL is heard; so only the worker can
read the log of what others sent, or switch it off, and nobody can let code run as the superuser.
"""

from __future__ import annotations

import contextlib
import secrets
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from workers.core.errors import ExpectedError
from workers.core.names import Engine
from workers.databases.mysql.address import Address
from workers.databases.mysql.binaries import Binaries
from workers.databases.mysql.catalog_frame import ask
from workers.databases.mysql.session import connected
from workers.databases.private_server import DATA, SOCKETS, Recipe, private_server
from workers.sandbox.profile import MEBIBYTE, Bind, Profile
from workers.sandbox.run import Sandbox
from workers.sandbox.served import Served

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
    f"--secure-file-priv={DATA}",
    "--local-infile=0",
    "--skip-name-resolve",
    "--skip-symbolic-links",
)
_SETTINGS_MARIADB = ("--innodb-flush-method=nosync", "--aria-pagecache-buffer-size=8M", "--loose-feedback=off")
_SETTINGS_MYSQL = ("--mysqlx=OFF",)
# Feeds the system tables to a server that answers nobody. The first argument ends the list of files.
_BOOTSTRAP = (
    "/bin/sh",
    "-c",
    'sql=$1; shift; { printf "CREATE DATABASE mysql;\\nUSE mysql;\\n"; for file in $sql; do cat "$file"; done; } | "$@"',
    "sh",
)


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

    def started(self, options: tuple[str, ...] = ()) -> AbstractContextManager[Server]:
        """A fresh server for the length of the block; `options` are settings that only a start can give."""
        return private_server(self._recipe(options), self.sandbox, self.area, self._ready)

    def _recipe(self, options: tuple[str, ...]) -> Recipe:
        case = next((item for item in options if item.startswith("--lower-case-table-names=")), "")
        return Recipe(
            name=f"{self.binaries.engine.value}-{self.binaries.version}",
            program=self.binaries.server,
            making=self._making(case),
            running=(*self._command(), *_SETTINGS, *self._own_settings(), *options),
            socket=_SOCKET,
            profile=Profile(
                read_only=self.binaries.binds(self.area, self.sandbox.identity),
                environment=self.binaries.environment(),
                processes=128,
                open_files=4096,
                memory_bytes=4096 * MEBIBYTE,
                file_bytes=self.data_bytes,
                wall_seconds=120,
            ),
            data_bytes=self.data_bytes,
            stop=signal.SIGTERM,
            grace=5.0,
        )

    def _making(self, case: str) -> tuple[str, ...]:
        more = (case,) if case else ()
        if self.binaries.engine is Engine.MYSQL:
            return (*self._command(), "--initialize-insecure", *more)
        present = (self.binaries.share / name for name in _SYSTEM_TABLES)
        files = " ".join(str(file) for file in present if file.exists())
        return (*_BOOTSTRAP, files, *self._command(), "--bootstrap", "--silent-startup", "--log-warnings=0", *more)

    def _command(self) -> Iterator[str]:
        share = self.binaries.share
        yield from (
            str(self.binaries.server),
            "--no-defaults",
            f"--basedir={self.binaries.prefix}",
            f"--datadir={DATA}",
        )
        yield from (f"--lc-messages-dir={share}", f"--character-sets-dir={share / 'charsets'}")
        yield from _FILES_MYSQL if self.binaries.engine is Engine.MYSQL else _FILES

    def _own_settings(self) -> tuple[str, ...]:
        return _SETTINGS_MYSQL if self.binaries.engine is Engine.MYSQL else _SETTINGS_MARIADB

    def _ready(self, socket_dir: Path, served: Served) -> Server | None:
        """The server once it answers and its superuser has a password that nobody else knows."""
        server = Server(
            socket_dir=socket_dir,
            engine=self.binaries.engine,
            version=self.binaries.version,
            served=served,
            superuser=f"schemagate_{secrets.token_hex(8)}",
            password=secrets.token_hex(16),
        )
        with contextlib.suppress(ExpectedError):
            _settle(server)
            return server
        return None


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
