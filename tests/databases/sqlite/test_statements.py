"""SQLite's own compiler says what a statement is; nothing of it is run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases.sqlite.files import content, made
from workers.core.plan import Parsed, StatementKind
from workers.databases.sqlite.database import SqliteDatabase
from workers.databases.sqlite.file import Mode, find
from workers.databases.sqlite.writing import SqliteWriter

pytestmark = pytest.mark.sandbox

SCHEMA = """
CREATE TABLE t (a INTEGER PRIMARY KEY, b UNIQUE);
CREATE TABLE u (x REFERENCES t, y);
CREATE TABLE lossy (x UNIQUE ON CONFLICT IGNORE, y);
CREATE TABLE noisy (a);
CREATE TRIGGER tr AFTER INSERT ON noisy BEGIN INSERT INTO u VALUES (new.a, 2); END;
CREATE VIEW v AS SELECT * FROM t WHERE a > 1;
CREATE INDEX ix ON t (b);
"""


@pytest.fixture(scope="module")
def file(shared_dir: Path) -> Path:
    folder = shared_dir / "statements"
    folder.mkdir(mode=0o755)
    return made(folder, SCHEMA)


@pytest.fixture(scope="module")
def writer(engine: SqliteDatabase, file: Path) -> Iterator[SqliteWriter]:
    with engine._opener.open(find(file), Mode.WRITE, busy=1) as session:
        yield SqliteWriter(session, "live.db", 5)


@pytest.mark.parametrize(
    ("sql", "kind", "title", "reads", "writes"),
    [
        ("CREATE TABLE x (a PRIMARY KEY, b UNIQUE)", "create", "Create table x", "", "x"),
        ("CREATE TABLE x AS SELECT * FROM t", "create", "Create table x from a query", "t", "x"),
        ("CREATE TEMP TABLE x (a)", "create", "Create temporary table x", "", "x"),
        ("CREATE UNIQUE INDEX i ON t (b) WHERE a > 1", "create", "Build index i on t", "", "t"),
        ("CREATE VIEW w AS SELECT * FROM t", "create", "Create view w", "", "w"),
        ("DROP TABLE u", "drop", "Drop table u", "", "u"),
        ("DROP INDEX ix", "drop", "Drop index ix of t", "", "t"),
        ("DROP VIEW v", "drop", "Drop view v", "", "v"),
        ("DROP TRIGGER tr", "drop", "Drop trigger tr of noisy", "", "noisy"),
        ("ALTER TABLE main.u ADD COLUMN note TEXT", "alter", "Add column u.note", "", "u"),
        ('alter table "u" add "the note"', "alter", "Add column u.the note", "", "u"),
        ("ALTER TABLE u DROP COLUMN y", "alter", "Drop column u.y", "", "u"),
        ("ALTER TABLE u RENAME TO w", "alter", "Rename table u to w", "", "u"),
        ("ALTER TABLE u RENAME COLUMN y TO z", "alter", "Rename column u.y to z", "", "u"),
        ("INSERT INTO t VALUES (1, 2)", "insert", "Insert rows into t", "", "t"),
        ("INSERT INTO t SELECT x, y FROM u WHERE x > 1", "insert", "Insert rows into t", "u", "t"),
        ("INSERT OR REPLACE INTO t VALUES (1, 2)", "update", "Insert or replace rows of t", "", "t"),
        ("REPLACE INTO t VALUES (1, 2)", "update", "Insert or replace rows of t", "", "t"),
        (
            "INSERT INTO t VALUES (1, 2) ON CONFLICT DO UPDATE SET b = 1",
            "update",
            "Insert or replace rows of t",
            "",
            "t",
        ),
        ("UPDATE t SET b = 1", "update", "Update rows of t", "", "t"),
        ("UPDATE t SET b = y FROM u WHERE x = a", "update", "Update rows of t", "u", "t"),
        ("DELETE FROM u WHERE x IN (SELECT a FROM t)", "delete", "Delete rows of u", "t", "u"),
        ("WITH q AS (SELECT * FROM u) INSERT INTO t SELECT x, y FROM q", "insert", "Insert rows into t", "u", "t"),
        ("SELECT count(*) FROM v", "read", "Read t", "t", ""),
        ("SELECT a FROM v", "read", "Read t, v", "t v", ""),
        ("PRAGMA table_info(t)", "read", "Ask for table_info", "", ""),
        ("PRAGMA main.foreign_keys", "read", "Ask for foreign_keys", "", ""),
        ("SELECT name FROM sqlite_master", "read", "SELECT name FROM sqlite_master", "", ""),
        ("EXPLAIN QUERY PLAN SELECT 1", "read", "EXPLAIN QUERY PLAN SELECT 1", "", ""),
        ("PRAGMA foreign_keys = OFF", "session", "Set foreign_keys to OFF", "", ""),
        ("PRAGMA user_version = 7", "alter", "Set user_version to 7", "", ""),
        ("REINDEX t", "alter", "Build indexes again (REINDEX)", "", ""),
        ("-- a word first\nCREATE /* ; */ TABLE x (a); -- and after", "create", "Create table x", "", "x"),
    ],
)
def test_a_statement_is_named_by_what_it_does(
    writer: SqliteWriter, sql: str, kind: str, title: str, reads: str, writes: str
):
    expected = Parsed(
        kind=StatementKind(kind),
        title=title,
        reads=tuple((name,) for name in reads.split()),
        writes=tuple((name,) for name in writes.split()),
    )
    assert writer.parse(sql) == expected


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("BEGIN", "transaction"),
        ("commit", "transaction"),
        ("END TRANSACTION", "transaction"),
        ("/* x */ ROLLBACK", "transaction"),
        ("SAVEPOINT x", "transaction"),
        ("RELEASE x", "transaction"),
        ("ATTACH '/etc/passwd' AS other", "another file"),
        ("DETACH main", "another file"),
        ("VACUUM INTO '/tmp/copy'", "another file"),
        ("SELECT load_extension('x')", "load_extension()"),
        ("INSERT INTO u SELECT fts3_tokenizer('simple'), 1", "fts3_tokenizer()"),
        ("PRAGMA writable_schema = ON", "PRAGMA writable_schema"),
        ("PRAGMA journal_mode = OFF", "PRAGMA journal_mode"),
        ("PRAGMA temp_store_directory = '/'", "PRAGMA temp_store_directory"),
        ("PRAGMA trusted_schema = ON", "PRAGMA trusted_schema"),
        ("PRAGMA locking_mode = NORMAL", "PRAGMA locking_mode"),
        ("PRAGMA unheard_of = 1", "PRAGMA unheard_of"),
        ("CREATE VIEW pragma_table_list AS SELECT 1", "hides what SQLite tells"),
        ("SELECT 1; SELECT 2", "more than one command"),
        ("CREATE TABLE x (a); DROP TABLE t", "more than one command"),
        ("", "no command"),
        ("-- nothing", "no command"),
        ("SELECT 'open", "no token"),
    ],
)
def test_what_a_plan_may_never_do_is_forbidden_with_its_reason(writer: SqliteWriter, sql: str, why: str):
    assert why in writer.parse(sql).forbidden


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("CREATE TRIGGER k AFTER UPDATE ON t BEGIN SELECT 1; END", "statements to come"),
        ("CREATE VIRTUAL TABLE f USING fts5(a)", "module fts5"),
        ("INSERT INTO noisy VALUES (1)", "trigger tr"),
        ("INSERT INTO nowhere VALUES (1)", "no such table: nowhere"),
        ("selct 1", "syntax error"),
    ],
)
def test_what_its_text_does_not_bound_is_opaque_with_its_reason(writer: SqliteWriter, sql: str, why: str):
    parsed = writer.parse(sql)
    assert why in parsed.opaque
    assert not parsed.forbidden


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("INSERT INTO u (x, y) SELECT t.a, t.b FROM t", ()),
        ("INSERT INTO t (a, b) SELECT t.a, t.b FROM t", ("a", "b")),
        ('INSERT INTO "t" ("A", b) SELECT a AS A, CAST(b AS TEXT) AS b FROM t', ("a",)),
        ("INSERT INTO t (a, b) SELECT a, b FROM t WHERE a > 1", ()),
        ("INSERT INTO t (a, b) SELECT a, b FROM t LIMIT 1", ()),
        ("INSERT INTO t (a, b) SELECT DISTINCT a, b FROM t", ()),
        ("INSERT OR IGNORE INTO t (a, b) SELECT a, b FROM t", ()),
        ("INSERT INTO t (a, b) SELECT a, b FROM v", ()),
        ("INSERT INTO t (a, b) SELECT a, b FROM t, u", ()),
        ("INSERT INTO t (a, b) SELECT a, b FROM t UNION SELECT 1, 2", ()),
        ('INSERT INTO u (x, y) SELECT x, "y y" FROM u', ("x",)),
        ("INSERT INTO lossy (x, y) SELECT x, y FROM u", ()),
        ("INSERT INTO t (a, b) VALUES (1, 2)", ()),
    ],
)
def test_only_columns_carried_over_whole_and_unchanged_count_as_copied(
    writer: SqliteWriter, sql: str, columns: tuple[str, ...]
):
    assert writer.parse(sql).copies == columns


def test_vacuum_runs_outside_transactions(writer: SqliteWriter):
    assert not writer.parse("VACUUM").transactional


def test_judging_runs_nothing(writer: SqliteWriter, file: Path):
    before = content(file)
    for sql in ("DROP TABLE t", "DELETE FROM t", "PRAGMA user_version = 9", "PRAGMA journal_mode = WAL", "VACUUM"):
        writer.parse(sql)
    assert content(file) == before
    assert not (file.parent / f"{file.name}-wal").exists()
