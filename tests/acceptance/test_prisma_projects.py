"""Real Prisma projects from an early migration to head in several pulls, through the whole bot."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.demo.github.records import Pull
from deploy.demo.servers import PostgresServer
from tests.acceptance.prisma_projects import CORPORA, SCHEMA, PrismaHistory, corpus, litellm
from tests.acceptance.servers import serving
from tests.acceptance.stage import NO_DRIFT, SERVER, WORDS, Measured
from tests.demo.github.contract import assert_no_violations
from tests.story.house import House, open_house
from workers.core.names import Engine
from workers.machine import Machine

PULLS = {"litellm-proxy-extras 0.4.110": 4, "langfuse": 5}
DIFFERS = re.compile(r"models and the migrations of this pull differ in (\d+) place")
SUGGESTED = re.compile(r"Ready to commit: (\S+)</summary>\s+```sql\n(.*?)```", re.DOTALL)
pytestmark = [pytest.mark.acceptance, pytest.mark.sandbox, pytest.mark.timeout(1200)]


@dataclass(kw_only=True)
class Way:
    """A project on its way to head: `now` migrations are on the default branch."""

    house: House
    history: PrismaHistory
    now: int
    pulls: int = 0
    statements: int = 0
    undeclared: int = 0

    def bring(self, end: int) -> None:
        """Open a pull with the next migrations, see its report, approve it, see it applied and verified, and merge it."""
        files = self.history.files(self.now, end)
        if end == len(self.history.migrations):
            files |= {SCHEMA: self.history.schema}
        pull = self.house.open_pull(
            files, branch=f"up-to-{end}", title=f"Up to {self.history.migrations[end - 1]}"
        )
        self._declare(pull)
        report = self.house.report(pull)
        assert NO_DRIFT in report, report
        plans = self.house.services.store.plans(self.house.repo.id, pull.number, "shop", "prod")
        assert plans, report
        plan = plans[0].plan
        assert {item.id for item in plan.key.pending} >= set(self.history.migrations[self.now : end])
        words = f" {WORDS}" if any(item.destroys for item in plan.body.statements) else ""
        self.house.say(pull, "bob", self.house.offered(pull).split(" --")[0] + words)
        answer = self.house.answers(pull)[-1]
        assert "prod applied and verified" in answer, f"{report}\n{answer}"
        self.house.world.merge(pull, self.house.people["bob"])
        self.house.settle()
        self.now, self.pulls = end, self.pulls + 1
        self.statements += len(plan.body.statements)

    def _declare(self, pull: Pull) -> None:
        """Where the project's schema and migrations differ at its own head, commit the migration that the report holds."""
        report = self.house.report(pull)
        differs = DIFFERS.search(report)
        if differs:
            found = SUGGESTED.search(report)
            assert found, report
            self.undeclared = int(differs[1])
            self.house.push(pull.head_branch, {found[1]: found[2]})

    def look_again(self) -> None:
        """A last pull, of a comment in the schema, finds no drift, nothing undeclared and nothing to do."""
        idle = self.house.open_pull({SCHEMA: self.history.schema + "\n// all applied\n"}, branch="idle")
        report = self.house.report(idle)
        assert NO_DRIFT in report, report
        assert self.house.check(idle).conclusion == "success", report


def travel(history: PrismaHistory, machine: Machine, folder: Path, url: str) -> Measured:
    started, total = time.monotonic(), len(history.migrations)
    pulls, first = PULLS.get(history.name, 3), max(1, total // 10)
    house = open_house(folder, SERVER, {"PROD_URL": url}, history.first(first), machine=machine)
    way = Way(house=house, history=history, now=first)
    try:
        for number in range(1, pulls + 1):
            way.bring(first + (total - first) * number // pulls)
        way.look_again()
    finally:
        house.close()
    assert_no_violations(house.github.exchange_log, house.github.delivery_log)
    return Measured(
        project=history.name,
        engine="SQLite" if history.engine is Engine.SQLITE else "PostgreSQL",
        pulls=way.pulls,
        migrations=total,
        statements=way.statements,
        seconds=time.monotonic() - started,
        undeclared=way.undeclared,
    )


@pytest.fixture
def extended(data_dir: Path) -> Iterator[ExitStack]:
    """Where servers with extensions end."""
    with ExitStack() as stack:
        yield stack


def test_litellm_comes_to_head(
    machine: Machine, shared_dir: Path, data_dir: Path, pg_url: str, measured: list[Measured]
):
    measured.append(travel(litellm(shared_dir), machine, data_dir, pg_url))


@pytest.mark.parametrize("name", ["hoppscotch", "umami-pg", "langfuse"])
def test_a_project_on_postgresql_comes_to_head(
    name: str, machine: Machine, data_dir: Path, pg_url: str, extended: ExitStack, measured: list[Measured]
):
    history = corpus(name)
    if history is None:
        pytest.skip(f"{CORPORA} names no folder with {name}")
    if history.extensions:
        install = serving(history.extensions)
        if install is None:
            pytest.skip(f"{name} needs {', '.join(sorted(history.extensions))}, which no PostgreSQL of this machine has")
        server = PostgresServer.start(install.major, data_dir / "postgres", install=install.folder.parent)
        extended.callback(server.stop)
        pg_url = server.create_database()
    measured.append(travel(history, machine, data_dir, pg_url))


def test_pingvin_on_sqlite_comes_to_head(machine: Machine, data_dir: Path, sqlite_url: str, measured: list[Measured]):
    history = corpus("pingvin")
    if history is None:
        pytest.skip(f"{CORPORA} names no folder with pingvin")
    measured.append(travel(history, machine, data_dir, sqlite_url))
