"""Real Prisma projects from an early migration to head in several pulls, through the whole bot."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.acceptance.prisma_ground import OpenTarget, undeclared_at_head, wanted
from tests.acceptance.prisma_projects import SCHEMA, PrismaHistory, litellm
from tests.acceptance.stage import NO_DRIFT, SERVER, WORDS
from tests.acceptance.table import Measured
from tests.demo.github.contract import assert_no_violations
from tests.story.house import House, open_house
from tests.story.targets import PostgresDatabase, Target
from workers.core.names import Engine
from workers.machine import Machine

MOST = 120_000  # characters of SQL in one pull: what its plan may have and still be read, with room for long names
REFUSED = {"langfuse": 2}
"""How many at the end are refused: they choose an isolation level and switch the server's time limit off."""
BEYOND = {
    # Two indexes of its schema that no migration of the wheel makes.
    "litellm-proxy-extras 0.4.110": (
        'CREATE INDEX "LiteLLM_SpendLogs_api_key_startTime_idx" ON "LiteLLM_SpendLogs"("api_key", "startTime")',
        'CREATE INDEX "LiteLLM_SpendLogs_litellm_call_id_idx" ON "LiteLLM_SpendLogs"("litellm_call_id")',
    ),
    # Its schema has an index that none of its migrations makes.
    "umami-pg": ('CREATE INDEX "session_replay_visit_id_idx" ON "session_replay"("visit_id")',),
    # Search indexes of a migration written by hand, which a schema of Prisma cannot say.
    "hoppscotch": (
        'DROP INDEX "TeamCollection_title_trgm_idx"',
        'DROP INDEX "TeamRequest_title_trgm_idx"',
        'DROP INDEX "idx_mock_examples_team_requests_gin"',
        'DROP INDEX "idx_mock_examples_user_requests_gin"',
    ),
}
"""What a project's own schema and its migrations differ in at head."""
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

    def see_refused(self) -> None:
        """The rest holds statements that are never run; nothing of it reaches the target."""
        pull = self.house.open_pull(self.history.files(self.now, len(self.history.migrations)), branch="refused")
        report = self.house.report(pull)
        assert "statement_forbidden" in report, report
        assert NO_DRIFT in report, report

    def look_again(self) -> None:
        """A last pull, of a comment in the schema, finds no drift, nothing undeclared and nothing to do."""
        idle = self.house.open_pull({SCHEMA: self.history.schema + "\n// all applied\n"}, branch="idle")
        report = self.house.report(idle)
        assert NO_DRIFT in report, report
        assert self.house.check(idle).conclusion == "success", report


def travel(history: PrismaHistory, machine: Machine, folder: Path, target: Target) -> Measured:
    """Take the project to head from an empty database; the first tenth of its migrations is on the default branch."""
    started, first = time.monotonic(), max(1, len(history.migrations) // 10)
    house = open_house(folder, SERVER, {"PROD_URL": target.url}, history.first(first), machine=machine)
    way = Way(house=house, history=history, now=first)
    try:
        refused = REFUSED.get(history.name, 0)
        for end in history.cuts(first, MOST, last=len(history.migrations) - refused):
            way.bring(end)
        if refused:
            way.see_refused()
        else:
            way.look_again()
        beyond = undeclared_at_head(history, house.services, target.url)
    finally:
        house.close()
    assert_no_violations(house.github.exchange_log, house.github.delivery_log)
    assert sorted(beyond) == sorted(BEYOND.get(history.name, ()))
    return Measured(
        project=history.name,
        engine="SQLite" if history.engine is Engine.SQLITE else "PostgreSQL",
        pulls=way.pulls,
        migrations=way.now,
        statements=way.statements,
        seconds=time.monotonic() - started,
        undeclared=len(beyond),
    )


def test_litellm_comes_to_head(
    machine: Machine, shared_dir: Path, data_dir: Path, pg_url: str, measured: list[Measured]
):
    measured.append(travel(litellm(shared_dir), machine, data_dir, PostgresDatabase(pg_url)))


@pytest.mark.parametrize("name", ["pingvin", "umami-pg", "hoppscotch", "langfuse"])
def test_a_project_of_the_corpora_comes_to_head(
    name: str, machine: Machine, data_dir: Path, open_target: OpenTarget, measured: list[Measured]
):
    history = wanted(name)
    measured.append(travel(history, machine, data_dir, open_target(history)))
