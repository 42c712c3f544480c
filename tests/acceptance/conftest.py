"""What projects stand on: a proven sandbox for the run, each project installed once, and the table at the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from deploy.demo.servers import PostgresServer
from tests.acceptance.postgis import PostgisPrograms, postgis_programs
from tests.acceptance.prisma_ground import OpenTarget, server_with
from tests.acceptance.prisma_projects import PrismaHistory
from tests.acceptance.projects import Installed, Project, install
from tests.acceptance.stage import Stage, open_stage
from tests.acceptance.table import MEASURED, Measured
from tests.demo.github.contract import assert_no_violations
from tests.story.targets import PostgresDatabase, SqliteFile, Target
from workers.core.names import Engine
from workers.machine import Machine, find_machine

Install = Callable[[Project], Installed]
OpenStage = Callable[..., Stage]


@pytest.fixture(scope="session")
def machine(shared_dir: Path) -> Machine:
    """The sandbox, and the folder in which environments are kept for the whole run."""
    found = find_machine(shared_dir / "acceptance", off=os.environ.get("SCHEMAGATE_SANDBOX") == "off")
    assert not found.problem, found.problem
    return found


@pytest.fixture(scope="session")
def installed(machine: Machine) -> Install:
    return cache(lambda project: install(project, machine))


@pytest.fixture(scope="session")
def postgis(shared_dir: Path) -> PostgisPrograms:
    return postgis_programs(shared_dir / "postgis")


@pytest.fixture
def sqlite_url(machine: Machine, data_dir: Path) -> str:
    """The URL of an empty SQLite file, in a folder of its own that belongs to an ordinary user."""
    place = data_dir / "prod"
    place.mkdir()
    (place / "prod.db").touch()
    machine.identity.owns(place)
    return f"sqlite:///{place}/prod.db"


@pytest.fixture
def open_target(data_dir: Path, pg_url: str, sqlite_url: str) -> Iterator[OpenTarget]:
    """Opens the empty database that a Prisma project asks for."""
    with ExitStack() as servers:

        def open_one(history: PrismaHistory) -> Target:
            if history.engine is Engine.SQLITE:
                return SqliteFile(Path(sqlite_url.removeprefix("sqlite:///")))
            if not history.extensions:
                return PostgresDatabase(pg_url)
            found = server_with(history.extensions)
            server = PostgresServer.start(found.major, data_dir / "postgres", install=found.folder.parent)
            servers.callback(server.stop)
            return PostgresDatabase(server.create_database())

        yield open_one


@pytest.fixture
def open_project(machine: Machine, data_dir: Path) -> Iterator[OpenStage]:
    """Opens the story's stage; what the stand-in and we said is held to GitHub's description when it ends."""
    opened: list[Stage] = []

    def open_one(found: Installed, url: str, now: str) -> Stage:
        opened.append(open_stage(found, machine, data_dir, url, now))
        return opened[-1]

    yield open_one
    for stage in opened:
        stage.house.close()
        assert_no_violations(stage.house.github.exchange_log, stage.house.github.delivery_log)


@pytest.fixture
def measured(pytestconfig: pytest.Config) -> list[Measured]:
    """Where a story leaves its line."""
    return pytestconfig.stash.setdefault(MEASURED, [])
