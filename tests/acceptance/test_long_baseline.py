"""A database without history, on a project of several hundred migrations: the one in the middle that made it is found."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.acceptance.prisma_projects import corpus
from tests.acceptance.stage import SERVER
from tests.story.house import open_house
from workers.machine import Machine

pytestmark = [pytest.mark.acceptance, pytest.mark.sandbox, pytest.mark.timeout(900)]
PLACE = 200
MORE = "prisma/migrations/99990101000000_more/migration.sql"


def test_the_migration_that_made_a_database_is_found_among_hundreds(machine: Machine, data_dir: Path, pg_url: str):
    history = corpus("langfuse")
    if history is None:
        pytest.skip("SCHEMAGATE_CORPORA names no folder with langfuse")
    files = history.first(len(history.migrations))
    with psycopg.connect(pg_url, autocommit=True) as connection:
        for name in history.migrations[: PLACE + 1]:
            connection.execute(files[f"prisma/migrations/{name}/migration.sql"].encode())
    house = open_house(data_dir, SERVER, {"PROD_URL": pg_url}, files, machine=machine)
    try:
        report = house.report(house.open_pull({MORE: 'CREATE TABLE "more" ("id" TEXT NOT NULL);\n'}))
    finally:
        house.close()
    # Those that follow it write rows only, so that the schema is theirs, too.
    exactly = report.partition("schema is exactly what ")[2].partition(": comment")[0]
    assert history.migrations[PLACE] in exactly, report
    found = report.partition("/baseline prod ")[2].partition("`")[0]
    assert history.migrations.index(found) >= PLACE
