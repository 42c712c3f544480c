"""The main story on Prisma and MariaDB, where Prisma's engine cannot help: a pull, a report, an approval, an apply; a failure half way."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.demo.mariadb import MariadbServer
from tests.sources.prisma.stand_in import ADDED, stand_in
from tests.story.house import House
from tests.story.prisma_shop import (
    FIRST,
    SCHEMA,
    SECOND,
    add_column,
    applied,
    prisma_config,
    prisma_files,
    row,
    schema,
    script,
    with_column,
)
from tests.story.prisma_stage import OpenPrisma
from tests.story.shop import CONFIG
from tests.story.targets import MariadbDatabase


@pytest.fixture
def prod(mariadb: MariadbServer, mariadb_name: str) -> Iterator[MariadbDatabase]:
    """A database that a user of its own may do anything in, and nothing elsewhere."""
    user, password = f"shop_{secrets.token_hex(4)}", f"canary-{secrets.token_hex(12)}"
    mariadb.create_user(user, password, f"ALL PRIVILEGES ON `{mariadb_name}`.*")
    yield MariadbDatabase(mariadb.url(mariadb_name, user=user, password=password), mariadb, mariadb_name)
    mariadb.query(f"DROP USER '{user}'@'%'")


def test_a_pull_is_planned_approved_applied_and_recorded_as_prisma_would(
    open_prisma: OpenPrisma, prod: MariadbDatabase
):
    house, _ = open_prisma(mariadb=prod)
    pull = house.open_pull(add_column(provider="mysql"))
    report = house.report(pull)
    assert "**Add column** `orders.delivery`" in report
    assert "drift: 0 on what this pull touches, 0 elsewhere" in report
    house.say(pull, "bob", house.offered(pull))
    assert "prod applied and verified" in house.answers(pull)[-1], report
    assert "delivery" in prod.columns()
    assert rows(prod) == [(FIRST, "1"), (SECOND, "1")]
    assert house.check(pull).conclusion == "success"


def rows(prod: MariadbDatabase) -> list[tuple[str, str]]:
    query = "SELECT migration_name, applied_steps_count FROM _prisma_migrations WHERE finished_at IS NOT NULL ORDER BY started_at"
    return [(str(name), str(steps)) for name, steps in prod.server.query(query, prod.name)]


@pytest.mark.acceptance
def test_a_model_without_a_migration_is_named_at_its_line_and_what_was_not_compared_is_said(
    open_prisma: OpenPrisma, prod: MariadbDatabase
):
    house, _ = open_prisma(mariadb=prod)
    report = house.report(house.open_pull({SCHEMA: with_column("delivery", "mysql")}))
    assert f"`{SCHEMA}:23` `undeclared_changes`" in report
    assert '"orders"."delivery": the schema has this column, and no migration makes it' in report
    assert "prisma migrate dev --create-only" in report
    assert "Not compared: character sets" in report


@pytest.mark.acceptance
def test_a_migration_that_fails_half_way_is_told_exactly_and_carried_on(open_prisma: OpenPrisma, prod: MariadbDatabase):
    house, _ = open_prisma(mariadb=prod)
    prod.run(
        "INSERT INTO customers (email) VALUES ('a@example.com'); INSERT INTO orders (customer_id, note) VALUES (1, 'n'), (1, 'n')"
    )
    pull = house.open_pull({script(SECOND): HALF})
    house.say(pull, "bob", house.offered(pull))
    told = house.answers(pull)[-1]
    assert "2 of 5 transaction groups are committed" in told
    assert "for key 'orders_note_key' (1062)" in told
    assert "delivery" in prod.columns()
    assert (rows(prod), unfinished(prod)) == ([(FIRST, "1")], [SECOND])
    prod.run("UPDATE orders SET note = CONCAT(note, id)")
    house.say(pull, "bob", house.offered(pull))
    assert "prod applied and verified" in house.answers(pull)[-1], house.report(pull)
    assert (rows(prod), unfinished(prod)) == ([(FIRST, "1"), (SECOND, "1")], [])
    assert {"delivery", "paid"} <= set(prod.columns())


def unfinished(prod: MariadbDatabase) -> list[str]:
    query = "SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NULL AND rolled_back_at IS NULL"
    return [str(name) for (name,) in prod.server.query(query, prod.name)]


HALF = """\
ALTER TABLE `orders` ADD COLUMN `delivery` VARCHAR(191) NULL;
CREATE UNIQUE INDEX `orders_note_key` ON `orders`(`note`);
ALTER TABLE `orders` ADD COLUMN `paid` BOOLEAN NULL;
"""


@pytest.mark.acceptance
def test_a_baseline_is_written_as_prisma_would_and_the_next_migration_follows(
    open_prisma: OpenPrisma, prod: MariadbDatabase
):
    house, _ = open_prisma(mariadb=prod, live=prisma_files("mysql")[script(FIRST)])
    pull = house.open_pull(add_column(provider="mysql"))
    house.say(pull, "bob", f"/baseline prod {FIRST}")
    house.say(pull, "bob", house.offered(pull))
    assert "baseline recorded and verified" in house.answers(pull)[-1]
    house.say(pull, "bob", house.offered(pull))
    assert "prod applied and verified" in house.answers(pull)[-1]
    assert rows(prod) == [(FIRST, "0"), (SECOND, "1")]


@pytest.mark.acceptance
def test_a_failed_migration_whose_effect_is_there_is_marked_applied(open_prisma: OpenPrisma, prod: MariadbDatabase):
    sql = str(add_column(provider="mysql")[script(SECOND)])
    live = applied("mysql") + sql + row(SECOND, sql, "mysql", finished=False)
    house, _ = open_prisma(mariadb=prod, live=live)
    pull = house.open_pull(add_column(provider="mysql"))
    assert "`failed_migration`" in house.report(pull)
    house.say(pull, "bob", f"/mark-applied prod {SECOND}")
    house.say(pull, "bob", house.offered(pull))
    assert house.check(pull).conclusion == "success", house.report(pull)


@pytest.mark.acceptance
def test_a_script_that_the_live_schema_refuses_is_named_at_its_line(open_prisma: OpenPrisma, prod: MariadbDatabase):
    house, _ = open_prisma(mariadb=prod)
    sql = "-- one\nALTER TABLE `orders` ADD COLUMN `delivery` TEXT;\n\n-- two\nALTER TABLE `nothing` ADD COLUMN `more` TEXT;\n"
    report = house.report(house.open_pull({script(SECOND): sql}))
    assert f"`{script(SECOND)}:5` `rehearsal_failed`" in report
    assert "at: ALTER TABLE `nothing` ADD COLUMN `more` TEXT" in report.replace("\\`", "`")
    assert "nothing' doesn't exist (1146)" in report


@pytest.mark.acceptance
def test_with_an_engine_of_the_operators_the_migration_to_commit_is_in_the_report(
    open_prisma: OpenPrisma, prod: MariadbDatabase, data_dir: Path
):
    house, _ = open_prisma(mariadb=prod, schema_engine=str(stand_in(data_dir)))
    report = house.report(house.open_pull({SCHEMA: with_column("delivery", "mysql")}))
    assert f"`{SCHEMA}:23` `undeclared_changes`" in report
    assert "Ready to commit: prisma/migrations/20250101120001_schema/migration.sql" in report
    assert f"{ADDED};" in report


def pushing(open_prisma: OpenPrisma, prod: MariadbDatabase, data_dir: Path) -> House:
    """A house whose module pushes by the operator's engine; the first schema is live."""
    kept = {CONFIG: prisma_config(more="strategy: push\n    reason: a prototype"), SCHEMA: schema("mysql")}
    files = {
        name: text for name, text in prisma_files("mysql").items() if not name.startswith("prisma/migrations")
    } | kept
    live = prisma_files("mysql")[script(FIRST)]
    house, _ = open_prisma(files, mariadb=prod, live=live, schema_engine=str(stand_in(data_dir)))
    return house


@pytest.mark.acceptance
def test_with_an_engine_of_the_operators_a_schema_is_pushed(
    open_prisma: OpenPrisma, prod: MariadbDatabase, data_dir: Path
):
    house = pushing(open_prisma, prod, data_dir)
    pull = house.open_pull({SCHEMA: with_column(provider="mysql")})
    report = house.report(pull)
    assert "**Add column** `orders.delivery`" in report
    assert "rows were not looked at" in report
    house.say(pull, "bob", f'/approve prod {house.code(pull)} --allow-push "a prototype"')
    assert any("prod applied and verified" in answer for answer in house.answers(pull)), house.answers(pull)
    assert "delivery" in prod.columns()


@pytest.mark.acceptance
def test_what_that_engine_would_run_must_lead_to_the_models(
    open_prisma: OpenPrisma, prod: MariadbDatabase, data_dir: Path
):
    house = pushing(open_prisma, prod, data_dir)
    both = with_column(provider="mysql").replace("  delivery ", "  express    String?\n  delivery ")
    report = house.report(house.open_pull({SCHEMA: both}))
    assert '"orders"."express": the schema has this column' in report
    assert "prod` · " not in report.splitlines()[0]
