"""What Prisma's own tools would do next: the migration to write, the push to run, the history to mend."""

from __future__ import annotations

import pytest

from tests.sources.prisma.engine.projects import SHOP, Database, deploy, migration, schema, shown, told
from tests.sources.prisma.engine.test_deploy import initial
from workers.sources.prisma.engine import Created, Declared, Diagnosis, Line, PrismaEngine, Pushed, RowCount

pytestmark = pytest.mark.sandbox
RISKY = SHOP.replace("name  String\n", "nick  String\n").replace("title String?", "title String")


def zero(asked: tuple[RowCount, ...]) -> list[RowCount]:
    return [RowCount(schema=item.schema, table=item.table, column=item.column, rows=0) for item in asked]


@pytest.mark.parametrize("line", Line)
def test_the_next_migration_comes_with_the_losses_that_rows_make(prisma: PrismaEngine, database: Database, line: Line):
    first = initial(prisma, database, line=line)
    assert deploy(prisma, database, first, line=line) is None
    words = (database.address, database.engine, schema(database, RISKY, line), database.lock, (first,), line)
    supposed = prisma.created(*told(*words))
    assert isinstance(supposed, Created)
    assert any("drop the column `name`" in loss.message for loss in supposed.warnings)
    assert any("`nick`" in loss.message for loss in supposed.unexecutable)
    assert {(item.table, item.column) for item in supposed.asked} >= {("User", ""), ("User", "name"), ("Post", "title")}
    empty = prisma.created(*told(*words), counts=zero(supposed.asked))
    assert isinstance(empty, Created)
    assert (empty.warnings, empty.unexecutable, empty.sql) == ((), (), supposed.sql)
    files = schema(database, RISKY, line)
    second = migration("20260102000000_next", empty.sql)
    said = prisma.replayed(*told(database.address, database.engine, files, database.lock, (first, second), line))
    assert said == Declared("", "")


def test_counts_that_somebody_took_are_what_the_engine_says(prisma: PrismaEngine, database: Database):
    first = initial(prisma, database)
    assert deploy(prisma, database, first) is None
    place = "" if database.provider == "sqlite" else "public"
    counts = (
        RowCount(schema=place, table="User", rows=50),
        RowCount(schema=place, table="User", column="name", rows=41),
    )
    words = (database.address, database.engine, schema(database, RISKY), database.lock, (first,), Line.SEVEN)
    said = prisma.created(*told(*words), counts=counts)
    assert isinstance(said, Created)
    assert any("still contains 41 non-null values" in loss.message for loss in said.warnings)


def test_a_schema_that_its_migrations_say_needs_no_next_one(prisma: PrismaEngine, database: Database):
    first = initial(prisma, database)
    assert deploy(prisma, database, first) is None
    words = (database.address, database.engine, schema(database), database.lock, (first,), Line.SEVEN)
    assert prisma.created(*told(*words)) == Created(sql="")
    assert prisma.push(*shown(database.address, database.engine, schema(database), Line.SEVEN)) == Pushed(statements=())


def test_a_push_is_written_down_and_not_run(prisma: PrismaEngine, database: Database):
    assert deploy(prisma, database, initial(prisma, database)) is None
    softer = schema(database, SHOP.replace("  name  String\n", "").replace("title String?", "title String? @unique"))
    words = (database.address, database.engine)
    said = prisma.push(*shown(*words, softer, Line.SEVEN))
    assert isinstance(said, Pushed)
    assert any("drop the column `name`" in text for text in said.warnings)
    assert any("UNIQUE INDEX" in text for text in said.statements)
    assert not any(";" in text for text in said.statements)
    assert prisma.undeclared(*shown(*words, schema(database), Line.SEVEN)) == Declared("", "")
    database.ask(*said.statements)
    assert prisma.undeclared(*shown(*words, softer, Line.SEVEN)) == Declared("", "")


def test_a_push_that_cannot_run_has_no_statements(prisma: PrismaEngine, sqlite: Database):
    assert deploy(prisma, sqlite, initial(prisma, sqlite)) is None
    said = prisma.push(*shown(sqlite.address, sqlite.engine, schema(sqlite, RISKY), Line.SEVEN))
    assert isinstance(said, Pushed)
    assert said.statements == ()
    assert any("`nick`" in text for text in said.unexecutable)


def test_a_history_is_compared_with_its_rows(prisma: PrismaEngine, database: Database):
    words = (database.address, database.engine, schema(database), database.lock)
    one, two, three = (migration(name, f"CREATE TABLE t{name} (id INTEGER);") for name in ("1", "2", "3"))
    fresh = prisma.diagnose(*told(*words, (one,), Line.SEVEN))
    assert isinstance(fresh, Diagnosis)
    assert (fresh.pending, fresh.has_table) == (("1",), database.provider == "sqlite")  # the adapter's own answer there
    assert deploy(prisma, database, one, two) is None
    assert deploy(prisma, database, one, two, migration("25", "NONSENSE;")).code == "P3018"
    edited = migration("1", "SELECT 1;")
    said = prisma.diagnose(*told(*words, (edited, three), Line.SEVEN))
    assert isinstance(said, Diagnosis)
    assert (said.edited, said.pending, said.missing_from_code, said.failed) == (("1",), ("3",), ("2", "25"), ("25",))
    assert said.diverged
    assert said.last_common == "1"


def test_line_ends_are_no_edit(prisma: PrismaEngine, sqlite: Database):
    assert deploy(prisma, sqlite, migration("1", "CREATE TABLE a (\nid INTEGER);\n")) is None
    words = (sqlite.address, sqlite.engine, schema(sqlite), sqlite.lock)
    said = prisma.diagnose(*told(*words, (migration("1", "CREATE TABLE a (\r\nid INTEGER);\r\n"),), Line.SIX))
    assert isinstance(said, Diagnosis)
    assert (said.edited, said.pending) == ((), ())
