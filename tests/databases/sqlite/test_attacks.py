"""What a hostile statement, schema or file tries, and how little it gets."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases.sqlite.files import given, made, objects_of, process_of, snapshot_of, target_of
from workers.core.errors import ExpectedError
from workers.core.names import Engine
from workers.databases.sqlite.database import SqliteDatabase
from workers.databases.sqlite.file import Mode, find
from workers.databases.sqlite.session import FileError
from workers.ports import StatementError, Writer
from workers.reading.lexer import split
from workers.reading.sqlite import FOLLOW

pytestmark = pytest.mark.sandbox

SCHEMA = """
CREATE TABLE t (a);
CREATE TABLE trap (a);
CREATE TRIGGER loads AFTER INSERT ON trap BEGIN SELECT load_extension('/usr/lib/evil.so'); END;
CREATE TRIGGER leaves AFTER DELETE ON t BEGIN SELECT RAISE(ROLLBACK, 'gone'); END;
INSERT INTO t VALUES (1);
"""


@pytest.fixture(scope="module")
def path(shared_dir: Path) -> Path:
    folder = shared_dir / "attacks"
    folder.mkdir(mode=0o755)
    return made(folder, SCHEMA)


@pytest.fixture(scope="module")
def copy(engine: SqliteDatabase, path: Path) -> Iterator[Writer]:
    with engine.scratch(None).clone(target_of(engine, path).dump(())) as copy, copy.writing() as writer:
        yield writer


@pytest.fixture
def writer(copy: Writer) -> Iterator[Writer]:
    yield copy
    copy.rollback()


@pytest.mark.parametrize(
    "sql",
    [
        "ATTACH '/etc/passwd' AS other",
        "ATTACH ':memory:' AS other",
        "ATTACH '' AS other",
        "VACUUM INTO '/tmp/copy.db'",
        "VACUUM main INTO '/scratch/copy.db'",
        "SELECT load_extension('/usr/lib/evil.so')",
        "INSERT INTO trap VALUES (1)",
        "SELECT fts3_tokenizer('simple')",
        "PRAGMA writable_schema = ON",
        "PRAGMA query_only = OFF",
        "PRAGMA trusted_schema = ON",
        "PRAGMA locking_mode = NORMAL",
        "PRAGMA journal_mode = OFF",
        "PRAGMA temp_store_directory = '/tmp'",
        "PRAGMA schema_version = 1",
        "UPDATE sqlite_master SET sql = 'CREATE TABLE x (a)'",
        "DELETE FROM sqlite_schema",
        "BEGIN",
        "COMMIT",
        "SAVEPOINT x",
        "SELECT 1; COMMIT",
        "SELECT 1;\x00COMMIT",
        "SELECT * FROM sqlite_dbpage",
    ],
)
def test_a_statement_that_reaches_too_far_is_refused_and_its_transaction_goes_on(writer: Writer, sql: str):
    writer.begin()
    writer.execute("CREATE TABLE mine (a)")
    with pytest.raises(StatementError):
        writer.execute(sql)
    assert writer.same_transaction()
    assert ("mine",) in objects_of(writer.snapshot(), "table")


def test_a_trigger_that_rolls_back_is_noticed(writer: Writer):
    writer.begin()
    writer.execute("INSERT INTO t VALUES (2)")
    with pytest.raises(StatementError, match="gone"):
        writer.execute("DELETE FROM t")
    assert not writer.same_transaction()


def test_vacuum_opens_no_door_for_what_follows(writer: Writer):
    writer.execute("VACUUM")
    for sql in ("ATTACH '' AS other", "BEGIN"):
        with pytest.raises(StatementError):
            writer.execute(sql)


def test_a_session_that_reads_cannot_be_talked_into_writing(engine: SqliteDatabase, path: Path):
    with engine._opener.open(find(path), Mode.READ, busy=1) as session:
        session.ask("read")
        for sql in (
            "DROP TABLE t",
            "PRAGMA query_only = OFF",
            "COMMIT",
            "PRAGMA user_version = 1",
            "CREATE TABLE x (a)",
        ):
            with pytest.raises((FileError, StatementError)):
                session.rows(sql)
            with pytest.raises(StatementError):
                session.execute(sql, seconds=1)


def test_the_process_sees_the_folder_of_its_file_and_nothing_of_the_machine(engine: SqliteDatabase, data_dir: Path):
    path = made(data_dir)
    elsewhere = data_dir / "elsewhere"
    elsewhere.mkdir()
    secret = made(elsewhere, "CREATE TABLE secret (a);")
    path.unlink()
    path.symlink_to(secret)  # followed on purpose, before the sandbox: then the other folder alone is seen
    assert objects_of(snapshot_of(engine, path), "table").keys() == {("secret",)}
    with engine._opener.open(find(path), Mode.WRITE, busy=1) as session:
        session.ask("state")
        root = Path(f"/proc/{process_of(session)}/root")
        assert sorted(item.name for item in (root / "database").iterdir()) == ["live.db"]
        assert not any((root / name).exists() for name in ("home", "var", "etc/shadow", str(data_dir)[1:]))


def test_a_default_that_loads_code_is_shown_and_never_runs(writer: Writer):
    writer.execute("CREATE TABLE innocent (a, b DEFAULT (load_extension('/usr/lib/evil.so')))")
    columns = objects_of(writer.snapshot(), "column")
    assert columns["innocent", "b"].get("default") == "load_extension('/usr/lib/evil.so')"
    with pytest.raises(StatementError, match="load_extension"):
        writer.execute("INSERT INTO innocent (a) VALUES (1)")


def forced(folder: Path, text: str) -> Path:
    """A file whose schema says something that no statement could make it say."""
    path = made(folder, SCHEMA)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 't'", (text,))
    connection.close()
    given(path.parent)
    return path


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE t (a",
        "SELECT 1",
        "CREATE TABLE other (a)",
        "CREATE TABLE t AS SELECT load_extension(1)",
        "CREATE TABLE t (a, b AS (load_extension(a)))",
        "ATTACH '/etc/passwd' AS x",
    ],
)
def test_a_schema_that_sqlite_cannot_read_is_an_error_with_advice(engine: SqliteDatabase, data_dir: Path, text: str):
    with pytest.raises(ExpectedError, match="malformed") as error:
        snapshot_of(engine, forced(data_dir, text))
    assert "integrity_check" in error.value.advice


@pytest.mark.parametrize(
    "statements",
    [
        ("CREATE TABLE pragma_table_list (name, type, wr, strict, schema)",),
        ("CREATE TEMP VIEW Pragma_table_xinfo AS SELECT 1",),
        ("CREATE TABLE x (a)", "ALTER TABLE x RENAME TO pragma_schema_version"),
        ("CREATE VIRTUAL TABLE pragma_index_list USING fts5(a)",),
    ],
)
def test_nothing_can_stand_in_for_what_sqlite_tells_about_itself(writer: Writer, statements: tuple[str, ...]):
    writer.begin()
    writer.snapshot()
    for sql in statements:
        writer.execute(sql)
    with pytest.raises(ExpectedError, match="hides what SQLite tells"):
        writer.snapshot()


def test_a_trigger_under_a_reserved_name_is_not_overlooked(engine: SqliteDatabase, data_dir: Path):
    path = made(data_dir, SCHEMA)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute(
        "UPDATE sqlite_schema SET name = 'sqlite_hidden', sql = replace(sql, 'loads', 'sqlite_hidden') WHERE name = 'loads'"
    )
    connection.close()
    given(path.parent)
    snapshot = snapshot_of(engine, path)
    assert [item.name for item in snapshot.unread] == [("trap", "sqlite_hidden")]


def test_what_stands_on_a_virtual_tables_own_tables_is_not_overlooked(engine: SqliteDatabase, data_dir: Path):
    sql = "CREATE VIRTUAL TABLE f USING fts5(x); CREATE INDEX on_shadow ON f_content (c0);"
    snapshot = snapshot_of(engine, made(data_dir, sql))
    assert [item.name for item in snapshot.unread] == [("f_content", "on_shadow")]


def test_text_that_is_no_utf8_stays_text(engine: SqliteDatabase, data_dir: Path):
    path = made(data_dir, "CREATE TABLE t (a TEXT); INSERT INTO t VALUES (CAST(x'ff41' AS TEXT));")
    with target_of(engine, path).reading() as reader:
        assert reader.rows(("t",), ("a",)) == (("\\xffA",),)


def test_an_answer_without_end_is_not_read_to_its_end(engine: SqliteDatabase, path: Path):
    with (
        engine._opener.open(find(path), Mode.READ, busy=1) as session,
        pytest.raises(FileError, match="too large"),
    ):
        session.rows("SELECT hex(zeroblob(34000000))")


@pytest.mark.parametrize(
    "sql",
    [
        "BEGIN; ATTACH '/tmp/other.db' AS other; COMMIT;",
        "BEGIN; COMMIT; VACUUM INTO '/tmp/copy.db';",
        "SAVEPOINT x; SELECT load_extension('/usr/lib/evil.so'); RELEASE x;",
        "BEGIN; PRAGMA writable_schema = ON; COMMIT;",
    ],
)
def test_a_script_with_transactions_of_its_own_may_no_more_than_a_statement(writer: Writer, sql: str):
    with pytest.raises(StatementError):
        writer.execute_script(sql)
    assert any(part.forbidden and not part.steers for part in writer.parse_script(split(sql, Engine.SQLITE)))


def test_a_script_that_leaves_its_transaction_open_has_done_nothing_in_it(writer: Writer):
    with pytest.raises(StatementError, match="open"):
        writer.execute_script("CREATE TABLE stays (a); BEGIN; CREATE TABLE goes (a);")
    assert (
        ("stays",) in objects_of(writer.snapshot(), "table"),
        ("goes",) in objects_of(writer.snapshot(), "table"),
    ) == (True, False)
    writer.begin()
    writer.execute("INSERT INTO t VALUES (2)")
    with pytest.raises(StatementError, match="at the head"):
        writer.execute(FOLLOW)
