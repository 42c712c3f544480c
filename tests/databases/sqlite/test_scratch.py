"""Throw-away copies are the live schema without its rows, usable by strangers, and gone afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.databases.sqlite.files import made, objects_of, snapshot_of, target_of
from tests.sandbox.machine import our_python, worker_environment
from tests.source_files import ROOT
from workers.core.diff import diff
from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.core.schema import Snapshot
from workers.databases.sqlite.database import SqliteDatabase
from workers.ports import Dump, ScratchDatabase, StatementError
from workers.sandbox.folders import sweep
from workers.sandbox.profile import Profile
from workers.sandbox.run import Sandbox

pytestmark = pytest.mark.sandbox

SHOP = """
PRAGMA user_version = 5;
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
INSERT INTO alembic_version VALUES ('it''s'), ('b2');
CREATE TABLE parents (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT CHECK (name <> ';'), twice AS (id * 2));
INSERT INTO parents (name) VALUES ('secret row');
CREATE TABLE "o;dd ""name" (a REFERENCES parents);
CREATE VIEW v AS SELECT * FROM parents -- not the end;
;
CREATE TRIGGER tr AFTER INSERT ON parents BEGIN SELECT CASE WHEN 1 THEN 2 END; DELETE FROM "o;dd ""name"; END;
CREATE VIRTUAL TABLE texts USING fts5(body);
CREATE INDEX ix ON parents (name COLLATE NOCASE DESC) WHERE name > 'a';
ANALYZE;
"""
START_AND_WAIT = """
import sys, time
from pathlib import Path
from tests.sandbox.machine import real_sandbox
from workers.databases.sqlite.database import SqliteDatabase
area, url = Path(sys.argv[1]), sys.argv[2]
engine = SqliteDatabase(area, real_sandbox(area).sandbox)
with engine.scratch(None).clone(engine.target(url, None).dump(())) as copy:
    with copy.writing() as writer:
        writer.begin()
        print(copy.address.writable[0].host, flush=True)
        time.sleep(60)
"""


def dump_of(engine: SqliteDatabase, path: Path) -> Dump:
    return target_of(engine, path).dump((("", "alembic_version"), ("nowhere",)))


def schema_of(copy: ScratchDatabase) -> Snapshot:
    with copy.reading() as reader:
        return reader.snapshot()


def test_a_clone_is_the_live_schema_with_the_version_rows_and_no_others(either: SqliteDatabase, data_dir: Path):
    path = made(data_dir, SHOP)
    dump = dump_of(either, path)
    assert "secret" not in repr(dump)
    live = snapshot_of(either, path)
    with either.scratch(None).clone(dump) as copy:
        assert diff(live, schema_of(copy)) == ()
        with copy.reading() as reader:
            assert reader.rows(("alembic_version",), ("version_num",)) == (("b2",), ("it's",))
            assert not reader.has_rows(("parents",))


def test_an_empty_one_has_the_settings_of_the_file_and_nothing_else(engine: SqliteDatabase, data_dir: Path):
    path = made(data_dir, "PRAGMA encoding = 'UTF-16le'; PRAGMA auto_vacuum = FULL; PRAGMA application_id = 8;" + SHOP)
    live = objects_of(snapshot_of(engine, path), "database")
    with engine.scratch(None).empty(dump_of(engine, path)) as database:
        found = schema_of(database)
        assert objects_of(found, "database") == live
        assert len(found.objects) == 1
        assert database.served() == ()


def test_a_schema_that_cannot_be_built_again_is_said(engine: SqliteDatabase, data_dir: Path):
    dump = dump_of(engine, made(data_dir, "CREATE TABLE t (a);"))
    broken = Dump(
        engine=dump.engine,
        engine_version=dump.engine_version,
        database="live.db",
        writing_role="",
        roles=(),
        script=dump.script + ";CREATE TABLE t (a)",
        version_rows=(),
        settings=dump.settings,
    )
    with pytest.raises(ExpectedError, match="already exists") as error, engine.scratch(None).clone(broken):
        pass
    assert error.value.code is RefusalCode.REHEARSAL_FAILED


def test_strangers_code_works_on_a_copy_and_we_read_what_it_did(
    engine: SqliteDatabase, sandbox: Sandbox, area: Path, data_dir: Path
):
    python = our_python(area)
    code = (
        "import sqlite3\n"
        "connection = sqlite3.connect('/scratch/db.sqlite')\n"
        "connection.execute('PRAGMA journal_mode = WAL')\n"
        "connection.execute('CREATE TABLE hidden (a)')\n"
        "connection.execute('INSERT INTO hidden VALUES (1)')\n"
        "connection.commit()\n"
    )
    with engine.scratch(None).clone(dump_of(engine, made(data_dir, SHOP))) as copy:
        assert copy.address.url == "sqlite:////scratch/db.sqlite"
        writable = tuple((bind.host, bind.inside) for bind in copy.address.writable)
        profile = Profile(read_only=python.binds, environment=python.environment, writable=writable)
        done = sandbox.run([python.bin, "-I", "-S", "-c", code], profile)
        assert done.ok, done.stderr
        assert ("hidden",) in objects_of(schema_of(copy), "table")
        assert ("hidden",) in {name for name, _ in copy.checksums()}


def test_checksums_know_rows_and_not_their_order(engine: SqliteDatabase, data_dir: Path):
    dump = dump_of(engine, made(data_dir, "CREATE TABLE t (a, b); CREATE TABLE empty (a);"))

    def after(*statements: str) -> tuple:
        with engine.scratch(None).clone(dump) as copy, copy.writing() as writer:
            for sql in statements:
                writer.execute(sql)
            return copy.checksums()

    first = after("INSERT INTO t VALUES (1, 'x'), (NULL, 2.5)")
    assert [name for name, _ in first] == [("t",)]
    assert first == after("INSERT INTO t VALUES (NULL, 2.5)", "INSERT INTO t VALUES (1, 'x')")
    others = [
        after("INSERT INTO t VALUES (1, 'x')"),
        after("INSERT INTO t VALUES ('1', 'x'), (NULL, 2.5)"),
        after("INSERT INTO t VALUES (1, x'78'), (NULL, 2.5)"),
        after("INSERT INTO t VALUES (1, 'x'), (NULL, 2.5), (NULL, 2.5)"),
        after("INSERT INTO t VALUES ('x', 1), (NULL, 2.5)"),
    ]
    assert len({first, *others}) == 6


def test_what_a_stranger_closed_is_removed_all_the_same(engine: SqliteDatabase, data_dir: Path):
    with engine.scratch(None).clone(dump_of(engine, made(data_dir))) as copy:
        place = copy.address.writable[0].host
        (place / "closed").mkdir()
        (place / "closed" / "inside").mkdir()
        (place / "link").symlink_to("/etc")
        (place / "closed").chmod(0)
    assert not place.exists()
    assert Path("/etc").is_dir()


def test_a_link_in_place_of_the_copy_leads_nowhere(engine: SqliteDatabase, data_dir: Path):
    live = made(data_dir, "CREATE TABLE t (a);")
    with engine.scratch(None).clone(dump_of(engine, live)) as copy:
        file = copy.address.writable[0].host / "db.sqlite"
        file.unlink()
        file.symlink_to(live)
        with pytest.raises(ExpectedError):
            schema_of(copy)


def test_after_a_kill_the_next_sweep_removes_what_is_left(area: Path, data_dir: Path):
    path = made(data_dir, SHOP)
    words = [sys.executable, "-c", START_AND_WAIT, str(area), f"sqlite:///{path}"]
    with subprocess.Popen(
        words, env=worker_environment(), cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as worker:
        assert worker.stdout is not None
        place = Path(worker.stdout.readline().strip())
        assert place.is_dir()
        sweep(area)
        assert place.is_dir()
        os.kill(worker.pid, signal.SIGKILL)
    sweep(area)
    assert not place.exists()


def test_a_failed_statement_leaves_the_rest_of_its_transaction(engine: SqliteDatabase, data_dir: Path):
    with engine.scratch(None).clone(dump_of(engine, made(data_dir, SHOP))) as copy, copy.writing() as writer:
        writer.begin()
        writer.execute("CREATE TABLE one (a)")
        with pytest.raises(StatementError, match="already exists") as error:
            writer.execute("CREATE TABLE one (a)")
        assert not error.value.lock_timeout
        assert writer.same_transaction()
        writer.commit()
        assert ("one",) in objects_of(writer.snapshot(), "table")


def test_vacuum_runs_on_its_own_and_not_in_a_transaction(engine: SqliteDatabase, data_dir: Path):
    with engine.scratch(None).clone(dump_of(engine, made(data_dir, SHOP))) as copy, copy.writing() as writer:
        assert writer.execute("VACUUM") == -1
        writer.begin()
        with pytest.raises(StatementError, match="within a transaction"):
            writer.execute("VACUUM")
        writer.rollback()


def test_versions_always_fit(engine: SqliteDatabase, data_dir: Path):
    dump = dump_of(engine, made(data_dir))
    assert engine.scratch(None).version_for(dump.engine_version) == dump.engine_version


def test_no_server_can_be_lent_to_a_file(engine: SqliteDatabase):
    with pytest.raises(ExpectedError, match="lent to an environment on SQLite") as refused:
        engine.with_scratch("sqlite:////somewhere.db")
    assert refused.value.code is RefusalCode.CONFIG_INVALID
