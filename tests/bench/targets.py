"""The two databases of a comparison, on servers of our own, made anew for every size."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pymysql

from deploy.demo.mariadb import MariadbServer
from deploy.demo.servers import PostgresServer, ServerStartError
from tests.bench.workload import Side, workload
from workers.core.names import Engine
from workers.sandbox.identity import identity

_SIDES = (Side.WANTED, Side.FOUND)
_QUICK = Path("/dev/shm")  # memory that is mounted as a folder
_ROOM = 6 * 1024**3
_TOGETHER = 500
Urls = tuple[str, str]


class Postgresql:
    """A PostgreSQL of the tests' own."""

    engine = Engine.POSTGRESQL

    def __init__(self, folder: Path) -> None:
        self._server = PostgresServer.start(16, folder / "postgresql")
        self._server.execute("ALTER SYSTEM SET log_statement = 'none'")
        self._server.execute("SELECT pg_reload_conf()")

    @contextlib.contextmanager
    def made(self, count: int) -> Iterator[Urls]:
        urls = (self._server.create_database(), self._server.create_database())
        for url, side in zip(urls, _SIDES, strict=True):
            with psycopg.connect(url, autocommit=True) as connection:
                statements = list(workload(self.engine, count, side))
                for start in range(0, len(statements), _TOGETHER):  # one text is one transaction, which holds its locks
                    connection.execute(";\n".join(statements[start : start + _TOGETHER]).encode())
                connection.execute("VACUUM ANALYZE")
        yield urls
        for url in urls:
            self._server.drop_database(url.rpartition("/")[2])

    def stop(self) -> None:
        self._server.stop()


class Mariadb:
    """A MariaDB of the tests' own."""

    engine = Engine.MARIADB

    def __init__(self, folder: Path) -> None:
        # It syncs files at every statement, which takes minutes for thousands of tables where that means a disk.
        quick = _QUICK.is_dir() and shutil.disk_usage(_QUICK).free > _ROOM
        self._folder = Path(tempfile.mkdtemp(prefix="schemagate-bench-", dir=_QUICK)) if quick else folder
        self._folder.chmod(0o755)
        self._server = MariadbServer.start(self._folder / "mariadb")

    @contextlib.contextmanager
    def made(self, count: int) -> Iterator[Urls]:
        wanted, found = names = (self._server.create_database(), self._server.create_database())
        for name, side in zip(names, _SIDES, strict=True):
            self._fill(name, count, side)
        yield self._server.url(wanted), self._server.url(found)
        for name in names:
            self._server.drop_database(name)

    def _fill(self, name: str, count: int, side: Side) -> None:
        server = self._server
        connection = pymysql.connect(
            host="127.0.0.1", port=server.port, user="root", password=server.password, database=name, autocommit=True
        )
        with connection, connection.cursor() as cursor:
            cursor.execute("SET GLOBAL general_log = OFF")
            cursor.execute("SET foreign_key_checks = 0")
            for statement in workload(self.engine, count, side):
                cursor.execute(statement)

    def stop(self) -> None:
        self._server.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


class Sqlite:
    """Files in a folder that the sandbox's user may pass."""

    engine = Engine.SQLITE

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "sqlite"

    @contextlib.contextmanager
    def made(self, count: int) -> Iterator[Urls]:
        self._folder.mkdir()
        for side in _SIDES:
            connection = sqlite3.connect(self._folder / f"{side.value}.db", isolation_level=None)
            with contextlib.closing(connection):
                connection.execute("PRAGMA synchronous = OFF")
                statements = ";\n".join(("BEGIN", *workload(self.engine, count, side), "COMMIT"))
                connection.executescript(statements)
        identity(os.geteuid(), os.getegid()).owns(self._folder)
        yield f"sqlite:///{self._folder}/a.db", f"sqlite:///{self._folder}/b.db"
        shutil.rmtree(self._folder)

    def stop(self) -> None:
        """Nothing runs."""


Place = Postgresql | Mariadb | Sqlite
PLACES: tuple[type[Place], ...] = (Postgresql, Mariadb, Sqlite)


@contextlib.contextmanager
def places(wanted: tuple[Engine, ...]) -> Iterator[tuple[Place, ...]]:
    """Start the servers of these engines; one that this machine does not have is named on stderr and left out."""
    folder = Path(tempfile.mkdtemp(prefix="schemagate-bench-"))
    folder.chmod(0o755)
    started: list[Place] = []
    try:
        for each in PLACES:
            if each.engine in wanted:
                try:
                    started.append(each(folder))
                except ServerStartError as error:
                    sys.stderr.write(f"{each.engine.value} is left out: {error}\n")
        yield tuple(started)
    finally:
        for place in started:
            place.stop()
        shutil.rmtree(folder, ignore_errors=True)
