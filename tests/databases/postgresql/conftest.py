"""The engine with its real sandbox, and servers of both versions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.demo.servers import PostgresServer
from tests.sandbox.machine import our_identity, real_sandbox
from workers.databases.postgresql.engine import PostgresqlDatabase
from workers.sandbox.runtime import open_area


@pytest.fixture(scope="session")
def engine(shared_dir: Path) -> PostgresqlDatabase:
    area = open_area(shared_dir / "engine", our_identity())
    return PostgresqlDatabase(area, real_sandbox(area).sandbox, b"a key of the tests, 32 bytes long")


@pytest.fixture(params=[16, 18])
def server(request: pytest.FixtureRequest) -> PostgresServer:
    return request.getfixturevalue("postgres" if request.param == 16 else "postgres18")


@pytest.fixture
def url(server: PostgresServer) -> Iterator[str]:
    """The superuser's URL of an empty database of this test's own, once on each version."""
    made = server.create_database()
    yield made
    server.drop_database(made.rpartition("/")[2])
