"""A seal is the same as long as the schema is, and never when it is not."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from tests.databases.sqlite.files import made, target_of
from workers.databases.sqlite.database import SqliteDatabase

TEXT = "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = {} WHERE name = 'v'"

pytestmark = pytest.mark.sandbox


def test_every_change_breaks_the_seal_and_rows_do_not(engine: SqliteDatabase, data_dir: Path):
    path = made(data_dir, "CREATE TABLE a (id integer PRIMARY KEY, n int DEFAULT 1); CREATE INDEX by_n ON a (n)")
    target = target_of(engine, path)

    def after(change: str) -> str:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.executescript(change)
        with target.reading() as reader:
            return reader.seal()

    with target.reading() as reader:
        plain = reader.snapshot()
        sealed, seal = reader.sealed_snapshot()
    assert sealed == plain
    assert after("INSERT INTO a VALUES (1, 2)") == seal
    seals = [
        seal,
        after("PRAGMA user_version = 7"),
        after("DROP INDEX by_n; CREATE INDEX by_n ON a (n DESC)"),
        after("ALTER TABLE a RENAME COLUMN n TO m"),
        after("CREATE VIEW v AS SELECT id FROM a"),
        after("CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END"),
        # A byte that is no UTF-8, and the text that stands for it where it is shown
        after(TEXT.format(r"'CREATE VIEW v AS SELECT ''' || CAST(x'ff' AS TEXT) || ''''")),
        after(TEXT.format(r"'CREATE VIEW v AS SELECT ''' || '\xff' || ''''")),
    ]
    assert len(set(seals)) == len(seals)
