"""What is tried here must never happen: a development command, a reset, or a push that changes what it looks at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sandbox.machine import our_identity
from tests.sources.prisma.engine.conftest import process
from tests.sources.prisma.engine.projects import Database, schema, shown
from workers.core.names import Engine
from workers.sandbox.run import Sandbox
from workers.sources.prisma import requests
from workers.sources.prisma.engine import Declared, EngineFault, Line, PrismaEngine, Pushed

_ASKED = ("reset", "schemaPush", "migrateDev", "dev", "dropDatabase", "applyMigrations", "constructor", "__proto__")
_TABLE = 'CREATE TABLE "kept" ("id" INTEGER PRIMARY KEY, "note" TEXT)'
_OTHER = "model Other {\n  id Int @id\n}\n"


@pytest.fixture
def filled(database: Database) -> Database:
    database.ask(_TABLE, "INSERT INTO \"kept\" VALUES (1, 'a')")
    if database.engine is Engine.SQLITE:
        our_identity().owns(Path(database.place).parent)
    return database


def rows(database: Database) -> list[tuple[object, ...]]:
    return database.ask('SELECT * FROM "kept"')


@pytest.mark.sandbox
@pytest.mark.parametrize("name", _ASKED)
def test_no_such_thing_can_be_asked_of_the_engines_program(sandbox: Sandbox, area, sqlite: Database, name: str):
    sqlite.ask(_TABLE, "INSERT INTO \"kept\" VALUES (1, 'a')")
    where = requests.scratch(sqlite.address, sqlite.engine, isolated=True)
    request = requests.online(where, requests.Said(schema(sqlite, _OTHER), Line.SEVEN), [requests.plain(name)])
    said = process(sandbox, area).run(request, 1, sqlite.address.writable)
    assert isinstance(said, EngineFault)
    assert "there is no such task" in said.message
    assert rows(sqlite) == [(1, "a")]


@pytest.mark.sandbox
def test_the_dry_run_of_a_push_that_would_drop_everything_drops_nothing(prisma: PrismaEngine, filled: Database):
    said = prisma.push(*shown(filled.address, filled.engine, schema(filled, _OTHER), Line.SEVEN))
    assert isinstance(said, Pushed)
    assert any('DROP TABLE "kept"' in text for text in said.statements)
    assert rows(filled) == [(1, "a")]


@pytest.mark.sandbox
def test_what_leads_back_from_a_push_is_said_on_the_copy_that_it_was_run_on(prisma: PrismaEngine, filled: Database):
    said = prisma.taken_back(*shown(filled.address, filled.engine, schema(filled, _OTHER), Line.SEVEN))
    assert isinstance(said, Declared)
    assert 'CREATE TABLE "kept"' in said.sql
    assert 'DROP TABLE "Other"' in said.sql
    assert filled.ask('SELECT * FROM "Other"') == []
