"""What stories of real Prisma projects stand on: an empty target that has what the project asks for, and its own schema held to its migrations."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.acceptance.prisma_projects import CORPORA, PrismaHistory, corpus
from tests.sources.alembic.projects import MemoryTree
from tests.story.targets import Target
from workers.core.config import Module
from workers.core.names import Engine, SourceKind
from workers.databases.postgresql.binaries import Binaries, installed
from workers.ports import Services
from workers.sources.prisma.history import Script
from workers.sources.prisma.migrations_table import Bookkeeper
from workers.steps.replay import ReplayQuestion, run_replay
from workers.steps.target import database_of

OpenTarget = Callable[[PrismaHistory], Target]


def wanted(name: str) -> PrismaHistory:
    """A project of the corpora; where they are not here the test says so and ends."""
    history = corpus(name)
    if history is None:
        pytest.skip(f"{CORPORA} names no folder with {name}")
    return history


def server_with(extensions: frozenset[str]) -> Binaries:
    """The newest PostgreSQL of this machine that has all of them (the wheel's have none); without one the test says so and ends."""
    found = next((item for item in reversed(installed()) if extensions <= _extensions(item)), None)
    if found is None:
        pytest.skip(f"no PostgreSQL of this machine has {', '.join(sorted(extensions))}")
    return found


def applied(target: Target, engine: Engine, scripts: Iterable[Script]) -> None:
    """Run scripts as Prisma does, each as one batch, with its row."""
    keeper = Bookkeeper(engine=engine, new_id=lambda: str(uuid.uuid4()))
    for number, script in enumerate(scripts):
        if not number:
            target.run(f"{keeper.creation()};")
        target.run(script.sql or "")
        target.run(f"{keeper.applied(script)};")


def undeclared_at_head(history: PrismaHistory, services: Services, url: str) -> tuple[str, ...]:
    """What the project's own schema says beyond all its migrations, run from nothing."""
    database = database_of(services.databases, url)
    source = next(item for item in services.sources if item.kind is SourceKind.PRISMA)
    assert database
    files = {path: text.encode() for path, text in history.first(len(history.migrations)).items()}
    dump = database.target(url, None).dump(())
    question = ReplayQuestion(
        repository=0,
        module=Module(id="shop", path="."),
        source=source,
        tree=MemoryTree(files),
        revisions=history.migrations,
        then=(),
        like=dump,
        python=None,
        declared=True,
    )
    with database.scratch(None).empty(dump) as scratch:
        replayed = run_replay(question, scratch)
    assert replayed.declared is not None, replayed.error
    return replayed.declared


def _extensions(found: Binaries) -> frozenset[str]:
    words = [str(found.program("pg_config")), "--sharedir"]
    told = subprocess.run(words, env={}, capture_output=True, text=True, check=False, timeout=20).stdout.strip()
    return frozenset(file.stem for file in Path(told or "/nonexistent", "extension").glob("*.control"))
