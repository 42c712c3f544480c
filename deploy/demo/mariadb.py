"""A real MariaDB for the tests, on loopback, gone at the end: the system's, or the one that `make` unpacked."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copytree
from urllib.parse import quote

import pymysql

from deploy.demo.servers import HOST, START_SECONDS, ServerStartError, free_port, owned_directory, spawn, stop
from workers.core.names import Engine
from workers.databases.mysql.binaries import Binaries, installed

PROJECT = Path(__file__).resolve().parents[2]
_SYSTEM = ("mysql_system_tables", "mysql_performance_tables", "mysql_system_tables_data", "maria_add_gis_sp_bootstrap")
_SETTINGS = (
    "--innodb-flush-method=nosync",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=8M",
    "--innodb-data-file-path=ibdata1:5M:autoextend",
    "--innodb-autoextend-increment=1",
    "--innodb-undo-tablespaces=0",
    "--skip-log-bin",
    "--event-scheduler=off",
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_general_ci",
    "--log-output=FILE",
    "--general-log=1",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MariadbServer:
    """A running server; `log` holds every statement that anybody sent to it."""

    port: int
    directory: Path
    password: str
    process: subprocess.Popen[bytes]
    binaries: Binaries

    @classmethod
    def start(cls, directory: Path) -> MariadbServer:
        """Make the system tables and start; raises ServerStartError where this machine has no MariaDB."""
        found = next((item for item in installed(PROJECT) if item.engine is Engine.MARIADB), None)
        if found is None:
            raise ServerStartError("there is no MariaDB; `make setup` fetches it")
        directory.mkdir(mode=0o755)
        program = _reachable(found, directory)
        data = owned_directory(directory / "data")
        data.chmod(0o700)
        common = _common(program, data)
        _bootstrap(program, common, directory)
        port, password = free_port(), secrets.token_hex(8)
        first = owned_directory(directory / "secrets") / "first.sql"
        first.write_text(
            f"ALTER USER root@localhost IDENTIFIED BY '{password}';\n"
            f"CREATE USER root@'{HOST}' IDENTIFIED BY '{password}';\nGRANT ALL ON *.* TO root@'{HOST}' WITH GRANT OPTION;\n"
        )
        own = (f"--port={port}", f"--bind-address={HOST}", f"--socket={data / 's.sock'}", f"--init-file={first}")
        logs = (f"--general-log-file={data / 'general.log'}",)
        argv = [*common, *_SETTINGS, *own, *logs]
        process = spawn(argv, log=directory / "server.log")
        server = cls(port=port, directory=directory, password=password, process=process, binaries=program)
        deadline = time.monotonic() + START_SECONDS
        while not server.answers():
            if process.poll() is not None or time.monotonic() > deadline:
                raise ServerStartError((directory / "server.log").read_text()[-2000:])
            time.sleep(0.05)
        return server

    @property
    def log(self) -> Path:
        return self.directory / "data" / "general.log"

    def url(self, database: str, *, user: str = "root", password: str | None = None, scheme: str = "mysql") -> str:
        """An SQLAlchemy-style URL; without `user`, the superuser's."""
        word = quote(self.password if password is None else password, safe="")
        return f"{scheme}://{quote(user, safe='')}:{word}@{HOST}:{self.port}/{database}"

    def connect(self, database: str | None = None) -> pymysql.connections.Connection[pymysql.cursors.Cursor]:
        """A superuser's session in autocommit."""
        return pymysql.connect(
            host=HOST,
            port=self.port,
            user="root",
            password=self.password,
            database=database,
            autocommit=True,
            charset="utf8mb4",
        )

    def query(self, sql: str, database: str | None = None) -> list[tuple[object, ...]]:
        """What one statement of the test's own gives."""
        with contextlib.closing(self.connect(database)) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def load(self, script: str, database: str) -> None:
        """Run a script of several statements as people do, with MariaDB's own client."""
        program = self.binaries.prefix / "bin" / "mariadb"
        words = [
            str(program),
            "--no-defaults",
            "--default-character-set=utf8mb4",
            f"--host={HOST}",
            f"--port={self.port}",
        ]
        done = subprocess.run(
            [*words, "--user=root", database],
            input=script.encode(),
            env={"MYSQL_PWD": self.password, **dict(self.binaries.environment())},
            capture_output=True,
            check=False,
            timeout=120,
        )
        if done.returncode:
            raise ValueError(done.stderr.decode())

    def dump(self, database: str) -> str:
        """What `mariadb-dump` says of a database without rows."""
        program = self.binaries.prefix / "bin" / "mariadb-dump"
        words = [str(program), "--no-defaults", f"--host={HOST}", f"--port={self.port}", "--user=root", "--no-data"]
        done = subprocess.run(
            [*words, "--routines", "--triggers", "--events", "--skip-comments", database],
            env={"MYSQL_PWD": self.password, **dict(self.binaries.environment())},
            capture_output=True,
            check=True,
            timeout=120,
        )
        return done.stdout.decode()

    def create_database(self, name: str | None = None) -> str:
        """Make an empty database; answers its name."""
        name = name or f"test_{secrets.token_hex(4)}"
        self.query(f"CREATE DATABASE `{name}`")
        return name

    def create_user(self, name: str, password: str, *grants: str) -> None:
        """Make a user with grants, each as it stands between GRANT and TO."""
        self.query(f"CREATE USER '{name}'@'%' IDENTIFIED BY '{password}'")
        for grant in grants:
            self.query(f"GRANT {grant} TO '{name}'@'%'")

    def drop_database(self, name: str) -> None:
        self.query(f"DROP DATABASE IF EXISTS `{name}`")

    def answers(self) -> bool:
        try:
            self.connect().close()
        except pymysql.Error:
            return False
        return True

    def stop(self) -> None:
        stop(self.process, signal.SIGTERM)


def _common(program: Binaries, data: Path) -> list[str]:
    words = [f"{name}={value}" for name, value in program.environment()]
    places = [f"--basedir={program.prefix}", f"--datadir={data}", f"--lc-messages-dir={program.share}"]
    return ["/usr/bin/env", *words, str(program.server), "--no-defaults", *places]


def _bootstrap(program: Binaries, common: list[str], directory: Path) -> None:
    """Make the system tables; the server reads them from a file as a client would send them."""
    script = owned_directory(directory / "secrets") / "system.sql"
    texts = [
        (program.share / f"{name}.sql").read_text() for name in _SYSTEM if (program.share / f"{name}.sql").exists()
    ]
    script.write_text("CREATE DATABASE mysql;\nUSE mysql;\n" + "\n".join(texts))
    files = [
        item
        for item in _SETTINGS
        if "ibdata" in item or "log-file-size" in item or "undo" in item or "increment" in item
    ]
    argv = ["/bin/sh", "-c", 'file=$1; shift; exec "$@" <"$file"', "sh", str(script), *common, *files, "--bootstrap"]
    log = directory / "bootstrap.log"
    if spawn(argv, log=log).wait(timeout=60):
        raise ServerStartError(log.read_text()[-2000:])


def _reachable(found: Binaries, directory: Path) -> Binaries:
    """The program where the servers' user can read it: a checkout may lie in a private home."""
    if os.geteuid() != 0 or all(place.stat().st_mode & 0o005 == 0o005 for place in found.prefix.parents):
        return found
    prefix = Path(copytree(found.prefix, directory / "mariadb", symlinks=True))
    return replace(
        found,
        prefix=prefix,
        server=prefix / found.server.relative_to(found.prefix),
        share=prefix / found.share.relative_to(found.prefix),
    )
