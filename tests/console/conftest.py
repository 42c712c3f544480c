"""The command as people run it: a process of its own, with an environment that says everything."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.source_files import ROOT
from tests.story.ground import Ground, make_ground

Ran = subprocess.CompletedProcess[str]
Command = Callable[..., Ran]


@pytest.fixture(scope="session")
def ground(shared_dir: Path) -> Ground:
    return make_ground(shared_dir / "console")


@pytest.fixture
def command(data_dir: Path) -> Command:
    """Runs `schemagate` in an empty folder of this test; keywords are further variables."""
    (work := data_dir / "work").mkdir()
    (data := data_dir / "data").mkdir(mode=0o711)  # a sandbox's user passes, so nothing is laid elsewhere for it

    def run(*words: object, **variables: str) -> Ran:
        kept = {name: value for name, value in os.environ.items() if name in {"PATH", "SCHEMAGATE_SANDBOX"}}
        environment = {
            **kept,
            "HOME": str(data_dir),
            "PYTHONPATH": str(ROOT),
            "SCHEMAGATE_DATA_DIR": str(data),
        }
        return subprocess.run(
            [sys.executable, "-m", "workers.cli", *map(str, words)],
            cwd=work,
            env=environment | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            text=True,
        )

    return run
