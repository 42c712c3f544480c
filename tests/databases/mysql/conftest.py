"""The engine with its real sandbox, and a database of MariaDB with a user that migrates it and one that only reads."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.demo.mariadb import PROJECT, MariadbServer
from tests.sandbox.machine import our_identity, real_sandbox
from workers.core.names import Engine
from workers.databases.mysql.binaries import installed
from workers.databases.mysql.engine import MysqlDatabase
from workers.ports import Target
from workers.sandbox.runtime import open_area

CANARY = "ca/na:ry @%1"


@dataclass(frozen=True, slots=True)
class Place:
    """A database by its users' URLs."""

    server: MariadbServer
    name: str
    url: str
    read_url: str

    def run(self, *statements: str) -> None:
        for statement in statements:
            self.server.query(statement, self.name)


@pytest.fixture(scope="session")
def engine(shared_dir: Path) -> MysqlDatabase:
    area = open_area(shared_dir / "mysql-engine", our_identity())
    key = b"a key of the tests, 32 bytes long"
    return MysqlDatabase(
        Engine.MARIADB, area=area, sandbox=real_sandbox(area).sandbox, binaries=installed(PROJECT), key=key
    )


@pytest.fixture
def place(mariadb: MariadbServer, mariadb_name: str) -> Iterator[Place]:
    mark = secrets.token_hex(4)
    writer, reader = f"writer {mark}", f"reader_{mark}"
    mariadb.create_user(writer, CANARY, f"ALL PRIVILEGES ON `{mariadb_name}`.*")
    mariadb.create_user(
        reader, CANARY, f"SELECT, SHOW VIEW, TRIGGER, EVENT ON `{mariadb_name}`.*", "SELECT ON mysql.proc"
    )
    urls = [mariadb.url(mariadb_name, user=user, password=CANARY) for user in (writer, reader)]
    found = Place(mariadb, mariadb_name, urls[0], urls[1])
    found.run(
        "CREATE TABLE versions (id varchar(9))",
        "INSERT INTO versions VALUES ('two'), ('one')",
        "CREATE TABLE orders (id int PRIMARY KEY, note text)",
    )
    yield found
    mariadb.query(f"DROP USER '{writer}'@'%', '{reader}'@'%'")


@pytest.fixture
def target(engine: MysqlDatabase, place: Place) -> Target:
    return engine.target(place.url, place.read_url)
