"""The main story on Prisma: a pull with a schema and its migration, a report, an approval, an apply, the rows that Prisma would write."""

from __future__ import annotations

import psycopg

from tests.story.prisma_shop import FIRST, SCHEMA, SECOND, add_column, with_column
from tests.story.prisma_stage import OpenPrisma


def test_on_sqlite_a_pull_is_planned_approved_and_applied_with_the_rows_that_prisma_writes(open_prisma: OpenPrisma):
    house, prod = open_prisma()
    pull = house.open_pull(add_column())
    assert "**Add column** `orders.delivery`" in house.report(pull)
    house.say(pull, "bob", house.offered(pull))
    assert "prod applied and verified" in house.answers(pull)[-1]
    assert "delivery" in prod.columns()
    assert house.check(pull).conclusion == "success"


def test_on_postgresql_the_same(open_prisma: OpenPrisma, pg_url: str):
    house, prod = open_prisma(postgres=pg_url)
    pull = house.open_pull(add_column(provider="postgresql"))
    house.say(pull, "bob", house.offered(pull))
    assert "prod applied and verified" in house.answers(pull)[-1]
    assert "delivery" in prod.columns()
    with psycopg.connect(pg_url) as connection:
        rows = connection.execute('SELECT * FROM "_prisma_migrations" ORDER BY started_at').fetchall()
    assert [row[3] for row in rows] == [FIRST, SECOND]


def test_a_schema_change_without_a_migration_is_named_at_its_line_with_the_migration_to_commit(open_prisma: OpenPrisma):
    house, _ = open_prisma()
    pull = house.open_pull({SCHEMA: with_column("delivery")})
    report = house.report(pull)
    assert f"`{SCHEMA}:23` `undeclared_changes`" in report
    assert "Ready to commit: prisma/migrations/20250101120001_schema/migration.sql" in report
    assert 'ALTER TABLE "orders" ADD COLUMN "delivery" TEXT;' in report
