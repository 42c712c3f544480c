"""The state's own migrations."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from workers.store.inbox import connect, metadata, reading
from workers.store.tables import memory
from workers.store.upgrade import upgrade

ROOT = Path(__file__).parents[2]


def test_the_migrations_make_exactly_the_tables_that_the_code_uses(empty_url):
    engine = connect(empty_url)
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "schemagate_state"})
        found = compare_metadata(context, [metadata, memory])  # type: ignore[arg-type]  # it takes several as well
        indexes = {item["name"] for item in inspect(connection).get_indexes("rollouts")}
    engine.dispose()
    assert found == []
    assert "rollouts_one_open_a_plan" in indexes


def test_a_second_upgrade_changes_nothing(empty_url):
    engine = connect(empty_url)
    for _ in range(2):
        upgrade(engine)
    with reading(engine) as connection:
        assert inspect(connection).has_table("rollouts")
    engine.dispose()


def test_processes_that_start_together_upgrade_once(empty_url):
    program = "import sys; from workers.store.inbox import connect; from workers.store.upgrade import upgrade; upgrade(connect(sys.argv[1]))"
    argv = [sys.executable, "-c", program, empty_url]
    started = [subprocess.Popen(argv, cwd=ROOT, stderr=subprocess.PIPE) for _ in range(4)]
    errors = [process.communicate(timeout=60)[1].decode() for process in started]
    assert [process.returncode for process in started] == [0] * 4, "\n".join(errors)


def test_an_sqlite_state_is_for_its_owner_alone_and_reaches_the_disk(tmp_path):
    path = tmp_path / "state.db"
    engine = connect(f"sqlite:///{path}")
    with reading(engine) as connection:
        modes = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    engine.dispose()
    assert modes == ["wal", 2, 1]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
