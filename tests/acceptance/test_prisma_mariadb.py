"""A real Prisma project on MariaDB, from its first migration to head in several pulls, through the whole bot."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.demo.mariadb import MariadbServer
from tests.acceptance.prisma_projects import CORPORA, PrismaHistory, corpus, corpus_folder
from tests.acceptance.stage import NO_DRIFT, SERVER, WORDS
from tests.acceptance.table import Measured
from tests.demo.github.contract import assert_no_violations
from tests.story.house import House, open_house
from tests.story.prisma_shop import row
from tests.story.targets import MariadbDatabase
from workers.machine import Machine

SCHEMA = "prisma/schema.prisma"
PULLS = (4, 8, 13)
pytestmark = [pytest.mark.acceptance, pytest.mark.sandbox, pytest.mark.timeout(600)]


def bring(house: House, files: dict[str, str | bytes | None], name: str) -> int:
    """Open a pull, see its report, approve it, see it applied and verified, and merge it; the number of its statements."""
    pull = house.open_pull(files, branch=name, title=name)
    report = house.report(pull)
    assert NO_DRIFT in report, report
    plans = house.services.store.plans(house.repo.id, pull.number, "shop", "prod")
    assert plans, report
    plan = plans[0].plan
    words = f" {WORDS}" if any(item.destroys for item in plan.body.statements) else ""
    house.say(pull, "bob", house.offered(pull).split(" --")[0] + words)
    answer = house.answers(pull)[-1]
    assert "prod applied and verified" in answer, f"{report}\n{answer}"
    house.world.merge(pull, house.people["bob"])
    house.settle()
    return len(plan.body.statements)


@pytest.fixture
def prod(mariadb: MariadbServer, mariadb_name: str) -> Iterator[MariadbDatabase]:
    """A database that a user of its own may do anything in, and nothing elsewhere."""
    user, password = "umami", secrets.token_hex(12)
    mariadb.create_user(user, password, f"ALL PRIVILEGES ON `{mariadb_name}`.*", "SELECT ON mysql.proc")
    yield MariadbDatabase(mariadb.url(mariadb_name, user=user, password=password), mariadb, mariadb_name)
    mariadb.query(f"DROP USER '{user}'@'%'")


def test_umami_comes_to_head_on_mariadb(
    machine: Machine, data_dir: Path, prod: MariadbDatabase, measured: list[Measured]
):
    history, folder = corpus("umami-mysql"), corpus_folder("umami-mysql")
    if history is None or folder is None:
        pytest.skip(f"{CORPORA} names no folder with umami-mysql")
    shim = (folder / "mariadb_shim.sql").read_text()
    prod.run(plain(shim).replace("CREATE FUNCTION", "CREATE DEFINER = 'umami'@'%' FUNCTION"))
    _apply(prod, history)
    started = time.monotonic()
    first = history.first(1) | {"prisma.config.ts": config(shim)}
    house = open_house(data_dir, SERVER, {"PROD_URL": prod.url}, first, machine=machine)
    try:
        statements, now = 0, 1
        for end in PULLS:
            files = history.files(now, end)
            statements += bring(house, files | ({SCHEMA: history.schema} if end == PULLS[-1] else {}), f"up-to-{end}")
            now = end
        idle = house.open_pull({SCHEMA: history.schema + "\n// all applied\n"}, branch="idle")
        report = house.report(idle)
        assert NO_DRIFT in report, report
        assert house.check(idle).conclusion == "success", report
    finally:
        house.close()
    assert_no_violations(house.github.exchange_log, house.github.delivery_log)
    done = prod.server.query("SELECT COUNT(*) FROM _prisma_migrations WHERE applied_steps_count = 1", prod.name)
    assert done == [(len(history.migrations),)]
    seconds = time.monotonic() - started
    assert seconds < 240
    measured.append(
        Measured(
            project="umami-mysql",
            engine="MariaDB",
            pulls=len(PULLS),
            migrations=len(history.migrations) - 1,
            statements=statements,
            seconds=seconds,
        )
    )


def config(shim: str) -> str:
    """A prisma.config that makes in an empty database what MariaDB lacks of MySQL: the shim without the words of its client."""
    said = f"{{ migrations: {{ initShadowDb: {json.dumps(plain(shim))} }} }}"
    return f'import {{ defineConfig }} from "prisma/config"\nexport default defineConfig({said})\n'


def plain(shim: str) -> str:
    """The shim without the words that only MySQL's own client knows."""
    return "\n".join(line.removesuffix("//") for line in shim.splitlines() if not line.startswith("DELIMITER"))


def _apply(prod: MariadbDatabase, history: PrismaHistory) -> None:
    """What Prisma left of the first migration."""
    script = history.script(history.migrations[0])
    prod.run(f"{script.sql};\n{row(script.name, script.sql or '', 'mysql')}")
