"""The sandbox of the machine that the tests run on, and strangers' Python to run in it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.source_files import ROOT
from workers.sandbox.child import Outcome
from workers.sandbox.find import Unavailable
from workers.sandbox.identity import Identity, identity, named_identity
from workers.sandbox.profile import MEBIBYTE, Profile
from workers.sandbox.run import Sandbox
from workers.sandbox.runtime import Runtime, python_runtime
from workers.sandbox.selftest import Proven, proven_sandbox

SMALL: dict[str, Any] = {
    "memory_bytes": 256 * MEBIBYTE,
    "file_bytes": 8 * MEBIBYTE,
    "tmp_bytes": 16 * MEBIBYTE,
    "output_bytes": MEBIBYTE,
    "error_bytes": 4096,
    "processes": 24,
    "cpu_seconds": 10,
    "wall_seconds": 20,
}


def worker_environment(**more: str) -> dict[str, str]:
    """For a process that plays a worker: enough to import what this one imports."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "SCHEMAGATE_SANDBOX") if name in os.environ}
    return kept | {"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])} | more


def our_identity() -> Identity:
    return identity(os.geteuid(), os.getegid())


def real_sandbox(area: Path) -> Proven:
    """The proven sandbox. A machine without one fails its tests, unless its operator says that it has none."""
    found = proven_sandbox(
        area=area,
        identity=our_identity(),
        setting=None,
        search_path=os.environ.get("PATH", os.defpath),
        project=ROOT,
    )
    if isinstance(found, Proven):
        return found
    assert isinstance(found, Unavailable)
    if os.environ.get("SCHEMAGATE_SANDBOX") == "off":
        pytest.skip(f"SCHEMAGATE_SANDBOX=off, and there is no sandbox here: {found.reason}")
    pytest.fail(f"{found.reason} {found.advice}")


@dataclass(frozen=True, slots=True)
class Stranger:
    """Runs Python text in a sandbox as a pull's code would run."""

    sandbox: Sandbox
    python: Runtime

    def runs(self, code: str, *, read_only: tuple = (), environment: tuple = (), **profile: Any) -> Outcome:
        return self.sandbox.run(
            [self.python.bin, "-I", "-S", "-c", code],
            Profile(
                read_only=(*self.python.binds, *read_only),
                environment=(*self.python.environment, *environment),
                **(SMALL | profile),
            ),
        )


def our_named_identity() -> Identity:
    return named_identity(os.geteuid(), os.getegid())


def our_python(area: Path) -> Runtime:
    return python_runtime(area, our_identity(), Path(sys.executable))


def processes_with(mark: str) -> list[int]:
    """Every process of the machine whose arguments hold `mark`, this one aside."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes()
            zombie = ") Z " in (folder / "stat").read_text()
        except OSError:
            continue
        if mark.encode() in words and not zombie and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found
