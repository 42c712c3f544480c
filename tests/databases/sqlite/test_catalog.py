"""A schema is read whole, and two that mean the same are equal however they were made."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.databases.sqlite.files import made, objects_of, process_of, processor_seconds, snapshot_of, target_of
from tests.source_files import ROOT
from workers.core.diff import Change, diff
from workers.core.schema import snapshot_from_json, snapshot_to_json
from workers.databases.sqlite.asking import _SCHEMA
from workers.databases.sqlite.catalog import _TOLD
from workers.databases.sqlite.database import SqliteDatabase
from workers.databases.sqlite.file import Mode, find

pytestmark = pytest.mark.sandbox

CASES = sorted((ROOT / "tests" / "cases" / "sqlite").iterdir())


def told(change: Change) -> str:
    """One line: what happened to which object, and its attributes before and after."""
    values = "; ".join(f"{key}: {before} -> {after}" for key, before, after in change.attributes)
    return f"{change.difference.value} {change.kind.value} {change.label}" + (f" ({values})" if values else "")


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_every_kind_of_object_is_seen_to_come_to_go_and_to_change(case: Path, engine: SqliteDatabase, data_dir: Path):
    before = snapshot_of(engine, made(data_dir, (case / "before.sql").read_text(), "before.db"))
    after = snapshot_of(engine, made(data_dir, (case / "after.sql").read_text(), "after.db"))
    changes = diff(before, after)
    assert [told(change) for change in changes] == (case / "expect").read_text().splitlines()
    assert diff(after, before) == tuple(Change(item.kind, item.name, item.after, item.before) for item in changes)
    assert before.unread == after.unread == ()
    assert (before.fingerprint == after.fingerprint) is not bool(changes)


def test_a_snapshot_survives_json(engine: SqliteDatabase, data_dir: Path):
    sql = "".join((case / "after.sql").read_text() for case in CASES if case.name == "same_altered")
    snapshot = snapshot_of(engine, made(data_dir, sql))
    assert snapshot_from_json(snapshot_to_json(snapshot)) == snapshot


def test_names_with_quotes_line_breaks_and_semicolons_are_names(engine: SqliteDatabase, data_dir: Path):
    name = 'x"; DROP TABLE y; --\n'
    quoted = name.replace('"', '""')
    sql = f'CREATE TABLE y (a); CREATE TABLE "{quoted}" ("{quoted}" INT CHECK ("{quoted}" > 1) REFERENCES y);'
    sql += f'CREATE INDEX "i{quoted}" ON "{quoted}" ("{quoted}"); CREATE VIEW "v{quoted}" AS SELECT * FROM "{quoted}";'
    path = made(data_dir, sql)
    snapshot = snapshot_of(engine, path)
    assert (name, name) in objects_of(snapshot, "column")
    assert (name, f"i{name}") in objects_of(snapshot, "index")
    assert (f"v{name}",) in objects_of(snapshot, "view")
    assert ("y",) in objects_of(snapshot, "table")
    with target_of(engine, path).reading() as reader:
        assert reader.rows((name,), (name,)) == ()
        assert not reader.has_rows((name,))


def test_what_sqlite_makes_for_itself_is_no_object(engine: SqliteDatabase, data_dir: Path):
    sql = "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a UNIQUE); CREATE VIRTUAL TABLE f USING fts5(x);"
    snapshot = snapshot_of(engine, made(data_dir, sql))
    assert set(objects_of(snapshot, "table")) == {("t",), ("f",)}
    assert objects_of(snapshot, "index") == {}


def test_statistics_are_named_and_not_compared(engine: SqliteDatabase, data_dir: Path):
    snapshot = snapshot_of(engine, made(data_dir, "CREATE TABLE t (a); CREATE INDEX i ON t (a); ANALYZE;"))
    assert [(item.kind, item.name) for item in snapshot.unread] == [("table", ("sqlite_stat1",))]


def test_a_table_that_we_do_not_understand_is_named_with_the_reason(engine: SqliteDatabase, data_dir: Path):
    sql = "CREATE TABLE p (a); CREATE TABLE odd (a REFERENCES p NOT NULL DEFERRABLE INITIALLY DEFERRED);"
    snapshot = snapshot_of(engine, made(data_dir, sql))
    assert [(item.name, item.why) for item in snapshot.unread] == [(("odd",), "a constraint begins with DEFERRABLE")]
    assert set(objects_of(snapshot, "table")) == {("p",)}


def test_two_constraints_of_one_name_are_two_objects(engine: SqliteDatabase, data_dir: Path):
    sql = "CREATE TABLE t (a, b, CONSTRAINT c CHECK (a > 0), CONSTRAINT c CHECK (b > 0), CHECK (a > b), CHECK (a > b));"
    checks = objects_of(snapshot_of(engine, made(data_dir, sql)), "check")
    assert set(checks) == {("t", "c"), ("t", "c #2"), ("t", "check (a > b)"), ("t", "check (a > b) #2")}


def test_broken_and_hostile_views_do_not_stop_the_reading(engine: SqliteDatabase, data_dir: Path):
    sql = "CREATE TABLE t (a); CREATE VIEW v AS SELECT * FROM nowhere; CREATE VIEW w AS SELECT load_extension('x') FROM t;"
    snapshot = snapshot_of(engine, made(data_dir, sql))
    assert objects_of(snapshot, "view")[("w",)].get("definition") == "SELECT load_extension('x') FROM t"


def test_a_thousand_tables_are_read_in_a_third_of_a_second(engine: SqliteDatabase, data_dir: Path):
    columns = ", ".join(f"c{number} TEXT NOT NULL DEFAULT 'x' CHECK (c{number} <> '')" for number in range(8))
    sql = "BEGIN;"
    for number in range(1000):
        sql += f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, {columns}, p REFERENCES t{number // 2}, UNIQUE (c1));"
        sql += f"CREATE INDEX i{number} ON t{number} (c2, c3);"
    path = made(data_dir, sql + "COMMIT;")
    with engine._opener.open(find(path), Mode.READ, busy=1) as session:
        process = process_of(session)
        opened = processor_seconds(process)
        for _ in range(3):
            for query in (_SCHEMA, _TOLD):
                assert len(session.rows(query)) >= 1000
        read = (processor_seconds(process) - opened) / 3
    assert opened <= 0.15, opened
    assert 0 < read <= 0.35, read
