"""The real sandbox, once for the whole run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sandbox.machine import Stranger, our_identity, our_named_identity, our_python, real_sandbox
from workers.sandbox.run import Bubblewrap, Unsandboxed
from workers.sandbox.runtime import Runtime, open_area


@pytest.fixture(scope="session")
def area(shared_dir: Path) -> Path:
    return open_area(shared_dir / "sandbox", our_identity())


@pytest.fixture(scope="session")
def python(area: Path) -> Runtime:
    return our_python(area)


@pytest.fixture(scope="session")
def sandbox(area: Path) -> Bubblewrap:
    return real_sandbox(area).sandbox


@pytest.fixture
def stranger(sandbox: Bubblewrap, python: Runtime) -> Stranger:
    return Stranger(sandbox, python)


@pytest.fixture
def unsandboxed(area: Path) -> Unsandboxed:
    return Unsandboxed(identity=our_named_identity(), area=area)
