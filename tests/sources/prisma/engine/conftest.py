"""What tests of Prisma's engine need: the engine in a sandbox, empty scratch databases, both ways to run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.demo.servers import PostgresServer
from tests.sandbox.machine import our_identity, real_sandbox
from tests.sources.alembic.sockets import UnixDoor
from tests.sources.prisma.engine.projects import Database
from workers.core.names import Engine
from workers.ports import Bind, ScratchAddress
from workers.sandbox.run import Sandbox, Unsandboxed
from workers.sandbox.runtime import open_area
from workers.sources.prisma.engine import PrismaEngine
from workers.sources.prisma.process import Bounds, EngineProcess


@pytest.fixture(scope="session")
def area(shared_dir: Path) -> Path:
    return open_area(shared_dir / "prisma", our_identity())


def process(sandbox: Sandbox, area: Path, bounds: Bounds = Bounds(wall_seconds=60)) -> EngineProcess:  # noqa: B008
    return EngineProcess(sandbox=sandbox, area=area, search_path=os.environ.get("PATH", os.defpath), bounds=bounds)


@pytest.fixture
def sandbox(area: Path) -> Sandbox:
    return real_sandbox(area).sandbox


@pytest.fixture
def prisma(sandbox: Sandbox, area: Path) -> PrismaEngine:
    return PrismaEngine(process(sandbox, area))


@pytest.fixture
def hurried(sandbox: Sandbox, area: Path) -> PrismaEngine:
    """One that is ended after four seconds."""
    return PrismaEngine(process(sandbox, area, Bounds(wall_seconds=4)))


@pytest.fixture(params=[pytest.param("bubblewrap", marks=pytest.mark.sandbox), "unsandboxed"])
def either(request: pytest.FixtureRequest, area: Path) -> PrismaEngine:
    """The engine in the sandbox, and by the operator's word without one."""
    if request.param == "unsandboxed":
        return PrismaEngine(process(Unsandboxed(identity=our_identity(), area=area), area))
    return PrismaEngine(process(real_sandbox(area).sandbox, area))


@pytest.fixture
def sqlite(data_dir: Path) -> Database:
    """An empty file in a folder that is bound at another place."""
    folder = data_dir / "scratch"
    folder.mkdir()
    our_identity().owns(folder)
    address = ScratchAddress(url="sqlite:////scratch/db.sqlite", writable=(Bind(folder, "/scratch"),))
    return Database(Engine.SQLITE, address, str(folder / "db.sqlite"))


@pytest.fixture
def postgresql(postgres: PostgresServer, pg_url: str, data_dir: Path) -> Iterator[Database]:
    """An empty database behind a Unix socket: there is no network inside."""
    name = pg_url.rpartition("/")[2]
    folder = data_dir / "sockets"
    folder.mkdir()
    folder.chmod(0o755)
    with UnixDoor(folder / ".s.PGSQL.5432", postgres.port):
        url = f"postgresql://postgres:{postgres.password}@/{name}?host=/sockets"
        address = ScratchAddress(url=url, writable=(Bind(folder, "/sockets"),))
        yield Database(Engine.POSTGRESQL, address, pg_url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """Each engine in turn."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Database)
    return found
