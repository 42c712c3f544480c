"""SQLite as the service uses it: in the real sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sandbox.machine import our_identity, our_named_identity, real_sandbox
from workers.databases.sqlite.database import SqliteDatabase
from workers.sandbox.run import Sandbox, Unsandboxed
from workers.sandbox.runtime import open_area


@pytest.fixture(scope="session")
def area(shared_dir: Path) -> Path:
    return open_area(shared_dir / "sandbox", our_identity())


@pytest.fixture(scope="session")
def sandbox(area: Path) -> Sandbox:
    return real_sandbox(area).sandbox


@pytest.fixture(scope="session")
def engine(area: Path, sandbox: Sandbox) -> SqliteDatabase:
    return SqliteDatabase(area, sandbox)


@pytest.fixture(params=["bubblewrap", "unsandboxed"])
def either(request: pytest.FixtureRequest, area: Path) -> SqliteDatabase:
    if request.param == "unsandboxed":
        return SqliteDatabase(area, Unsandboxed(identity=our_named_identity(), area=area))
    engine: SqliteDatabase = request.getfixturevalue("engine")
    return engine
