"""What an extension brought to a PostgreSQL database: asked about, left out or named as its own, and explained where a migration meets it."""

from __future__ import annotations

import json

import pytest

from tests.story.conftest import OpenShop
from tests.story.prisma_shop import SECOND, script
from tests.story.prisma_stage import OpenPrisma
from tests.story.shop import CONFIG, FIRST, add_column, migration, shop_config

pytestmark = pytest.mark.acceptance
BY_HAND = "CREATE EXTENSION vector; ALTER TABLE orders ADD COLUMN odd text;"
SECOND_REVISION = "2b00000000bb"
WITHOUT = "filter: {mode: exclude-extensions}"
MEETS = """\
CREATE FUNCTION l2_distance(vector, vector) RETURNS float8 LANGUAGE sql AS 'SELECT 0::float8';
"""


def drift_of(report: str) -> list[str]:
    return [line for line in report.splitlines() if line.startswith("- ") and "drift-" in line]


def test_who_did_not_choose_is_asked_and_the_line_to_commit_settles_it(open_shop: OpenShop, pg_url: str):
    shop = open_shop(postgres=pg_url)
    house = shop.house
    shop.prod.run(BY_HAND)
    pull = house.open_pull(add_column())
    report = house.report(pull)
    assert "extensions are installed (vector 0." in report
    assert f"commit `{WITHOUT}` under `prod:` of .github/schemagate.yml" in report
    assert ["`public.orders.odd`" in line for line in drift_of(report)] == [True, False]
    assert "extension `vector`: on prod and in no migration (with " in drift_of(report)[1]
    house.push("main", {CONFIG: shop_config(prod=WITHOUT)}, by="carol")
    report = house.report(pull)
    assert "extensions are installed" not in report
    assert ["`public.orders.odd`" in line for line in drift_of(report)] == [True]
    house.say(pull, "bob", house.offered(pull))
    assert "applied and verified" in house.answers(pull)[-1], house.answers(pull)[-1]
    told = house.evidence(pull, "02-extension-exclusion.md")
    assert "Filter mode: `exclude-extensions`\n" in told
    assert "- function `public.l2_distance(public.vector, public.vector)`: owned by extension vector" in told
    assert "`vector` 0." in house.evidence(pull, "00-connection-check.md")
    assert "vector" not in house.evidence(pull, "01-schema-drift-report.md")


def test_where_all_is_chosen_they_are_compared_and_named_as_their_extension_s(open_shop: OpenShop, pg_url: str):
    shop = open_shop(shop_config(prod="filter: {mode: all}"), postgres=pg_url)
    house = shop.house
    shop.prod.run(BY_HAND)
    pull = house.open_pull(add_column())
    assert "extensions are installed" not in house.report(pull)
    house.say(pull, "bob", house.offered(pull))
    assert "applied and verified" in house.answers(pull)[-1], house.answers(pull)[-1]
    assert "Nothing is excluded" in house.evidence(pull, "02-extension-exclusion.md")
    whole = json.loads(house.evidence(pull, "artifacts/drift.json"))["changes"][1]
    assert f"extension `vector`: added (with {len(whole['children'])} of its own)" in house.evidence(
        pull, "01-schema-drift-report.md"
    )
    assert {item["attributes"]["extension"]["after"] for item in whole["children"]} == {"vector"}


def test_a_migration_that_meets_what_an_extension_brought_is_told_what_and_how_to_keep_apart(
    open_prisma: OpenPrisma, pg_url: str
):
    house, prod = open_prisma(postgres=pg_url)
    prod.run("CREATE EXTENSION vector")
    pull = house.open_pull({script(SECOND): MEETS})
    report = house.report(pull)
    assert "It meets what an extension brought (function public.l2_distance(" in report
    assert "function public.l2_distance(public.vector, public.vector) of vector" in report
    assert 'write `schemas = ["app"]` into the datasource block of schema.prisma' in report


@pytest.mark.timeout(300)
def test_a_history_that_uses_what_somebody_made_by_hand_is_replayed_where_it_is_there(open_shop: OpenShop, pg_url: str):
    shop = open_shop(shop_config(prod=WITHOUT), postgres=pg_url)
    house = shop.house
    shop.prod.run("CREATE SCHEMA kept; CREATE EXTENSION vector SCHEMA kept")
    up = '    op.execute("ALTER TABLE orders ADD COLUMN likeness kept.vector(3)")\n'
    first = house.open_pull({f"alembic/versions/{SECOND_REVISION}_x.py": migration(SECOND_REVISION, FIRST, up)})
    house.say(first, "bob", house.offered(first))
    assert "applied and verified" in house.answers(first)[-1], house.answers(first)[-1]
    house.world.merge(first, house.people["carol"])
    house.settle()
    shop.prod.run("ALTER TABLE orders ADD COLUMN odd text")
    report = house.report(
        house.open_pull(add_column("gift", revision="4d00000000dd", after=SECOND_REVISION), branch="gift")
    )
    assert "they were replayed with those of the target: vector 0." in report
    assert ["`public.orders.odd`" in line for line in drift_of(report)] == [True]
