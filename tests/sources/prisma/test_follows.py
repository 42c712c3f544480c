"""Whether foreign keys are followed while a script runs: by SQLite's tokens, whatever stands in comments and strings."""

from __future__ import annotations

import pytest

from workers.sources.prisma.follows import Followed, followed, referenced
from workers.sources.prisma.history import Script

TABLES = frozenset({"users", "my users"})
OFF, ON = "PRAGMA foreign_keys=OFF", "PRAGMA main.foreign_keys ( 'on' )"


def script(sql: str) -> Script:
    return Script(name="1_first", path="", sql=sql)


@pytest.mark.parametrize(
    "command",
    [
        "DELETE FROM users",
        "-- gone\ndelete /* all */ from main.[Users]",
        "UPDATE users SET id = 2",
        'UPDATE OR FAIL "Users" SET id = 2',
        "REPLACE INTO `my users` VALUES (1)",
        "INSERT OR REPLACE INTO users VALUES (1)",
        "DROP TABLE users",
        "DROP TABLE IF EXISTS users",
        "WITH old AS (SELECT 1) DELETE FROM orders",
    ],
)
def test_what_changes_a_table_that_others_refer_to_wants_them_followed(command: str):
    assert followed((command,), TABLES) is Followed.ALL
    assert followed((OFF, command), TABLES) is Followed.NOTHING
    assert followed((OFF, ON, command), TABLES) is Followed.SOME
    assert followed((command, OFF), TABLES) is Followed.SOME


@pytest.mark.parametrize(
    "command",
    [
        "DELETE FROM orders",
        "DELETE",
        "DROP TABLE",
        "UPDATE OR",
        "PRAGMA foreign_keys",
        "INSERT INTO users VALUES ('DELETE FROM users')",
        "SELECT 1 -- DELETE FROM users",
        "ALTER TABLE users RENAME",
        "'",
    ],
)
def test_all_else_does_not(command: str):
    assert followed((command,), TABLES) is Followed.NOTHING


def test_tables_that_are_referred_to_are_known_by_the_history_and_by_their_new_names():
    made = "CREATE TABLE o (u int REFERENCES main.\"Users\" (id), note text DEFAULT 'references nothing')"
    assert referenced((script(made),)) == {"users"}
    assert referenced((script(made), script('ALTER TABLE "Users" RENAME TO [my users]'))) == TABLES
    assert referenced((script("CREATE TABLE o (u int REFERENCES"), script("ALTER TABLE o RENAME"))) == frozenset()
