"""The loop with copies on a MariaDB server that the operator lends, and objects there that run as somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.demo.mariadb import MariadbServer
from tests.story.conftest import OpenShop
from tests.story.shop import FIRST, add_column, migration
from tests.story.targets import MariadbDatabase
from tests.story.test_mariadb import prod
from workers.databases.mysql.borrowed import PREFIX

__all__ = ["prod"]
PASSWORD = "canary-of-the-lender"
REVISION = "2b00000000bb"
NAMES = "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA UNION ALL SELECT User FROM mysql.user"
THEIRS = "CREATE DEFINER=owner@localhost VIEW customers_seen AS SELECT id FROM customers"


@pytest.fixture(scope="module")
def lender(shared_dir: Path) -> Iterator[MariadbServer]:
    server = MariadbServer.start(shared_dir / "story-mariadb-lender")
    server.create_user("lent", PASSWORD, "SELECT ON mysql.*", "CREATE USER, SET USER ON *.*")
    server.query("GRANT ALL PRIVILEGES ON `sgscratch\\_%`.* TO lent@'%' WITH GRANT OPTION")
    yield server
    server.stop()


@pytest.mark.acceptance
def test_what_was_rehearsed_on_a_lent_server_is_applied_and_verified(
    open_shop: OpenShop, prod: MariadbDatabase, lender: MariadbServer
):
    shop = open_shop(mariadb=prod, scratch=lender.url("mysql", user="lent", password=PASSWORD))
    pull = shop.house.open_pull(add_column())
    report = shop.house.report(pull)
    assert "**Add column** `orders.delivery`" in report
    assert PREFIX in lender.log.read_text(), "the copies were there"
    shop.house.say(pull, "bob", f"/approve prod {shop.house.code(pull)}")
    assert "prod applied and verified" in shop.house.answers(pull)[-1]
    for text in (*shop.house.comments(pull), shop.house.evidence(pull, "02-migration-plan.md")):
        assert PASSWORD not in text
        assert PREFIX not in text
    assert not [name for (name,) in lender.query(NAMES) if str(name).startswith(PREFIX)]


@pytest.mark.acceptance
def test_what_runs_as_somebody_else_is_copied_shown_and_not_altered(open_shop: OpenShop, prod: MariadbDatabase):
    shop = open_shop(mariadb=prod)
    prod.server.query("CREATE USER owner@localhost")
    try:
        shop.prod.run(THEIRS)
        change = '    op.execute("ALTER VIEW customers_seen AS SELECT id, email FROM customers")\n'
        pull = shop.house.open_pull({f"alembic/versions/{REVISION}_view.py": migration(REVISION, FIRST, change)})
        report = shop.house.report(pull)
        assert "view customers_seen as owner" in report, report
        assert "view `customers_seen`: on prod and in no migration" in report
        assert "rehearsal_failed" in report
        assert "replace a view of somebody else" in report
        change = change.replace("ALTER", "CREATE OR REPLACE")
        shop.house.push("change", {f"alembic/versions/{REVISION}_view.py": migration(REVISION, FIRST, change)})
        shop.house.say(pull, "bob", shop.house.offered(pull))
        assert "prod applied and verified" in shop.house.answers(pull)[-1], shop.house.report(pull)
    finally:
        prod.server.query("DROP USER owner@localhost")
