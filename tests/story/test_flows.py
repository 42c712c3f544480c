"""What happens over time: two environments, two pulls, merges, hotfixes, the way back."""

from __future__ import annotations

import re

import pytest

from tests.story.conftest import OpenShop
from tests.story.ground import Shop
from tests.story.house import House
from tests.story.shop import FIRST, add_column, migration, shop_config

BOTH = {"staging": "", "prod": "requires_applied: [staging]"}


def open_both(open_shop: OpenShop) -> Shop:
    return open_shop(shop_config(**BOTH), environments=("staging", "prod"))


def applied(house: House, pull, environment: str = "prod") -> None:
    house.say(pull, "bob", house.offered(pull, environment))
    assert f"{environment} applied and verified" in house.answers(pull)[-1], house.answers(pull)[-1]


def execution_logs(house: House, pull) -> list[str]:
    """The logs that stand on the pull's branch, by rollout."""
    store = house.services.store
    tasks = [dict(store.documents(item.id))["task"] for item in store.rollouts(house.repo.id, pull.number)]
    assert len(set(tasks)) == len(tasks)
    paths = [f"modules/shop/workdocs/active/{task}/db/03-execution-log.md" for task in tasks]
    return [read(house, pull.head_sha, path) for path in paths]


def read(house: House, ref: str, path: str) -> str:
    found = house.world.read_file(house.repo, ref, path)
    assert found is not None, path
    return found.decode()


@pytest.mark.acceptance
def test_prod_waits_for_staging_and_both_keep_evidence_of_their_own(open_shop: OpenShop):
    shop = open_both(open_shop)
    house = shop.house
    pull = house.open_pull(add_column())
    house.say(pull, "bob", "/approve prod")
    assert "environment_order" in house.answers(pull)[-1]
    assert "delivery" not in shop.targets["prod"].columns()
    applied(house, pull, "staging")
    assert "delivery" in shop.targets["staging"].columns()
    assert "delivery" not in shop.targets["prod"].columns()
    applied(house, pull, "prod")
    assert "delivery" in shop.targets["prod"].columns()
    report = house.report(pull)
    assert "Applied on staging and prod" in report
    logs = execution_logs(house, pull)
    assert len(logs) == 2
    assert "staging-0001" in logs[0]
    assert "prod-0001" in logs[1]
    assert house.check(pull).conclusion == "success"


@pytest.mark.acceptance
def test_other_statements_than_on_staging_are_shown_and_need_the_code(open_shop: OpenShop):
    shop = open_shop(
        shop_config(staging="", prod="requires_applied: [staging], block_on_drift: never"),
        environments=("staging", "prod"),
    )
    house = shop.house
    shop.prod.run("CREATE INDEX ix_note ON orders (note)")
    up = (
        '    op.add_column("orders", sa.Column("delivery", sa.Text))\n'
        '    if "ix_note" not in [item["name"] for item in sa.inspect(op.get_bind()).get_indexes("orders")]:\n'
        '        op.execute("CREATE VIEW numbers AS SELECT id FROM orders")\n'
    )
    pull = house.open_pull(
        {**add_column(), "alembic/versions/2b00000000bb_change.py": migration("2b00000000bb", FIRST, up)}
    )
    applied(house, pull, "staging")
    report = house.report(pull)
    assert "staging ran other statements for" in report
    assert report.count("CREATE VIEW numbers AS SELECT id FROM orders;") == 1
    house.say(pull, "bob", "/approve prod")
    assert "plan_code_required" in house.answers(pull)[-1]
    applied(house, pull, "prod")


@pytest.mark.acceptance
def test_after_an_apply_a_second_pull_is_told_of_the_unmerged_migration(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    first = house.open_pull(add_column())
    applied(house, first)
    second = house.open_pull(add_column("gift", revision="3c00000000cc"), branch="other", by="carol")
    report = house.report(second)
    assert "unknown_revision" in report
    assert "#1" in report
    house.world.merge(first, house.people["bob"], "merge")
    house.settle()
    rebased = add_column("gift", revision="3c00000000cc", after="2b00000000bb")
    rebased["shop/models.py"] = read(house, "main", "shop/models.py").replace(
        "    delivery: Mapped", "    gift: Mapped[str | None] = mapped_column(Text)\n    delivery: Mapped"
    )
    house.world.force_push(house.repo, house.people["carol"], "other", rebased, start="main")
    house.settle()
    report = house.report(second)
    assert "unknown_revision" not in report
    assert "gift" in report
    applied(house, second)
    assert {"delivery", "gift"} <= set(shop.prod.columns())


def test_a_merge_that_changes_what_is_pending_voids_the_code_with_its_reason(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    first = house.open_pull(add_column())
    line = house.offered(first)
    other = house.open_pull(add_column("gift", revision="3c00000000cc"), branch="other", by="carol")
    house.world.merge(other, house.people["bob"], "merge")
    house.settle()
    house.say(first, "bob", line)
    assert "delivery" not in shop.prod.columns()
    answer = house.answers(first)[-1]
    assert any(code in answer for code in ("several_heads", "plan_changed", "merge_conflict")), answer


@pytest.mark.acceptance
def test_a_readme_commit_keeps_the_code_and_a_moved_base_too(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    pull = house.open_pull(add_column())
    line = house.offered(pull)
    house.push("change", {"README.md": "# shop, better\n"})
    house.settle()
    house.world.push(house.repo, house.people["carol"], "main", {"NOTES.md": "x\n"}, "Notes")
    house.settle()
    assert house.offered(pull) == line
    house.say(pull, "bob", line)
    assert "delivery" in shop.prod.columns()


@pytest.mark.acceptance
def test_a_hotfix_by_hand_is_marked_as_applied_the_next_day(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    shop.prod.run("ALTER TABLE orders ADD COLUMN delivery TEXT")
    pull = house.open_pull(add_column())
    report = house.report(pull)
    assert "rehearsal_failed" in report
    assert "/mark-applied prod 2b00000000bb" in report
    house.say(pull, "bob", "/mark-applied prod 2b00000000bb")
    before = shop.prod.columns()
    house.say(pull, "bob", house.offered(pull))
    assert "and verified" in house.answers(pull)[-1], house.answers(pull)[-1]
    assert shop.prod.columns() == before
    assert "2b00000000bb" in shop.prod.text()


@pytest.mark.acceptance
def test_a_rollback_has_a_plan_and_an_approval_of_its_own(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    pull = house.open_pull(add_column())
    applied(house, pull)
    house.say(pull, "bob", "/rollback prod")
    assert "delivery" in shop.prod.columns()
    line = f"/approve prod {house.code(pull)}"
    house.say(pull, "bob", line)
    assert "destructive_not_allowed" in house.answers(pull)[-1]
    house.say(pull, "bob", f'{line} --allow-destructive --accept-risk "the column is empty"')
    assert "and verified" in house.answers(pull)[-1], house.answers(pull)[-1]
    assert "delivery" not in shop.prod.columns()
    assert len(execution_logs(house, pull)) == 2


@pytest.mark.acceptance
def test_a_database_without_history_gets_a_baseline_first(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    shop.prod.run("DROP TABLE alembic_version")
    pull = house.open_pull(add_column())
    assert "baseline_needed" in house.report(pull)
    house.say(pull, "bob", "/baseline prod 1a00000000aa")
    house.say(pull, "bob", house.offered(pull))
    assert "baseline recorded and verified" in house.answers(pull)[-1]
    assert "1a00000000aa" in shop.prod.text()
    assert "delivery" not in shop.prod.columns()
    applied(house, pull)
    assert "delivery" in shop.prod.columns()


def test_a_model_without_its_migration_blocks_at_its_line_with_the_file_to_commit(open_shop: OpenShop):
    house = open_shop(watching_models()).house
    pull = house.open_pull({"shop/models.py": add_column()["shop/models.py"]})
    report = house.report(pull)
    assert "`shop/models.py:22` `undeclared_changes`" in report
    assert house.check(pull).conclusion == "failure"
    path, text = to_commit(report)
    assert re.fullmatch(r"alembic/versions/[0-9a-f]{12}_add_column_orders_delivery\.py", path)
    assert text in (house.check(pull, "schemagate: shop/prod").text or "")


@pytest.mark.acceptance
def test_the_file_to_commit_committed_is_planned_and_applied(open_shop: OpenShop, pg_url: str):
    shop = open_shop(watching_models(), postgres=pg_url)
    pull = shop.house.open_pull({"shop/models.py": add_column()["shop/models.py"]})
    commit_the_file(shop.house, pull)
    applied(shop.house, pull)
    assert "delivery" in shop.prod.columns()


def commit_the_file(house: House, pull) -> None:
    path, text = to_commit(house.report(pull))
    house.push(pull.head_ref, {path: text})
    assert "undeclared_changes" not in house.report(pull)


def watching_models() -> str:
    return shop_config().replace("    source: alembic\n", '    source: alembic\n    watch: ["shop/models.py"]\n')


def to_commit(report: str) -> tuple[str, str]:
    """(path, text) of the migration that a report holds."""
    path = re.search(r"Ready to commit: ([^<]+)</summary>", report)
    text = re.search(r"```python\n(.*?)```", report, re.DOTALL)
    assert path is not None
    assert text is not None
    return path[1], text[1]


def test_a_migration_ahead_of_its_models_is_told_and_blocks_nothing(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    change = add_column()
    del change["shop/models.py"]
    pull = house.open_pull(change)
    report = house.report(pull)
    assert "undeclared_changes" not in report
    assert "models and migrations differ in 1 new place(s)" in report
    assert "remove_column orders.delivery" in report
    assert "Ready to commit" not in report
    (noted,) = house.check(pull, "schemagate: shop/prod").annotations
    assert (noted["path"], noted["start_line"]) == ("alembic/versions/2b00000000bb_change.py", 6)
    applied(house, pull)
    assert "delivery" in shop.prod.columns()


@pytest.mark.acceptance
def test_a_migration_that_other_code_comes_with_and_no_model_is_refused_at_its_line(open_shop: OpenShop):
    house = open_shop().house
    change = add_column()
    change["shop/models.py"] = read(house, "main", "shop/models.py") + "\nLIMIT = 10\n"
    report = house.report(house.open_pull(change))
    assert "`alembic/versions/2b00000000bb_change.py:6` `undeclared_changes`" in report
    assert "Write into the models what the migrations of this pull make" in report
    assert "Ready to commit" not in report


def test_an_edited_and_a_deleted_migration_are_refused(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    path = "alembic/versions/1a00000000aa_first.py"
    text = read(house, "main", path)
    pull = house.open_pull({path: text.replace("String(320)", "String(100)")})
    assert "edited_migration" in house.report(pull)
    comment = house.open_pull({path: text + "\n# a remark\n"}, branch="remark")
    assert "edited_migration" not in house.report(comment)


def test_rows_that_a_migration_reads_refuse_it_by_name(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    reading = (
        '    rows = op.get_bind().execute(sa.text("SELECT id FROM customers")).fetchall()\n'
        "    for row in rows:\n"
        "        op.execute(f\"UPDATE orders SET note = 'x' WHERE customer_id = {row[0]}\")\n"
        '    op.add_column("orders", sa.Column("delivery", sa.Text, nullable=True))\n'
    )
    change = add_column()
    change["alembic/versions/2b00000000bb_change.py"] = migration("2b00000000bb", "1a00000000aa", reading)
    pull = house.open_pull(change)
    line = house.offered(pull)
    shop.prod.run("INSERT INTO customers (id, email) VALUES (1, 'a@example.com')")
    house.say(pull, "bob", line)
    assert "data_dependent" in house.answers(pull)[-1]
    assert "2b00000000bb" in house.answers(pull)[-1]
    assert "delivery" not in shop.prod.columns()
