"""What a comparison does not see is counted and named, and what a plan binds to stays everything."""

from __future__ import annotations

import json

import pytest

from tests.story.conftest import OpenShop
from tests.story.shop import add_column, migration, shop_config

BY_HAND = (
    "CREATE TABLE tmp_load (id INTEGER); CREATE INDEX tmp_i ON tmp_load (id); ALTER TABLE orders ADD COLUMN odd TEXT;"
)


def drift_of(report: str) -> list[str]:
    return [line for line in report.splitlines() if "drift-" in line and line.startswith("- ")]


def test_ignored_objects_are_no_drift_and_are_named_with_their_reason(open_shop: OpenShop):
    ignore = 'ignore: [{object: "table:tmp_*", reason: "of the loader"}]'
    shop = open_shop(shop_config(prod=ignore))
    house = shop.house
    shop.prod.run(BY_HAND)
    pull = house.open_pull(add_column())
    report = house.report(pull)
    assert [line for line in drift_of(report) if "tmp" in line] == []
    assert "`orders.odd`" in "".join(drift_of(report))
    assert "3 objects that the filter takes out" in report
    line = house.offered(pull)
    house.say(pull, "bob", line if "--accept" in line else f"{line} --accept drift-1")
    assert "applied and verified" in house.answers(pull)[-1], house.answers(pull)[-1]
    text = house.evidence(pull, "02-extension-exclusion.md")
    assert "table `tmp_load`: ignored: of the loader" in text
    snapshot = json.loads(house.evidence(pull, "artifacts/schema_snapshot.json"))
    assert {tuple(item["name"]) for item in snapshot["excluded"]} == {
        ("tmp_load",),
        ("tmp_load", "id"),
        ("tmp_load", "tmp_i"),
    }
    assert "tmp_load" not in json.dumps(snapshot["objects"])


@pytest.mark.acceptance
def test_an_ignored_object_that_comes_meanwhile_is_no_mismatch_but_one_that_the_plan_binds_to_voids_the_code(
    open_shop: OpenShop,
):
    ignore = 'ignore: [{object: "table:tmp_*", reason: "of the loader"}, {object: "trigger:**", reason: "noise"}]'
    shop = open_shop(shop_config(prod=ignore))
    house = shop.house
    pull = house.open_pull(add_column())
    line = house.offered(pull)
    shop.prod.run("CREATE TRIGGER sly AFTER INSERT ON orders BEGIN DELETE FROM customers; END;")
    house.say(pull, "bob", line)
    assert "target_changed" in house.answers(pull)[-1], house.answers(pull)[-1]
    assert "delivery" not in shop.prod.columns()
    shop.prod.run("DROP TRIGGER sly")
    house.say(pull, "alice", "/plan")
    shop.prod.run("CREATE TABLE tmp_next (id INTEGER)")
    house.say(pull, "bob", house.offered(pull))
    assert "applied and verified" in house.answers(pull)[-1], house.answers(pull)[-1]


@pytest.mark.acceptance
def test_an_explicit_filter_sees_what_it_lists(open_shop: OpenShop):
    shop = open_shop(shop_config(prod="filter: {mode: explicit, tables: [customers]}"))
    house = shop.house
    shop.prod.run(BY_HAND + "ALTER TABLE customers ADD COLUMN strange TEXT;")
    report = house.report(house.open_pull(add_column()))
    assert len(drift_of(report)) == 1
    assert "`customers.strange`" in report


@pytest.mark.acceptance
def test_on_a_shared_database_what_no_history_made_is_counted_apart(open_shop: OpenShop):
    shop = open_shop(shop_config(prod="shared_database: true"))
    house = shop.house
    shop.prod.run("CREATE TABLE theirs (id INTEGER, x TEXT); ALTER TABLE orders ADD COLUMN odd TEXT;")
    report = house.report(house.open_pull(add_column()))
    assert len(drift_of(report)) == 1
    assert "`orders.odd`" in report
    assert "3 objects that no history of ours made" in report


@pytest.mark.acceptance
def test_what_a_migration_once_made_is_drift_on_a_shared_database_too(open_shop: OpenShop):
    shop = open_shop(shop_config(prod="shared_database: true"))
    house = shop.house
    up = '    op.execute("CREATE TABLE once_ours (id INTEGER)")\n    op.execute("DROP TABLE once_ours")\n'
    shop.prod.run("CREATE TABLE once_ours (id INTEGER)")
    pull = house.open_pull({"alembic/versions/2b00000000bb_x.py": migration("2b00000000bb", "1a00000000aa", up)})
    assert any("`once_ours`" in line for line in drift_of(house.report(pull)))
