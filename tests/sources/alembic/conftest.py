"""What tests of the recorder need: a Python environment in reach of the sandbox, scratch databases, both ways to run."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from deploy.demo.servers import PostgresServer
from tests.sandbox.machine import our_identity, our_python, real_sandbox
from tests.sources.alembic import projects
from tests.sources.alembic.sockets import UnixDoor
from workers.core.names import Engine
from workers.ports import Bind, PythonEnvironment, RecordDirection, Recording, RecordRequest, ScratchAddress
from workers.sandbox.run import Sandbox, Unsandboxed
from workers.sandbox.runtime import Runtime, open_area
from workers.sources.alembic.environments import Environments, from_operator
from workers.sources.alembic.record import Bounds, Recorder
from workers.sources.alembic.source import AlembicSource

# What the sample shop needs, from the environment that runs the tests.
PACKAGES = ("alembic", "sqlalchemy", "mako", "markupsafe", "typing_extensions", "psycopg", "psycopg-binary")


@pytest.fixture(scope="session")
def area(shared_dir: Path) -> Path:
    return open_area(shared_dir / "alembic", our_identity())


@pytest.fixture(scope="session")
def python(area: Path) -> Runtime:
    return our_python(area)


@pytest.fixture(scope="session")
def environment(area: Path, python: Runtime) -> PythonEnvironment:
    """An environment made without an index: our own copies of what the shop needs."""
    place = area / "test-environment"
    words = [python.bin, "-m", "venv", "--without-pip", str(place)]
    subprocess.run(words, env=dict(python.environment), check=True, timeout=60)
    (packages,) = place.glob("lib/python3*/site-packages")
    for name in PACKAGES:
        for file in distribution(name).files or ():
            if file.parts[0] not in {"..", "__pycache__"} and file.suffix != ".pyc":
                (packages / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(str(file.locate()), packages / file)
    words = [python.bin, "-m", "compileall", "-q", "-j", "2", str(packages)]
    subprocess.run(words, env=dict(python.environment), check=True, timeout=120)
    for folder, _, _ in os.walk(place):
        Path(folder).chmod(0o755)
    return PythonEnvironment(path=place, digest="sha256:test", note="the tests' own")


@pytest.fixture(params=[pytest.param("bubblewrap", marks=pytest.mark.sandbox), "unsandboxed"])
def either(request: pytest.FixtureRequest, area: Path) -> Sandbox:
    if request.param == "unsandboxed":
        return Unsandboxed(identity=our_identity(), area=area)
    return real_sandbox(area).sandbox


@pytest.fixture
def sandbox(area: Path) -> Sandbox:
    return real_sandbox(area).sandbox


@pytest.fixture(scope="session")
def environments(area: Path) -> Environments:
    uv = Path(sys.executable).with_name("uv")
    return Environments(
        area=area, identity=our_identity(), uv=uv, interpreter=Path(sys.executable), operator=from_operator(os.environ)
    )


@pytest.fixture
def source(sandbox: Sandbox, area: Path, environments: Environments) -> AlembicSource:
    bounds = Bounds(wall_seconds=60)
    return AlembicSource(recorder=Recorder(sandbox=sandbox, area=area, bounds=bounds), environments=environments)


@pytest.fixture
def sqlite(data_dir: Path) -> ScratchAddress:
    """An empty SQLite file in a folder that is bound at another place."""
    folder = data_dir / "scratch"
    folder.mkdir()
    sqlite3.connect(folder / "scratch.db").close()
    our_identity().owns(folder)
    return ScratchAddress(url="sqlite:////scratch/scratch.db", writable=(Bind(folder, "/scratch"),))


@pytest.fixture
def postgresql(postgres: PostgresServer, pg_url: str, data_dir: Path) -> Iterator[ScratchAddress]:
    """An empty database behind a Unix socket: there is no network inside."""
    name = pg_url.rpartition("/")[2]
    folder = data_dir / "sockets"
    folder.mkdir()
    folder.chmod(0o755)
    with UnixDoor(folder / ".s.PGSQL.5432", postgres.port):
        user = f"postgres:{postgres.password}"
        yield ScratchAddress(url=f"postgresql://{user}@/{name}?host=/sockets", writable=(Bind(folder, "/sockets"),))


Record = Callable[..., Recording]


@pytest.fixture
def record(source: AlembicSource, environment: PythonEnvironment) -> Record:
    """Records a tree on a scratch address, up to the heads where nothing else is said."""

    def run(tree: projects.MemoryTree, address: ScratchAddress, **changed: Any) -> Recording:
        request = RecordRequest(
            tree=tree,
            module=projects.module(),
            address=address,
            engine=Engine.SQLITE if address.url.startswith("sqlite") else Engine.POSTGRESQL,
            direction=RecordDirection.UPGRADE,
            to=(),
            python=environment,
        )
        return source.record(replace(request, **changed))

    return run
