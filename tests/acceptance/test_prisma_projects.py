"""Real Prisma projects from an early migration to head in several pulls, through the whole bot."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.acceptance.prisma_ground import OpenTarget, undeclared_at_head, wanted
from tests.acceptance.prisma_projects import SCHEMA, PrismaHistory, litellm
from tests.acceptance.stage import NO_DRIFT, SERVER, WORDS, Measured
from tests.demo.github.contract import assert_no_violations
from tests.story.house import House, open_house
from workers.core.names import Engine
from workers.machine import Machine

MOST = 45_000  # characters of SQL in one pull: about three quarters of what may be in a plan that can still be read
EXPLAINED: dict[str, tuple[str, ...]] = {}
"""What a project's own schema and migrations differ in at its head, and why."""
pytestmark = [pytest.mark.acceptance, pytest.mark.sandbox, pytest.mark.timeout(1200)]


@dataclass(kw_only=True)
class Way:
    """A project on its way to head: `now` migrations are on the default branch."""

    house: House
    history: PrismaHistory
    now: int
    pulls: int = 0
    statements: int = 0

    def bring(self, end: int) -> None:
        """Open a pull with the next migrations, see its report, approve it, see it applied and verified, and merge it."""
        new = self.history.migrations[self.now : end]
        pull = self.house.open_pull(self.history.files(self.now, end), branch=f"up-to-{end}", title=f"Up to {new[-1]}")
        report = self.house.report(pull)
        assert NO_DRIFT in report, report
        plans = self.house.services.store.plans(self.house.repo.id, pull.number, "shop", "prod")
        assert plans, report
        plan = plans[0].plan
        assert {item.id for item in plan.key.pending} >= set(new)
        words = f" {WORDS}" if any(item.destroys for item in plan.body.statements) else ""
        self.house.say(pull, "bob", self.house.offered(pull).split(" --")[0] + words)
        answer = self.house.answers(pull)[-1]
        assert "prod applied and verified" in answer, f"{report}\n{answer}"
        self.house.world.merge(pull, self.house.people["bob"])
        self.house.settle()
        self.now, self.pulls = end, self.pulls + 1
        self.statements += len(plan.body.statements)

    def look_again(self) -> None:
        """A last pull, of a comment in the schema, finds no drift, nothing undeclared and nothing to do."""
        idle = self.house.open_pull({SCHEMA: self.history.schema + "\n// all applied\n"}, branch="idle")
        report = self.house.report(idle)
        assert NO_DRIFT in report, report
        assert self.house.check(idle).conclusion == "success", report


def travel(history: PrismaHistory, machine: Machine, folder: Path, url: str) -> Measured:
    """Take the project to head; the first tenth of its migrations is on the default branch already, and nothing is applied."""
    started, first = time.monotonic(), max(1, len(history.migrations) // 10)
    house = open_house(folder, SERVER, {"PROD_URL": url}, history.first(first), machine=machine)
    way = Way(house=house, history=history, now=first)
    try:
        for end in history.cuts(first, MOST):
            way.bring(end)
        way.look_again()
        beyond = undeclared_at_head(history, house.services, url)
    finally:
        house.close()
    assert_no_violations(house.github.exchange_log, house.github.delivery_log)
    assert beyond == EXPLAINED.get(history.name, ())
    return Measured(
        project=history.name,
        engine="SQLite" if history.engine is Engine.SQLITE else "PostgreSQL",
        pulls=way.pulls,
        migrations=len(history.migrations),
        statements=way.statements,
        seconds=time.monotonic() - started,
        undeclared=len(beyond),
    )


def test_litellm_comes_to_head(
    machine: Machine, shared_dir: Path, data_dir: Path, pg_url: str, measured: list[Measured]
):
    measured.append(travel(litellm(shared_dir), machine, data_dir, pg_url))


@pytest.mark.parametrize("name", ["pingvin", "umami-pg", "hoppscotch", "langfuse"])
def test_a_project_of_the_corpora_comes_to_head(
    name: str, machine: Machine, data_dir: Path, open_target: OpenTarget, measured: list[Measured]
):
    history = wanted(name)
    measured.append(travel(history, machine, data_dir, open_target(history).url))
