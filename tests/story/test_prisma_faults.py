"""What goes wrong with Prisma projects: each report names the thing, the line, and the way out."""

from __future__ import annotations

import pytest

from tests.story.house import House
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
from tests.story.yard import close_pull

FILES = prisma_files()
pytestmark = pytest.mark.acceptance


def report_of(house: House, files: dict[str, str | None], branch: str) -> str:
    pull = house.open_pull(files, branch=branch)
    report = house.report(pull)
    assert house.services.store.plans(house.repo.id, pull.number, "shop", "prod") == () or "blocked" not in report
    close_pull(house, pull)
    return report


def test_history_that_was_applied_is_neither_edited_nor_deleted(open_prisma: OpenPrisma):
    house, _ = open_prisma()
    text = FILES[script(FIRST)]
    edited = report_of(house, {script(FIRST): text + "-- and more\n"}, "edited")
    assert f"`{script(FIRST)}:{text.count(chr(10)) + 1}` `edited_migration`" in edited
    assert "write the change as a new migration" in edited
    deleted = report_of(house, {script(FIRST): None}, "deleted")
    assert f"`{script(FIRST)}:1` `edited_migration`" in deleted
    assert "Restore the file" in deleted
    crlf = report_of(house, {script(FIRST): FILES[script(FIRST)].replace("\n", "\r\n")}, "crlf")
    assert "edited_migration" not in crlf


def test_a_name_out_of_order_is_told_where_it_stands(open_prisma: OpenPrisma):
    house, _ = open_prisma()
    early = "20240101000000_early"
    pull = house.open_pull(add_column(migration=early))
    report = house.report(pull)
    assert f"{script(early)}:" in report
    assert f"{early} is named before {FIRST}" in report
    assert "rename its folder so that it comes last" in report
    house.say(pull, "bob", house.offered(pull))
    assert "prod applied and verified" in house.answers(pull)[-1]


def test_a_failed_migration_stops_everything_and_names_the_next_command(open_prisma: OpenPrisma):
    sql = 'ALTER TABLE "orders" ADD COLUMN "delivery" TEXT;\n'
    house, _ = open_prisma(live=applied() + row(SECOND, sql, finished=False))
    report = report_of(house, add_column(), "after-a-failure")
    assert f"`{script(SECOND)}:1` `failed_migration`" in report
    assert "P3009" in report
    assert f"/mark-applied prod {SECOND}" in report
    assert f'prisma migrate resolve --rolled-back "{SECOND}"' in report


def test_a_database_without_a_history_needs_a_baseline(open_prisma: OpenPrisma):
    house, _ = open_prisma(live=FILES[script(FIRST)])
    report = report_of(house, add_column(), "without-history")
    assert "baseline_needed" in report
    assert "P3005" in report
    assert f"/baseline prod {FIRST}" in report


def test_where_a_history_breaks_off_the_revision_before_that_is_still_found(open_prisma: OpenPrisma):
    broken = {script(SECOND): "ALTER TABLE nowhere ADD COLUMN x;\n"}
    house, _ = open_prisma(FILES | broken, live=FILES[script(FIRST)])
    report = report_of(house, {SCHEMA: with_column()}, "breaks-off")
    assert f"/baseline prod {FIRST}" in report
    assert "not every revision was looked at" in report, report


def test_a_renamed_column_is_told_as_the_loss_that_it_is_with_the_rows_that_hold_a_value(open_prisma: OpenPrisma):
    rows = (
        "INSERT INTO customers (email) VALUES ('a');\n" + "INSERT INTO orders (customer_id, note) VALUES (1, {});\n" * 3
    )
    house, _ = open_prisma(live=applied() + rows.format("'x'", "NULL", "'y'"))
    sql = 'ALTER TABLE "orders" DROP COLUMN "note";\nALTER TABLE "orders" ADD COLUMN "remark" TEXT;\n'
    files = {SCHEMA: schema().replace("note ", "remark "), script(SECOND): sql}
    pull = house.open_pull(files)
    report = house.report(pull)
    assert "deletes column orders.note" in report
    plain = report.replace("\\`", "`")
    assert (
        "warns: You are about to drop the column `note` on the `orders` table, which still contains 2 non-null values"
        in plain
    )
    assert "rows were counted on prod for that" in plain
    asked = "1: column orders.note goes and column remark comes, alike but for the name: if it is renamed, write"
    assert asked in plain.replace("&#8203;", "")
    assert "`ALTER TABLE orders RENAME COLUMN note TO remark`" in plain
    (noted,) = house.check(pull, "schemagate: shop/prod").annotations
    assert (noted["path"], noted["start_line"], noted["annotation_level"]) == (script(SECOND), 1, "warning")
    house.say(pull, "bob", "/plan prod")  # the plan is the stored one
    assert "which still contains 2 non-null values" in house.report(pull)
    assert "--allow-destructive" in report


def test_a_broken_schema_is_shown_at_its_line(open_prisma: OpenPrisma):
    house, _ = open_prisma()
    report = report_of(house, {SCHEMA: with_column().replace("String?\n  delivery", "Strung?\n  delivery")}, "broken")
    assert f"`{SCHEMA}:22`" in report
    assert "Strung" in report
    assert "prisma validate" in report


def test_a_migration_that_cannot_run_on_the_live_schema_is_shown_with_what_the_database_says(open_prisma: OpenPrisma):
    house, _ = open_prisma()
    files = add_column() | {script(SECOND): '-- twice\nALTER TABLE "orders" ADD COLUMN "note" TEXT;\n'}
    report = report_of(house, files, "twice")
    assert "rehearsal_failed" in report
    assert "P3018" in report
    assert report.count("duplicate column name: note") == 1
    assert f"`{script(SECOND)}:2` `rehearsal_failed`" in report
