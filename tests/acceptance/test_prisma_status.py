"""Stock Prisma beside us: `prisma migrate status` of the 6 line in its WebAssembly mode, without its binary, says the same of a database.

Its packages are installed at test time by their version; where npm cannot have them, the test says so. What each state means is held
without stock Prisma in `tests/story/test_prisma_faults.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.tools.install_prisma import npm_command
from tests.console.repositories import commit
from tests.story.prisma_shop import FIRST, SECOND, add_column, applied, prisma_files, row, script
from tests.story.targets import PostgresDatabase
from workers.cli import main
from workers.sources.prisma.node import find_node

PACKAGES = ("prisma@6.19.3", "@prisma/adapter-pg@6.19.3")
POSTGRES = "postgresql"
OTHER = "20250303120000_other"
SQL = str(add_column(provider=POSTGRES)[script(SECOND)])
# `experimental.adapter` is what lets it do without its binary; the two programs that it looks for all the same are never started.
CONFIG = """\
import { PrismaPg } from '@prisma/adapter-pg'
export default {
  experimental: { adapter: true },
  engine: 'js',
  schema: 'prisma/schema.prisma',
  adapter: async () => new PrismaPg({ connectionString: process.env.DATABASE_URL }),
}
"""
Status = Callable[[Path, str], str]
Ours = Callable[[Path, str], dict[str, Any]]
pytestmark = [pytest.mark.acceptance, pytest.mark.sandbox, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def status(shared_dir: Path) -> Status:
    """Runs stock Prisma in a repository."""
    node = find_node(os.environ.get("PATH", os.defpath))
    npm = npm_command(node.program, os.environ) if node else None
    if node is None or npm is None:
        pytest.skip("npm is not here")
    place = shared_dir / "stock-prisma"
    place.mkdir()
    words = ("install", "--prefix", str(place), "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    done = subprocess.run(
        [*npm, *words, *PACKAGES], cwd=place, env=dict(os.environ), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"npm cannot install {' and '.join(PACKAGES)}: {done.stderr.strip()[-300:]}")
    (unused := place / "unused").write_text("#!/bin/sh\nexit 9\n")
    unused.chmod(0o755)

    def run(repository: Path, url: str) -> str:
        (repository / "node_modules").symlink_to(place / "node_modules")
        (repository / "prisma.config.ts").write_text(CONFIG)
        environment = {
            "PATH": f"{node.program.parent}:/usr/bin:/bin",
            "HOME": str(place),
            "DATABASE_URL": url,
            "PRISMA_SCHEMA_ENGINE_BINARY": str(unused),
            "PRISMA_QUERY_ENGINE_LIBRARY": str(unused),
            "CHECKPOINT_DISABLE": "1",
            "NO_COLOR": "1",
        }
        program = place / "node_modules" / "prisma" / "build" / "index.js"
        told = subprocess.run(
            [str(node.program), str(program), "migrate", "status"],
            cwd=repository,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return told.stdout + told.stderr

    return run


@pytest.fixture
def ours(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Ours:
    """Asks us for the report of the newest commit."""
    monkeypatch.setenv("SCHEMAGATE_DATA_DIR", str(data_dir / "data"))

    def run(repository: Path, url: str) -> dict[str, Any]:
        out = data_dir / "report.json"
        words = ["report", "--repo", str(repository), "--base", "HEAD~1", "--head", "HEAD", "--env", "prod"]
        main([*words, "--url", url, "--format", "json", "--out", str(out)])
        found: dict[str, Any] = json.loads(out.read_text())
        return found

    return run


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A database and a repository, the words of stock Prisma for them, and our refusal."""

    name: str
    live: str
    second: str
    stock: str
    code: str


DONE = applied(POSTGRES) + SQL + row(SECOND, SQL, POSTGRES)
STATES = (
    State(name="up to date", live=DONE, second=SECOND, stock="is up to date", code="nothing_to_apply"),
    State(name="pending", live=applied(POSTGRES), second=SECOND, stock="not yet been applied", code="needs_approval"),
    State(
        name="failed",
        live=applied(POSTGRES) + row(SECOND, SQL, POSTGRES, finished=False),
        second=SECOND,
        stock="have failed",
        code="failed_migration",
    ),
    State(name="diverged", live=DONE, second=OTHER, stock="not found locally", code="unknown_revision"),
)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_stock_prisma_and_we_say_the_same(state: State, status: Status, ours: Ours, data_dir: Path, pg_url: str):
    PostgresDatabase(pg_url).run(state.live)
    repository = data_dir / "shop"
    commit(repository, prisma_files(POSTGRES))
    commit(repository, add_column(provider=POSTGRES, migration=state.second))
    report = ours(repository, pg_url)
    told = " ".join(status(repository, pg_url).split())
    refusals = {item["code"]: item["message"] for item in report["decision"]["refusals"]}
    assert state.stock in told, told
    assert state.code in refusals, (report["decision"], told)
    pending = [item["migration"] for item in report["pending"]]
    if state.name == "pending":
        assert pending == [SECOND]
    if state.name in {"failed", "diverged"}:
        assert SECOND in refusals[state.code]
    assert FIRST not in pending
    assert (SECOND in told) == (state.name != "up to date")
    assert (OTHER in told) == (state.second == OTHER)
