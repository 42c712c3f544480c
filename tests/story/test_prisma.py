"""The main story on Prisma: a pull with a schema and its migration, a report, an approval, an apply, the rows that Prisma would write."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
import pytest

from tests.story.prisma_shop import (
    FIRST,
    SCHEMA,
    SECOND,
    add_column,
    applied,
    prisma_files,
    row,
    schema,
    script,
    with_column,
)
from tests.story.prisma_stage import OpenPrisma
from workers.core.names import SourceKind
from workers.ports import RecordRequest, Source


def test_on_sqlite_a_pull_is_planned_approved_and_applied_with_the_rows_that_prisma_writes(open_prisma: OpenPrisma):
    house, prod = open_prisma()
    pull = house.open_pull(add_column())
    assert "**Add column** `orders.delivery`" in house.report(pull)
    house.say(pull, "bob", house.offered(pull))
    assert "prod applied and verified" in house.answers(pull)[-1]
    assert "delivery" in prod.columns()
    assert house.check(pull).conclusion == "success"
    (asked,) = [line for line in house.evidence(pull, "04-post-verify.md").splitlines() if "own diagnosis" in line]
    assert asked.endswith("| it agrees | ✅ |")


@dataclass(frozen=True)
class ChangesItsMind:
    """Prisma, which finds nothing while a plan is made and something after it ran."""

    source: Source
    said: list[RecordRequest] = field(default_factory=list)

    def confirm(self, request: RecordRequest) -> str:
        self.said.append(request)
        return self.source.confirm(request) if len(self.said) == 1 else "edited: something"

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source, name)


@pytest.mark.acceptance
def test_where_prisma_does_not_agree_afterwards_the_target_stays_held(open_prisma: OpenPrisma):
    house, _ = open_prisma()
    sources: list[Any] = [
        ChangesItsMind(item) if item.kind is SourceKind.PRISMA else item for item in house.services.sources
    ]
    house = replace(house, services=replace(house.services, sources=tuple(sources)))
    pull = house.open_pull(add_column())
    house.say(pull, "bob", house.offered(pull))
    assert "verify_mismatch" in house.answers(pull)[-1]
    assert "edited: something | ⛔ |" in house.evidence(pull, "04-post-verify.md")
    prisma = next(item for item in sources if item.kind is SourceKind.PRISMA)
    assert [(item.done, item.to) for item in prisma.said] == [((FIRST,), (FIRST, SECOND))] * 2


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


@pytest.mark.acceptance
def test_a_migration_without_its_schema_change_is_told_at_its_line_and_not_to_be_taken_back(
    open_prisma: OpenPrisma, pg_url: str
):
    house, _ = open_prisma(postgres=pg_url)
    files = {script(SECOND): add_column(provider="postgresql")[script(SECOND)]}
    pull = house.open_pull(files)
    report = house.report(pull)
    assert "undeclared_changes" not in report
    assert "Ready to commit" not in report
    (noted,) = house.check(pull, "schemagate: shop/prod").annotations
    assert (noted["path"], noted["start_line"], noted["annotation_level"]) == (script(SECOND), 1, "warning")
    assert "write it into the models" in noted["message"]
    more = prisma_files("postgresql")[SCHEMA] + "\n// more to come\n"
    report = house.report(house.open_pull({**files, SCHEMA: more}, branch="with-a-remark"))
    assert f"`{script(SECOND)}:1` `undeclared_changes`" in report
    assert "Write into the models what the migrations of this pull make" in report


@pytest.mark.acceptance
def test_a_script_with_transactions_of_its_own_runs_as_prisma_runs_it_and_is_called_not_atomic(
    open_prisma: OpenPrisma, pg_url: str
):
    house, prod = open_prisma(postgres=pg_url)
    sql = 'BEGIN;\nALTER TABLE "orders" ADD COLUMN "delivery" TEXT;\nCOMMIT;\nCOMMENT ON TABLE "orders" IS \'what was ordered\';\n'
    pull = house.open_pull({SCHEMA: with_column(provider="postgresql"), script(SECOND): sql})
    report = house.report(pull)
    assert "not atomic" in report
    house.say(pull, "bob", house.offered(pull))
    assert "prod applied and verified" in house.answers(pull)[-1]
    assert "delivery" in prod.columns()
    assert [(row[0], row[1]) for row in rows(pg_url)] == [(FIRST, 1), (SECOND, 1)]


STEERED = 'BEGIN;\nALTER TABLE "orders" ADD COLUMN "delivery" TEXT;\nCOMMIT;\n{}'


@pytest.mark.acceptance
def test_on_sqlite_such_a_script_runs_as_one_text_too(open_prisma: OpenPrisma):
    house, prod = open_prisma()
    sql = STEERED.format('PRAGMA foreign_keys=OFF;\nUPDATE "orders" SET "delivery" = \'x\';\n')
    pull = house.open_pull({SCHEMA: with_column(), script(SECOND): sql})
    assert "not atomic" in house.report(pull)
    house.say(pull, "bob", f"/approve prod {house.code(pull)} --allow-destructive --accept-risk none")
    assert "prod applied and verified" in house.answers(pull)[-1], house.report(pull)
    assert "delivery" in prod.columns()


@pytest.mark.acceptance
def test_what_such_a_script_left_on_sqlite_when_it_failed_is_told_by_what_the_file_shows(open_prisma: OpenPrisma):
    house, prod = open_prisma(live=f"{applied()}\nINSERT INTO customers (email) VALUES ('a');")
    sql = STEERED.format("INSERT INTO customers (email) VALUES ('a');\n")
    pull = house.open_pull({SCHEMA: with_column(), script(SECOND): sql})
    house.say(pull, "bob", f"/approve prod {house.code(pull)}")
    answer = house.answers(pull)[-1]
    assert "UNIQUE constraint failed" in answer
    assert "delivery" in prod.columns()
    assert "half done" in answer
    house.say(pull, "bob", "/plan prod")
    assert "held until somebody has looked" in house.report(pull)


@pytest.mark.acceptance
def test_on_sqlite_deleted_rows_take_with_them_what_refers_to_them_as_prisma_would(open_prisma: OpenPrisma):
    first = prisma_files()[script(FIRST)].replace("RESTRICT", "CASCADE")
    rows = "INSERT INTO customers (email) VALUES ('a'), ('b');\nINSERT INTO orders (customer_id) VALUES (1), (2), (2);"
    cascading = schema().replace("references: [id])", "references: [id], onDelete: Cascade)")
    files = prisma_files() | {script(FIRST): first, SCHEMA: cascading}
    house, prod = open_prisma(files, live=f"{first}\n{row(FIRST, first)}\n{rows}")
    pull = house.open_pull({script(SECOND): "DELETE FROM customers WHERE email = 'b';\n"})
    house.say(pull, "bob", f"/approve prod {house.code(pull)} --allow-destructive --accept-risk none")
    assert "prod applied and verified" in house.answers(pull)[-1], house.report(pull)
    with closing(sqlite3.connect(prod.url.removeprefix("sqlite:///"))) as connection:
        assert connection.execute("SELECT customer_id FROM orders").fetchall() == [(1,)]


@pytest.mark.acceptance
def test_an_index_is_built_concurrently_outside_of_any_transaction(open_prisma: OpenPrisma, pg_url: str):
    house, _ = open_prisma(postgres=pg_url)
    pull = house.open_pull({script(SECOND): 'CREATE INDEX CONCURRENTLY "n" ON "orders"("note");\n'})
    house.say(pull, "bob", house.offered(pull))
    assert "prod applied and verified" in house.answers(pull)[-1]
    assert [(row[0], row[1]) for row in rows(pg_url)] == [(FIRST, 1), (SECOND, 1)]


@pytest.mark.acceptance
def test_what_was_applied_is_taken_back_by_the_way_that_was_rehearsed(open_prisma: OpenPrisma):
    house, prod = open_prisma()
    pull = house.open_pull(add_column())
    house.say(pull, "bob", house.offered(pull))
    assert "delivery" in prod.columns()
    house.say(pull, "bob", "/rollback prod")
    house.say(pull, "bob", f'{house.offered(pull).split(" --")[0]} --allow-destructive --accept-risk "a test"')
    assert "delivery" not in prod.columns()
    assert FIRST in prod.text()
    assert SECOND not in prod.text()


@pytest.mark.acceptance
def test_a_baseline_is_written_as_prisma_would_and_the_next_migration_follows(open_prisma: OpenPrisma):
    house, prod = open_prisma(live=prisma_files()[script(FIRST)])
    pull = house.open_pull(add_column())
    house.say(pull, "bob", f"/baseline prod {FIRST}")
    house.say(pull, "bob", house.offered(pull))
    assert "baseline recorded and verified" in house.answers(pull)[-1]
    house.say(pull, "bob", house.offered(pull))
    assert "prod applied and verified" in house.answers(pull)[-1]
    assert "delivery" in prod.columns()


@pytest.mark.acceptance
def test_a_failed_migration_whose_effect_is_there_is_marked_applied(open_prisma: OpenPrisma):
    sql = str(add_column()[script(SECOND)])
    house, _ = open_prisma(live=applied() + sql + row(SECOND, sql, finished=False))
    pull = house.open_pull(add_column())
    house.say(pull, "bob", f"/mark-applied prod {SECOND}")
    house.say(pull, "bob", house.offered(pull))
    assert house.check(pull).conclusion == "success", house.report(pull)


def rows(url: str) -> list[tuple[str, int]]:
    with psycopg.connect(url) as connection:
        query = 'SELECT migration_name, applied_steps_count FROM "_prisma_migrations" WHERE finished_at IS NOT NULL ORDER BY started_at'
        return connection.execute(query).fetchall()
