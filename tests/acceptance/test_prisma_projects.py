"""Real Prisma projects from an early migration to head in several pulls, through the whole bot."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.acceptance.prisma_projects import CORPORA, PrismaHistory, corpus
from tests.acceptance.stage import NO_DRIFT, SERVER, WORDS, Measured
from tests.demo.github.contract import assert_no_violations
from tests.story.house import House, open_house
from workers.machine import Machine

EACH = 12  # more migrations in one pull are more than a person can read, and than the pages of a plan hold
pytestmark = [pytest.mark.acceptance, pytest.mark.sandbox, pytest.mark.timeout(1800)]


def bring(house: House, history: PrismaHistory, start: int, end: int) -> int:
    """Open a pull with the next migrations, see its report, approve it, see it applied and verified, and merge it."""
    files = history.files(start, end)
    pull = house.open_pull(files, branch=f"up-to-{end}", title=f"Up to {history.migrations[end - 1]}")
    report = house.report(pull)
    plans = house.services.store.plans(house.repo.id, pull.number, "shop", "prod")
    assert plans, report
    assert NO_DRIFT in report, report
    plan = plans[0].plan
    words = f" {WORDS}" if any(item.destroys for item in plan.body.statements) else ""
    house.say(pull, "bob", house.offered(pull).split(" --")[0] + words)
    answer = house.answers(pull)[-1]
    assert "prod applied and verified" in answer, f"{report}\n{answer}"
    house.world.merge(pull, house.people["bob"])
    house.settle()
    return len(plan.body.statements)


def run(history: PrismaHistory, machine: Machine, folder: Path, url: str, engine: str) -> Measured:
    started, total = time.monotonic(), len(history.migrations)
    pulls = max(3, -(-total // EACH))
    ends = [total * number // pulls for number in range(1, pulls + 1)]
    first = max(1, total // 10)
    house = open_house(folder, SERVER, {"PROD_URL": url}, history.first(first), machine=machine)
    try:
        statements, now = 0, first
        for end in ends:
            statements += bring(house, history, now, end)
            now = end
        idle = house.open_pull({"prisma/migrations/README.md": "# All applied\n"}, branch="idle")
        report = house.report(idle)
        assert NO_DRIFT in report, report
        assert house.check(idle).conclusion == "success", report
    finally:
        house.close()
    assert_no_violations(house.github.exchange_log, house.github.delivery_log)
    return Measured(
        project=history.name,
        engine=engine,
        pulls=pulls,
        migrations=total,
        statements=statements,
        seconds=time.monotonic() - started,
    )


@pytest.mark.parametrize("name", ["hoppscotch", "umami-pg", "litellm", "langfuse"])
def test_a_project_on_postgresql_comes_to_head(
    name: str, machine: Machine, data_dir: Path, pg_url: str, measured: list[Measured]
):
    history = corpus(name)
    if history is None:
        pytest.skip(f"{CORPORA} names no folder with {name}")
    measured.append(run(history, machine, data_dir, pg_url, "PostgreSQL"))


def test_pingvin_on_sqlite_comes_to_head(machine: Machine, data_dir: Path, sqlite_url: str, measured: list[Measured]):
    history = corpus("pingvin")
    if history is None:
        pytest.skip(f"{CORPORA} names no folder with pingvin")
    measured.append(run(history, machine, data_dir, sqlite_url, "SQLite"))
