"""A live file: read without a trace, locked by one connection, written by that one alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.databases.sqlite.files import (
    allowed,
    content,
    given,
    held,
    made,
    objects_of,
    other_program,
    snapshot_of,
    target_of,
)
from workers.core.errors import ExpectedError
from workers.core.names import Engine
from workers.core.refusals import RefusalCode
from workers.databases.sqlite.database import SqliteDatabase
from workers.databases.sqlite.file import Mode, find
from workers.ports import StatementError

pytestmark = pytest.mark.sandbox

SHOP = """
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
INSERT INTO alembic_version VALUES ('a1');
CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE children (id INTEGER PRIMARY KEY, parent INT REFERENCES parents ON DELETE CASCADE);
INSERT INTO parents VALUES (1, 'x');
INSERT INTO children VALUES (1, 1);
"""

VERSIONS = ("", "alembic_version")
WAL = "PRAGMA journal_mode = WAL;"


def test_a_target_is_known_by_its_real_path(engine: SqliteDatabase, data_dir: Path):
    path = made(data_dir, SHOP)
    link = data_dir / "link.db"
    link.symlink_to(path)
    identity = target_of(engine, path).identity
    assert (identity.engine, identity.database, identity.role) == (Engine.SQLITE, "live.db", "")
    assert identity == target_of(engine, link).identity
    assert identity != target_of(engine, made(data_dir, SHOP, "other.db")).identity
    assert str(data_dir) not in identity.server


def test_reading_leaves_no_trace(either: SqliteDatabase, data_dir: Path):
    path = made(data_dir, SHOP)
    before = content(path), path.stat().st_mtime_ns
    target = target_of(either, path)
    with target.reading() as reader:
        assert ("children",) in objects_of(reader.snapshot(), "table")
        assert reader.rows(VERSIONS, ("version_num",)) == (("a1",),)
        assert reader.has_rows(("parents",))
        assert not reader.has_rows(("nowhere",))
        assert reader.rows(("nowhere",), ("x",)) is None
        assert reader.count(("parents",), "", 0) == 0
        assert reader.count(("parents",), "", 10) == reader.count(("parents",), "id", 10) != 0
        assert reader.count(("parents",), "gone", 10) is reader.count(("nowhere",), "", 10) is None
    target.preflight()
    target.dump((VERSIONS,))
    assert target.session_settings()[0] == ("encoding", "UTF-8")
    assert (content(path), path.stat().st_mtime_ns) == before
    assert [item.name for item in path.parent.iterdir()] == [path.name]


def test_reading_a_wal_database_leaves_the_file_as_it_was(either: SqliteDatabase, data_dir: Path):
    path = made(data_dir, WAL + SHOP)
    before = content(path)
    with other_program(path, "INSERT INTO parents VALUES (2, 'new')"):
        given(path.parent)
        with target_of(either, path).reading() as reader:
            assert reader.rows(("parents",), ("id",)) == (("1",), ("2",))
        assert content(path) == before


def test_one_unit_of_work_sees_one_state(engine: SqliteDatabase, data_dir: Path):
    path = made(data_dir, WAL + SHOP)
    with target_of(engine, path).reading() as reader:
        first = reader.snapshot()
        with other_program(path, "CREATE TABLE late (a)", "DELETE FROM alembic_version"):
            assert reader.snapshot() == first
            assert reader.rows(VERSIONS, ("version_num",)) == (("a1",),)
    assert ("late",) in objects_of(snapshot_of(engine, path), "table")


def test_a_missing_column_is_an_error_and_no_text(engine: SqliteDatabase, data_dir: Path):
    with (
        target_of(engine, made(data_dir, SHOP)).reading() as reader,
        pytest.raises(ExpectedError, match="no such column"),
    ):
        reader.rows(VERSIONS, ("nothing",))


def test_preflight_tells_what_the_file_is(either: SqliteDatabase, data_dir: Path):
    path = made(data_dir, SHOP)
    path.chmod(0o666)
    told = target_of(either, path).preflight()
    assert told.read_only_proven
    assert (told.tables, told.bytes, told.blockers) == (3, path.stat().st_size, ())
    assert told.version.startswith("3.")
    assert ("journal_mode", "delete") in told.session
    assert told.superfluous == ("every user of this machine may write the file",)


def test_preflight_names_what_an_apply_would_meet(engine: SqliteDatabase, data_dir: Path):
    path = made(data_dir, WAL + SHOP)
    path.chmod(0o444)
    told = target_of(engine, path).preflight()
    assert any("every other program" in line for line in told.rights)
    if os.geteuid() == 0:
        assert told.blockers == ("the file's owner may not write the file or its folder",)


def test_preflight_finds_a_damaged_file(engine: SqliteDatabase, data_dir: Path):
    path = made(data_dir, SHOP + "CREATE INDEX names ON parents (name);")
    pages = bytearray(path.read_bytes())
    pages[-4096:] = b"\xff" * 4096
    path.write_bytes(pages)
    assert any("quick_check" in line for line in target_of(engine, path).preflight().blockers)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda path: path.unlink(), "There is no file"),
        (lambda path: path.write_bytes(b"not a database" * 100), "is not a SQLite database"),
        (_folder, "is not a SQLite database"),
        (_pipe, "is not a SQLite database"),
    ],
    ids=["missing", "other content", "folder", "pipe"],
)
def test_what_is_no_database_is_said_with_advice(engine: SqliteDatabase, data_dir: Path, prepare, message: str):
    path = made(data_dir, SHOP)
    prepare(path)
    with pytest.raises(ExpectedError, match=message) as error:
        snapshot_of(engine, path)
    assert error.value.code is RefusalCode.TARGET_UNREACHABLE
    assert error.value.advice
    assert str(data_dir) not in error.value.message


def test_a_header_without_a_database_behind_it_is_said_with_advice(engine: SqliteDatabase, data_dir: Path):
    path = made(data_dir, SHOP)
    path.write_bytes(path.read_bytes()[:100] + b"\xff" * 8000)
    with pytest.raises(ExpectedError) as error:
        snapshot_of(engine, path)
    assert error.value.code is RefusalCode.TARGET_UNREACHABLE


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "postgresql:///x", "sqlite"])
def test_a_url_that_names_no_file_is_refused(engine: SqliteDatabase, url: str):
    with pytest.raises(ExpectedError):
        engine.target(url, None)


def test_a_url_may_name_a_driver_and_hold_escapes(engine: SqliteDatabase, data_dir: Path):
    path = made(data_dir, SHOP, "a b?#%.db")
    escaped = f"{path.parent}/a%20b%3F%23%25.db"
    assert engine.target(f"sqlite+pysqlite:///{escaped}?timeout=5", None).identity.database == "a b?#%.db"
    with engine.target(f"sqlite:///{escaped}", None).reading() as reader:
        assert reader.has_rows(("parents",))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root could be tempted to open it as root")
def test_a_file_of_roots_is_not_opened(engine: SqliteDatabase, data_dir: Path):
    path = made(data_dir, SHOP)
    os.chown(path, 0, 0)
    with pytest.raises(ExpectedError, match="belongs to root"):
        snapshot_of(engine, path)


def test_a_database_that_a_crashed_program_left_is_not_read_half_written(engine: SqliteDatabase, data_dir: Path):
    path = made(data_dir, SHOP)
    code = (
        "import os, sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('PRAGMA cache_size = 1')\n"
        "connection.execute('BEGIN')\n"
        "connection.executemany('INSERT INTO parents (name) VALUES (?)', [('x' * 1000,)] * 2000)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], env={}, check=False)
    assert done.returncode == -signal.SIGKILL
    given(path.parent)
    with pytest.raises(ExpectedError) as error:
        snapshot_of(engine, path)
    assert "crashed" in error.value.advice
    with target_of(engine, path).lock() as lock:
        assert lock is not None
    with target_of(engine, path).reading() as reader:
        assert reader.rows(("parents",), ("name",)) == (("x",),)


def test_the_lock_keeps_everybody_else_out(either: SqliteDatabase, data_dir: Path):
    path = made(data_dir, SHOP)
    target = target_of(either, path)
    with target.lock() as lock:
        assert lock is not None
        assert lock.held()
        code = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0.1).execute('SELECT * FROM parents')"
        tried = subprocess.run(
            [sys.executable, "-c", code, str(path)], env={}, capture_output=True, text=True, check=False
        )
        assert "database is locked" in tried.stderr
        with target.lock() as second:
            assert second is None
    with other_program(path, "UPDATE parents SET name = 'free again'"):
        pass


@pytest.mark.parametrize(
    ("mode", "statements"),
    [
        ("DELETE", ("BEGIN IMMEDIATE",)),
        ("DELETE", ("BEGIN", "SELECT * FROM parents")),
        ("WAL", ("BEGIN IMMEDIATE",)),
        ("WAL", ("SELECT * FROM parents",)),
    ],
    ids=["writer", "reader", "WAL writer", "WAL, merely open"],
)
def test_there_is_no_lock_while_another_program_uses_the_file(
    engine: SqliteDatabase, data_dir: Path, mode: str, statements: tuple[str, ...]
):
    path = made(data_dir, f"PRAGMA journal_mode = {mode};" + SHOP)
    with other_program(path, *statements):
        given(path.parent)
        with target_of(engine, path).lock() as lock:
            assert lock is None
    with target_of(engine, path).lock() as lock:
        assert lock is not None


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_whoever_holds_the_lock_goes_on_reading(engine: SqliteDatabase, data_dir: Path, mode: str):
    path = made(data_dir, f"PRAGMA journal_mode = {mode};" + SHOP)
    before = snapshot_of(engine, path)
    with target_of(engine, path).lock() as lock:
        again = target_of(engine, path)
        with again.reading() as reader:
            assert reader.snapshot() == before
        with again.writing(held(lock), allowed(), lock_timeout=1, statement_timeout=5) as writer:
            writer.begin()
            writer.execute("CREATE TABLE more (a)")
            with again.reading() as reader:
                assert ("more",) in objects_of(reader.snapshot(), "table")
            writer.commit()
        assert again.preflight().tables == 4
        assert not again.preflight().read_only_proven
        assert again.dump(()).script.count("CREATE TABLE") == 4


def test_writing_wants_the_lock_of_this_very_file(engine: SqliteDatabase, data_dir: Path):
    one, two = made(data_dir, SHOP), made(data_dir, SHOP, "two.db")
    with (
        target_of(engine, one).lock() as lock,
        pytest.raises(ValueError, match="not this file's"),
        target_of(engine, two).writing(held(lock), allowed(), lock_timeout=1, statement_timeout=5),
    ):
        pass
    with (
        target_of(engine, one).lock(),
        pytest.raises(ValueError, match="not this file's"),
        target_of(engine, one).writing(held(lock), allowed(), lock_timeout=1, statement_timeout=5),
    ):
        pass


def test_what_is_committed_stays_and_what_is_not_is_gone(either: SqliteDatabase, data_dir: Path):
    path = made(data_dir, SHOP)
    target = target_of(either, path)
    with target.lock() as lock:
        with target.writing(held(lock), allowed(), lock_timeout=1, statement_timeout=5) as writer:
            writer.begin()
            writer.execute("ALTER TABLE parents ADD COLUMN note TEXT")
            assert writer.execute("UPDATE alembic_version SET version_num = 'a2' WHERE version_num = 'a1'") == 1
            assert writer.same_transaction()
            writer.commit()
            assert not writer.same_transaction()
            writer.begin()
            writer.execute("DROP TABLE children")
            assert ("children",) not in objects_of(writer.snapshot(), "table")
        assert lock is not None
        assert lock.held()
    with target.reading() as reader:
        assert reader.rows(VERSIONS, ("version_num",)) == (("a2",),)
        assert {("parents", "note"), ("children", "id")} <= set(objects_of(reader.snapshot(), "column"))


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_nothing_is_left_beside_the_file(either: SqliteDatabase, data_dir: Path, mode: str):
    path = made(data_dir, f"PRAGMA journal_mode = {mode};" + SHOP)
    target = target_of(either, path)
    with target.lock() as lock, target.writing(held(lock), allowed(), lock_timeout=1, statement_timeout=5) as writer:
        writer.begin()
        writer.execute("CREATE TABLE done (a)")
        writer.commit()
    with either._opener.open(find(path), Mode.WRITE, busy=1) as session:  # something goes wrong in the middle
        session.ask("begin", settings=())
        session.execute("DROP TABLE parents", seconds=5)
    assert [item.name for item in path.parent.iterdir()] == ["live.db"]
    assert {("done",), ("parents",)} <= set(objects_of(snapshot_of(either, path), "table"))


def test_the_snapshot_inside_a_transaction_goes_back_with_it(engine: SqliteDatabase, data_dir: Path):
    path = made(data_dir, SHOP)
    target = target_of(engine, path)
    with target.lock() as lock, target.writing(held(lock), allowed(), lock_timeout=1, statement_timeout=5) as writer:
        before = writer.snapshot()
        writer.begin()
        writer.execute("CREATE TABLE one (a)")
        assert ("one",) in objects_of(writer.snapshot(), "table")
        writer.rollback()
        assert writer.snapshot() == before
        writer.begin()
        writer.execute("CREATE TABLE two (a)")
        tables = objects_of(writer.snapshot(), "table")
        assert ("two",) in tables
        assert ("one",) not in tables


def test_copying_and_renaming_a_parent_keeps_its_children(engine: SqliteDatabase, data_dir: Path):
    path = made(data_dir, SHOP)
    target = target_of(engine, path)
    with target.lock() as lock, target.writing(held(lock), allowed(), lock_timeout=1, statement_timeout=5) as writer:
        writer.begin()
        writer.execute("CREATE TABLE _alembic_tmp_parents (id INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL)")
        writer.execute("INSERT INTO _alembic_tmp_parents (id, name) SELECT id, name FROM parents")
        writer.execute("DROP TABLE parents")
        writer.execute("ALTER TABLE _alembic_tmp_parents RENAME TO parents")
        writer.commit()
        assert writer.rows(("children",), ("id", "parent")) == (("1", "1"),)


def test_rows_that_would_lose_their_parents_stop_the_commit(engine: SqliteDatabase, data_dir: Path):
    path = made(data_dir, SHOP)
    target = target_of(engine, path)
    with target.lock() as lock, target.writing(held(lock), allowed(), lock_timeout=1, statement_timeout=5) as writer:
        writer.begin()
        writer.execute("DELETE FROM parents")
        with pytest.raises(StatementError, match="FOREIGN KEY") as error:
            writer.commit()
        assert error.value.state == "SQLITE_CONSTRAINT_FOREIGNKEY"
        writer.rollback()
        assert writer.has_rows(("parents",))


def test_orphans_that_were_there_before_stop_nothing(engine: SqliteDatabase, data_dir: Path):
    path = made(data_dir, SHOP + "INSERT INTO children VALUES (2, 99);")
    target = target_of(engine, path)
    with target.lock() as lock, target.writing(held(lock), allowed(), lock_timeout=1, statement_timeout=5) as writer:
        writer.begin()
        writer.execute("ALTER TABLE children ADD COLUMN note TEXT")
        writer.commit()


def test_a_statement_that_takes_too_long_is_stopped(engine: SqliteDatabase, data_dir: Path):
    path = made(data_dir, SHOP)
    target = target_of(engine, path)
    endless = "WITH RECURSIVE n (x) AS (SELECT 9 UNION ALL SELECT x + 1 FROM n) INSERT INTO parents SELECT x, 1 FROM n"
    with target.lock() as lock, target.writing(held(lock), allowed(), lock_timeout=1, statement_timeout=0.3) as writer:
        writer.begin()
        with pytest.raises(StatementError) as error:
            writer.execute(endless)
        assert error.value.state == "SQLITE_INTERRUPT"
        assert not error.value.lock_timeout
        writer.rollback()


def test_a_process_that_is_killed_loses_the_lock_and_its_transaction(engine: SqliteDatabase, data_dir: Path):
    path = made(data_dir, SHOP)
    target = target_of(engine, path)
    with target.lock() as lock:
        assert lock is not None
        with target.writing(held(lock), allowed(), lock_timeout=1, statement_timeout=5) as writer:
            writer.begin()
            writer.execute("DROP TABLE children")
            process = engine._locked.sessions[path]._conversation._process
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
            with pytest.raises(ExpectedError, match="no answer"):
                writer.execute("DROP TABLE parents")
        assert not lock.held()
    given(path.parent)
    with target_of(engine, path).lock() as lock:  # whoever writes next puts back what was half written
        assert lock is not None
    assert ("children",) in objects_of(snapshot_of(engine, path), "table")


def test_a_file_that_was_replaced_is_not_the_one_that_is_locked(engine: SqliteDatabase, data_dir: Path):
    path = made(data_dir, SHOP)
    other = made(data_dir, SHOP, "restored.db")
    with target_of(engine, path).lock() as lock:
        assert lock is not None
        other.replace(path)
        assert not lock.held()
