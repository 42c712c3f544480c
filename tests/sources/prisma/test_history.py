"""A folder of migrations as a history: order, content, what is wrong with it and where."""

import hashlib

import pytest

from tests.sources.alembic.projects import tree
from workers.core.config import Module
from workers.core.names import Engine
from workers.core.refusals import RefusalCode
from workers.ports import History
from workers.reading.sqlite import FOLLOW
from workers.sources.prisma.detect import Literals, read_project
from workers.sources.prisma.follows import referenced
from workers.sources.prisma.history import Script, read_history, read_scripts
from workers.sources.prisma.migrations_table import COLUMNS, Bookkeeper, judge_rows
from workers.sources.prisma.scripts import Writer

BASE = {
    "prisma/schema.prisma": 'datasource db {\n  provider = "sqlite"\n  url = "file:x"\n}\n',
    "prisma/migrations/migration_lock.toml": '# kept\nprovider = "sqlite"\n',
    "prisma/migrations/2_b/migration.sql": "CREATE TABLE b (x);\n",
    "prisma/migrations/1_a/migration.sql": "CREATE TABLE a (x);\n",
    "prisma/migrations/1_a/README.md": "why",
}


def history(files: dict[str, str], odd=()) -> History:
    found = tree({**BASE, **files}, odd)
    project = read_project(found, Module(id="shop"), lambda *_: Literals())
    assert project is not None
    return read_history(found, project, read_scripts(found, project, lambda names: tuple(reversed(names))))


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_each_migration_is_recorded_by_itself_and_stands_in_prismas_order():
    found = history({"prisma/migrations/10_c/migration.sql": "--\n"})
    assert [item.id for item in found.revisions] == ["1_a", "10_c", "2_b"]
    assert found.heads == ("1_a", "10_c", "2_b")
    assert found.separate
    assert not found.problems
    assert [item.down for item in found.revisions] == [(), (), ()]


def test_names_that_are_not_plain_are_put_in_order_by_the_engine():
    found = history({"prisma/migrations/ä/migration.sql": "--\n"})
    assert [item.id for item in found.revisions] == ["ä", "2_b", "1_a"]


def test_line_endings_are_nothing_to_the_content_and_every_spelling_is_known_again():
    unix, windows = (
        history({"prisma/migrations/1_a/migration.sql": text}).get("1_a") for text in ("a;\nb;\n", "a;\r\nb;\r\n")
    )
    assert unix is not None
    assert windows is not None
    assert unix.content == windows.content == sha("a;\nb;\n")
    assert set(unix.spellings) == set(windows.spellings) == {sha("a;\nb;\n"), sha("a;\r\nb;\r\n")}


FOLDER = "prisma/migrations"


@pytest.mark.parametrize(
    ("files", "odd", "code", "path"),
    [
        ({f"{FOLDER}/3_c/notes.md": ""}, (), RefusalCode.PLAN_INCOMPLETE, f"{FOLDER}/3_c/migration.sql"),
        ({f"{FOLDER}/3_c/migration.sql": "a\0b"}, (), RefusalCode.PLAN_INCOMPLETE, f"{FOLDER}/3_c/migration.sql"),
        ({f"{FOLDER}/{'x' * 256}/migration.sql": ""}, (), RefusalCode.PLAN_INCOMPLETE, f"{FOLDER}/{'x' * 256}/migration.sql"),
        ({}, ((f"{FOLDER}/3_c/migration.sql", "a symbolic link"),), RefusalCode.PLAN_INCOMPLETE, f"{FOLDER}/3_c/migration.sql"),
        ({f"{FOLDER}/migration_lock.toml": '#\nprovider = "mysql"\n'}, (), RefusalCode.ENGINE_MISMATCH, f"{FOLDER}/migration_lock.toml"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_history_is_named_with_its_path(files, odd, code: RefusalCode, path: str):
    (problem,) = history(files, odd).problems
    assert (problem.code, problem.path) == (code, path)
    assert problem.fix


def test_the_wrong_provider_is_shown_at_its_line_with_prismas_code():
    (problem,) = history({"prisma/migrations/migration_lock.toml": '#\nprovider = "mysql"\n'}).problems
    assert problem.line == 2
    assert "P3019" in problem.message


def row(name: str, checksum: str, finished: str | None = "t", rolled_back: str | None = None) -> tuple[str | None, ...]:
    return (name, checksum, finished, rolled_back, "1")


def test_a_failed_row_names_the_next_commands_and_one_that_was_taken_back_does_not():
    (refusal,) = judge_rows(history({}), history({}), (row("1_a", "x", None),), "prod").refusals
    assert refusal.code is RefusalCode.FAILED_MIGRATION
    assert "/mark-applied prod 1_a" in refusal.fix
    assert "prisma migrate resolve --rolled-back" in refusal.fix
    assert judge_rows(history({}), history({}), (row("1_a", "x", None, "t"),), "prod").refusals == ()


def test_an_edit_that_the_base_has_already_is_a_note_and_one_that_only_the_pull_has_a_refusal():
    here, none = history({}), History(revisions=(), heads=(), separate=True)
    right = row("1_a", sha("CREATE TABLE a (x);\n"))
    assert judge_rows(here, here, (right,), "prod").notes == ()
    assert "1_a/migration.sql:1" in judge_rows(here, here, (row("1_a", "0" * 64),), "prod").notes[0]
    (refusal,) = judge_rows(here, none, (row("1_a", "0" * 64),), "prod").refusals
    assert refusal.code is RefusalCode.EDITED_MIGRATION


def test_a_checksum_that_an_old_release_wrote_without_leading_zeros_fits():
    here = history({})
    old = "".join(f"{byte:x}" for byte in bytes.fromhex(sha("CREATE TABLE a (x);\n")))
    assert len(old) < 64
    assert judge_rows(here, here, (row("1_a", old),), "prod").notes == ()


def written(sql: str, engine: Engine = Engine.POSTGRESQL) -> list[tuple[str, int, bool, bool | None, bool]]:
    whole = Script(
        name="0_b", path="p", sql='CREATE TABLE b (x REFERENCES "A" (id), y REFERENCES b); ALTER TABLE b RENAME TO c;'
    )
    writer = Writer(Bookkeeper(engine=engine, new_id=lambda: "id"), referenced((whole,)))
    writer.add(Script(name="1_a", path="p", sql=sql), first=True)
    return [
        (item.sql.split("\n")[0][:12], item.group, item.transactional, item.own, item.batch)
        for item in writer.statements
    ]


def test_a_plain_script_and_its_row_share_one_transaction_with_the_table_before_them():
    assert written("CREATE TABLE a (x int); SELECT 1;") == [
        ("CREATE TABLE", 0, True, True, False),
        ("CREATE TABLE", 0, True, False, False),
        ("SELECT 1", 0, True, False, False),
        ("INSERT INTO ", 0, True, True, False),
    ]


def test_what_cannot_run_in_a_transaction_stands_between_its_rows_beginning_and_end():
    assert written("CREATE INDEX CONCURRENTLY i ON a (x);")[1:] == [
        ("INSERT INTO ", 0, True, True, False),
        ("CREATE INDEX", 1, False, False, False),
        ('UPDATE "_pri', 2, True, True, False),
    ]
    assert [item[1:3] for item in written("VACUUM;", Engine.SQLITE)] == [(0, True), (0, True), (1, False), (2, True)]


REDEFINED = "PRAGMA foreign_keys=OFF; INSERT INTO n SELECT * FROM a; DROP TABLE a; PRAGMA foreign_keys=ON;"


@pytest.mark.parametrize(
    ("sql", "head", "batch"),
    [
        ("ALTER TABLE a ADD COLUMN b; INSERT INTO a VALUES (1);", "CREATE TABLE", False),
        (REDEFINED, "CREATE TABLE", False),
        (f"-- DELETE FROM a\nCREATE TABLE n (x); {REDEFINED}", "CREATE TABLE", False),
        ("DELETE FROM a; CREATE TABLE b (x);", FOLLOW[:12], False),
        ("/* away */ DROP TABLE IF EXISTS main.`a`;", FOLLOW[:12], False),
        ("DELETE FROM lonely; UPDATE lonely SET x = 1; DROP TABLE lonely;", "CREATE TABLE", False),
        (f"DELETE FROM lonely; {REDEFINED}", "CREATE TABLE", False),
        ("DELETE FROM c;", FOLLOW[:12], False),
        ("WITH x AS (SELECT 1) UPDATE a SET b = 1;", FOLLOW[:12], False),
        ("INSERT OR REPLACE INTO a VALUES (1);", FOLLOW[:12], False),
        (f"DELETE FROM b; {REDEFINED}", "CREATE TABLE", True),
        (f"{REDEFINED} PRAGMA main.foreign_keys = 0; PRAGMA foreign_keys(1); DELETE FROM b;", "CREATE TABLE", True),
        ("DELETE FROM a; VACUUM;", "CREATE TABLE", True),
        ("BEGIN; CREATE TABLE b (x); COMMIT;", "CREATE TABLE", True),
        ("CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; END;", "CREATE TABLE", False),
    ],
)
def test_on_sqlite_a_script_follows_foreign_keys_where_prisma_would_and_is_one_text_where_a_transaction_cannot(
    sql: str, head: str, batch: bool
):
    found = written(sql, Engine.SQLITE)
    assert found[0][0] == head
    assert any(item[4] for item in found) == batch


def test_a_script_that_steers_transactions_is_one_text():
    assert written("BEGIN; SELECT 1; COMMIT;")[2] == ("BEGIN; SELEC", 1, False, False, True)


def test_the_columns_that_are_read_are_enough_to_tell_what_a_row_means():
    assert COLUMNS[0] == "migration_name"
    assert {"checksum", "finished_at", "rolled_back_at"} <= set(COLUMNS)
