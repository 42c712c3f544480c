"""What a script does to rows that refer to others on SQLite: by Prisma's engine and by our executor the same."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.sandbox.machine import our_identity
from tests.sources.prisma.engine.projects import Database, deploy, migration
from workers.core.names import Engine
from workers.databases.sqlite.database import SqliteDatabase
from workers.databases.sqlite.file import Mode, find
from workers.databases.sqlite.writing import SqliteWriter
from workers.ports import RecordedStatement, StatementError
from workers.sandbox.run import Sandbox
from workers.sources.prisma.engine import EngineFault, PrismaEngine
from workers.sources.prisma.follows import referenced
from workers.sources.prisma.history import Script
from workers.sources.prisma.migrations_table import Bookkeeper
from workers.sources.prisma.scripts import Writer

pytestmark = pytest.mark.sandbox

LIVE = """
CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE cascading (id INTEGER PRIMARY KEY, by INTEGER REFERENCES parents (id) ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE emptied (id INTEGER PRIMARY KEY, by INTEGER REFERENCES parents (id) ON DELETE SET NULL);
CREATE TABLE refusing (id INTEGER PRIMARY KEY, by INTEGER REFERENCES parents (id) ON DELETE RESTRICT);
INSERT INTO parents VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd');
INSERT INTO cascading VALUES (1, 1), (2, 2);
INSERT INTO emptied VALUES (1, 1), (2, 2);
INSERT INTO refusing VALUES (1, 3);
"""
REDEFINED = """
PRAGMA defer_foreign_keys=ON;
PRAGMA foreign_keys=OFF;
CREATE TABLE "new_parents" ("id" INTEGER PRIMARY KEY, "name" TEXT NOT NULL);
INSERT INTO "new_parents" ("id", "name") SELECT "id", "name" FROM "parents";
DROP TABLE "parents";
ALTER TABLE "new_parents" RENAME TO "parents";
PRAGMA foreign_keys=ON;
PRAGMA defer_foreign_keys=OFF;
"""
SCRIPTS = {
    "a deleted parent": "DELETE FROM parents WHERE id = 1;",
    "a parent that is refused": "DELETE FROM parents WHERE id = 3;",
    "a parent with another number": "UPDATE parents SET id = 9 WHERE id = 1 OR id = 4;",
    "a dropped table": "DROP TABLE refusing; DROP TABLE parents;",
    "a copied table": REDEFINED,
    "a deletion and a copied table": f"DELETE FROM parents WHERE id = 2; {REDEFINED}",
    "an own transaction": "BEGIN; DELETE FROM parents WHERE id = 1; COMMIT; CREATE TABLE more (id INTEGER);",
}
QUICK = {"a deletion and a copied table"}


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param(sql, id=name, marks=[] if name in QUICK else pytest.mark.acceptance)
        for name, sql in SCRIPTS.items()
    ],
)
def test_rows_that_refer_to_others_end_as_prisma_leaves_them(
    prisma: PrismaEngine, sqlite: Database, sandbox: Sandbox, area: Path, data_dir: Path, sql: str
):
    first = migration("1", LIVE)
    assert deploy(prisma, sqlite, first) is None
    ours = data_dir / "ours"
    ours.mkdir()
    (ours / "db.sqlite").write_bytes(Path(sqlite.place).read_bytes())
    our_identity().owns(ours)
    said = deploy(prisma, sqlite, first, migration("2", sql))
    failed = not carried_out(SqliteDatabase(area, sandbox), ours / "db.sqlite", sql)
    assert failed == isinstance(said, EngineFault), said
    assert rows(ours / "db.sqlite") == rows(Path(sqlite.place))


def carried_out(engine: SqliteDatabase, file: Path, sql: str) -> bool:
    """Run the migration as a plan runs; whether it came to its end."""
    first, second = Script(name="1", path="1", sql=LIVE), Script(name="2", path="2", sql=sql)
    written = Writer(Bookkeeper(engine=Engine.SQLITE, new_id=lambda: "id"), referenced((first, second)))
    written.add(second, first=False)
    with engine._opener.open(find(file), Mode.WRITE, busy=1) as session:
        writer = SqliteWriter(session, file.name, 5)
        try:
            for _, group in itertools.groupby(written.statements, key=lambda item: item.group):
                run(writer, list(group))
        except StatementError:
            writer.rollback()
            return False
    return True


def run(writer: SqliteWriter, group: list[RecordedStatement]) -> None:
    if group[0].transactional:
        writer.begin()
    for item in group:
        writer.execute_script(item.sql) if item.batch else writer.execute(item.sql)
    if group[0].transactional:
        assert writer.same_transaction()
        writer.commit()


def rows(file: Path) -> list[tuple[str, list[tuple[object, ...]]]]:
    with closing(sqlite3.connect(file)) as connection:
        return [(name, sorted(connection.execute(f'SELECT * FROM "{name}"'), key=repr)) for name in tables(connection)]


def tables(connection: sqlite3.Connection) -> Iterator[str]:
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"):
        if not name.startswith(("sqlite_", "_prisma")):
            yield name
