"""A database without history: the report finds the revision that made it, or names the nearest and what differs."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from tests.fakes.scratch import WithoutScratch
from tests.story.conftest import OpenShop
from tests.story.ground import Shop
from tests.story.shop import FIRST, add_column, migration, shop_files
from tests.story.targets import MariadbDatabase
from tests.story.test_mariadb import prod

__all__ = ["prod"]
SECOND, THIRD, FOURTH = "2b00000000bb", "3c00000000cc", "4d00000000dd"
_ROWS = "    op.execute(\"INSERT INTO customers (id, email) VALUES (1, 'house@example.com')\")\n"
_LATER = {
    **{path: text for path, text in add_column().items() if text and path.startswith("alembic/")},
    f"alembic/versions/{THIRD}_rows.py": migration(THIRD, SECOND, _ROWS),
    f"alembic/versions/{FOURTH}_drop.py": migration(FOURTH, THIRD, '    op.drop_column("orders", "delivery")\n'),
}
_BY_SECOND = "ALTER TABLE orders ADD COLUMN delivery TEXT"


def without_history(open_shop: OpenShop, *, sql: str = "", **more: Any) -> tuple[Shop, str]:
    """A shop with four migrations whose database has the second one's schema, and no version table; the report of a pull."""
    shop = open_shop(**more)
    shop.house.push("main", _LATER)
    shop.prod.run(f"DROP TABLE alembic_version; {_BY_SECOND}{sql}")
    return shop, shop.house.report(shop.house.open_pull(add_column("again", revision="5e00000000ee", after=FOURTH)))


def test_the_revision_in_the_middle_that_made_it_is_found(open_shop: OpenShop):
    _, report = without_history(open_shop)
    assert_third_is_found(report)


def test_where_none_made_it_the_nearest_is_named_with_what_differs(open_shop: OpenShop):
    _, report = without_history(open_shop, sql="; CREATE TABLE loads (id INTEGER)")
    assert f"the nearest is {THIRD}, and" in report
    assert "no revision makes just this schema" in report.lower()
    assert "drift-1" in report
    assert "loads" in report


@pytest.mark.acceptance
def test_it_is_found_on_postgresql(open_shop: OpenShop, pg_url: str):
    _, report = without_history(open_shop, postgres=pg_url)
    assert_third_is_found(report)


@pytest.mark.acceptance
def test_it_is_found_on_mariadb(open_shop: OpenShop, prod: MariadbDatabase):
    _, report = without_history(open_shop, mariadb=prod)
    assert_third_is_found(report)


def assert_third_is_found(report: str) -> None:
    """The third wrote rows only: its schema is the second's, too."""
    assert f"exactly what {THIRD} leaves, and what {SECOND} leaves, without the rows written since" in report
    assert f"/baseline prod {THIRD}" in report
    assert FIRST not in report.split("exactly what")[1].split("\n", maxsplit=1)[0]


@pytest.mark.acceptance
def test_a_baseline_is_recorded_where_each_difference_is_accepted_by_its_number(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    shop.prod.run("DROP TABLE alembic_version; CREATE TABLE loads (id INTEGER); CREATE INDEX by_note ON orders (note)")
    pull = house.open_pull(add_column())
    assert f"or accept each by its number; for either comment `/baseline prod {FIRST}`" in house.report(pull)
    house.say(pull, "bob", f"/baseline prod {FIRST}")
    line = house.offered(pull)
    assert line.endswith("--accept drift-1,drift-2")
    assert "is shown as drift from then on" in house.report(pull)
    house.say(pull, "bob", line.replace(",drift-2", ""))
    assert "drift_present" in house.answers(pull)[-1]
    assert "`--accept drift-2`" in house.answers(pull)[-1]
    assert "alembic_version" not in shop.prod.text()
    house.say(pull, "bob", line)
    assert "baseline recorded and verified" in house.answers(pull)[-1]
    assert FIRST in shop.prod.text()
    assert "accepted as it is: drift-1, drift-2" in house.evidence(pull, "03-execution-log.md")
    assert "loads" in house.evidence(pull, "01-schema-drift-report.md")
    report = house.report(pull)
    assert "drift: 1 on what this pull touches, 1 elsewhere" in report
    assert "table `loads`" in report


@pytest.mark.acceptance
def test_a_history_that_cannot_begin_from_empty_begins_from_the_adopted_schema(open_shop: OpenShop):
    first = migration(FIRST, None, '    op.add_column("orders", sa.Column("note", sa.Text))\n')
    shop = open_shop(files=shop_files() | {f"alembic/versions/{FIRST}_first.py": first})
    house = shop.house
    pull = house.open_pull(add_column())
    assert f"/baseline prod {FIRST}" in house.report(pull)
    before = shop.prod.text()
    house.say(pull, "bob", f"/baseline prod {FIRST}")
    house.say(pull, "bob", house.offered(pull))
    assert "baseline recorded and verified" in house.answers(pull)[-1]
    assert shop.prod.text() == before
    assert "starts from the snapshot that was adopted" in house.report(pull)
    assert "drift: 0 on what this pull touches, 0 elsewhere" in house.report(pull)
    assert "adoption: nothing is written" in house.evidence(pull, "01-schema-drift-report.md")
    assert "Nothing is written: the schema as it is" in house.evidence(pull, "02-migration-plan.md")


@pytest.mark.acceptance
def test_without_a_scratch_server_drift_is_told_from_what_the_last_rollout_left(open_shop: OpenShop):
    assert_told_from_the_last(open_shop())


@pytest.mark.acceptance
def test_without_a_scratch_server_drift_is_told_on_postgresql(open_shop: OpenShop, pg_url: str):
    assert_told_from_the_last(open_shop(postgres=pg_url))


@pytest.mark.acceptance
def test_without_a_scratch_server_drift_is_told_on_mariadb(open_shop: OpenShop, prod: MariadbDatabase):
    assert_told_from_the_last(open_shop(mariadb=prod))


def assert_told_from_the_last(shop: Shop) -> None:
    """One rollout goes through; then the worker's machine has no server of the target's version any more."""
    house = shop.house
    pull = house.open_pull(add_column())
    house.say(pull, "bob", house.offered(pull))
    house.world.merge(pull, house.people["bob"])
    house.settle()
    house.services = replace(house.services, databases=tuple(map(WithoutScratch, house.services.databases)))
    shop.prod.run("ALTER TABLE customers ADD COLUMN loose TEXT")
    report = house.report(house.open_pull(add_column("later", revision=THIRD, after=SECOND), branch="later"))
    assert "target_version_unsupported" in report
    assert "drift is told from the snapshot that was committed at" in report
    assert re.search(r"column `(public\.)?customers\.loose`: on prod and in no migration", report)
    assert "drift: 0 on what this pull touches, 1 elsewhere" in report
    assert "/approve" not in report
