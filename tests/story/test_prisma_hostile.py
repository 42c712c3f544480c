"""Pulls that bring programs, giants and statements that reach out: nothing of them runs, and each is told so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.story.prisma_shop import SCHEMA, SECOND, schema, script
from tests.story.prisma_stage import OpenPrisma
from tests.story.yard import close_pull

pytestmark = pytest.mark.acceptance


def test_programs_in_config_generator_and_output_are_never_run(open_prisma: OpenPrisma, data_dir: Path):
    house, _ = open_prisma()
    mark = data_dir / "ran"
    program = f'require("fs").writeFileSync("{mark}", "x"); export default {{ schema: process.env.SCHEMA }}\n'
    generator = f'generator evil {{\n  provider = "touch {mark}"\n  output   = "{mark}"\n}}\n\n'
    pull = house.open_pull({"prisma.config.ts": program, SCHEMA: generator + schema()})
    report = house.report(pull)
    assert "`prisma.config.ts:1` `config_invalid`" in report
    assert "never run" in report
    assert not mark.exists()
    close_pull(house, pull)
    pull = house.open_pull({SCHEMA: generator + schema()}, branch="generator")
    assert house.check(pull).conclusion == "success", house.report(pull)
    assert "generator `evil` names a program of its own; no generator is run here" in house.report(pull)
    assert not mark.exists()


def test_giants_are_refused_and_told_so(open_prisma: OpenPrisma):
    house, _ = open_prisma()
    pull = house.open_pull({SCHEMA: schema() + "// " + "x" * 50_000_000})
    assert f"`{SCHEMA}:1` `too_large`" in house.report(pull)
    assert "regular file" not in house.report(pull)
    close_pull(house, pull)
    many = "".join(f"model m{number} {{\n  id Int @id\n}}\n" for number in range(10_000))
    pull = house.open_pull({SCHEMA: schema() + many}, branch="many")
    assert house.check(pull).conclusion == "failure"
    assert "undeclared_changes" in house.report(pull)
    assert "Commit a migration for it (`prisma migrate dev --create-only`)" in house.report(pull)


@pytest.mark.parametrize("sql", ["ATTACH DATABASE '/tmp/other.db' AS other;", "VACUUM INTO '/tmp/other.db';"])
def test_on_sqlite_no_statement_reaches_another_file(open_prisma: OpenPrisma, sql: str):
    house, prod = open_prisma()
    before = prod.text()
    pull = house.open_pull({script(SECOND): f'ALTER TABLE "orders" ADD COLUMN "x" TEXT;\n-- out of here\n{sql}\n'})
    report = house.report(pull)
    assert house.check(pull).conclusion == "failure"
    assert f"Migration {SECOND} holds a statement that is never run" in report
    assert f"`{script(SECOND)}:3` `statement_forbidden`" in report
    assert "Take the statement out of the migration" in report
    assert not Path("/tmp/other.db").exists()
    assert prod.text() == before


def test_on_postgresql_no_statement_starts_a_program(open_prisma: OpenPrisma, pg_url: str, data_dir: Path):
    house, _ = open_prisma(postgres=pg_url)
    mark = data_dir / "ran"
    pull = house.open_pull({script(SECOND): f"COPY \"orders\" TO PROGRAM 'touch {mark}';\n"})
    report = house.report(pull)
    assert house.check(pull).conclusion == "failure"
    assert f"`{script(SECOND)}:1` `statement_forbidden`" in report, report
    assert not mark.exists()


def test_a_migration_that_writes_the_table_of_migrations_is_refused(open_prisma: OpenPrisma):
    house, _ = open_prisma()
    pull = house.open_pull({script(SECOND): "UPDATE \"_prisma_migrations\" SET checksum = '0';\n"})
    report = house.report(pull)
    assert f"`{script(SECOND)}:1` `statement_forbidden`" in report
    assert "writes the version table" in report
