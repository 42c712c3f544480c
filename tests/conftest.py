"""What every test may lean on: real servers, a folder others can reach, no network, no process left."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from deploy.demo.mariadb import MariadbServer
from deploy.demo.servers import PostgresServer, RedisServer
from tests import network, processes
from tests.acceptance import table

RUN_FOLDERS: pytest.StashKey[list[Path]] = pytest.StashKey()
LEFT_BEHIND: pytest.StashKey[list[str]] = pytest.StashKey()
SERVER_FIXTURES = frozenset({"postgres", "postgres18", "pg_url", "mariadb"})


def pytest_configure(config: pytest.Config) -> None:
    network.allow_loopback_only()
    config.pluginmanager.register(table, "table of real projects")
    config.stash[RUN_FOLDERS] = []
    config.stash[LEFT_BEHIND] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if SERVER_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.db)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A suite that leaves a process behind has failed, whatever its tests said; one of several tells the one that reports."""
    left = session.config.stash[LEFT_BEHIND]
    folders = session.config.stash[RUN_FOLDERS]
    for process in processes.left_behind(folders):
        os.kill(process.pid, signal.SIGKILL)
        left.append(f"{process.pid} {process.command}")
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left"] = left
    elif left:
        lines = "\n".join(f"  {line}" for line in left)
        session.config.get_terminal_writer().line(f"\nProcesses left behind:\n{lines}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    node.config.stash[LEFT_BEHIND] += getattr(node, "workeroutput", {}).get("left", [])


@pytest.fixture(scope="session", autouse=True)
def shared_dir(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for the whole run that any user may pass through (pytest's own are private)."""
    path = Path(tempfile.mkdtemp(prefix="schemagate-"))
    pytestconfig.stash[RUN_FOLDERS] += [path, tmp_path_factory.getbasetemp()]
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """A command that a test runs in this process sets up logs for the stderr of that test alone."""
    configured, handlers, level = structlog.get_config(), list(logging.root.handlers), logging.root.level
    yield
    structlog.configure(**configured)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


@pytest.fixture
def data_dir(shared_dir: Path) -> Iterator[Path]:
    """A fresh folder for one test that any user may pass through."""
    path = Path(tempfile.mkdtemp(dir=shared_dir))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(shared_dir: Path) -> Iterator[PostgresServer]:
    """PostgreSQL 16, for the whole run."""
    server = PostgresServer.start(16, shared_dir / "postgres16")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres18(shared_dir: Path) -> Iterator[PostgresServer]:
    """PostgreSQL 18, for the whole run."""
    server = PostgresServer.start(18, shared_dir / "postgres18")
    yield server
    server.stop()


@pytest.fixture
def pg_url(postgres: PostgresServer) -> Iterator[str]:
    """The superuser's URL of an empty database of this test's own (PostgreSQL 16)."""
    url = postgres.create_database()
    yield url
    postgres.drop_database(url.rpartition("/")[2])


@pytest.fixture(scope="session")
def mariadb(shared_dir: Path) -> Iterator[MariadbServer]:
    """MariaDB as `make` fetched it, for the whole run."""
    server = MariadbServer.start(shared_dir / "mariadb")
    yield server
    server.stop()


@pytest.fixture
def mariadb_name(mariadb: MariadbServer) -> Iterator[str]:
    """An empty database of this test's own."""
    name = mariadb.create_database()
    yield name
    mariadb.drop_database(name)


@pytest.fixture(scope="session")
def _redis(shared_dir: Path) -> Iterator[RedisServer]:
    server = RedisServer.start(shared_dir / "redis")
    yield server
    server.stop()


@pytest.fixture
def redis_server(_redis: RedisServer) -> RedisServer:
    """Redis, empty at the start of each test."""
    _redis.flush()
    return _redis
