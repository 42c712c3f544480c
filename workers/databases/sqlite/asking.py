"""What a SQLite file is asked: the rows that its schema is written in, the settings that it carries, and the seal of both."""

from __future__ import annotations

from typing import NamedTuple

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.core.seal import seal
from workers.databases.code import code_of
from workers.databases.sqlite.session import Session

# What belongs to the file, not to a connection, and changes what values mean or where they lie.
FILE_PRAGMAS = ("encoding", "auto_vacuum", "application_id", "user_version")
# A table of such a name is read in place of what SQLite tells about itself.
_HIDING = (
    "SELECT name FROM (SELECT * FROM sqlite_schema UNION ALL SELECT * FROM sqlite_temp_schema)"
    " WHERE type IN ('table', 'view') AND name LIKE 'pragma~_%' ESCAPE '~'"
)
_SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid"
_TABLES = "SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = 'main'"
# Whatever the pragmas tell of tables follows from these rows and from which SQLite it is.
_ALL = (_SCHEMA, *(f"PRAGMA {name}" for name in FILE_PRAGMAS), "PRAGMA compile_options")


class Kept(NamedTuple):
    """One row of sqlite_schema; `sql` is empty for what SQLite makes by itself."""

    kind: str
    name: str
    table: str
    sql: str


def read_seal(session: Session) -> str:
    """Hash all that the schema is made of, in the reading transaction that is open."""
    said = session.ask("digest", queries=_ALL)
    return seal(b"", (code_of("sqlite", "sqlite", "lexer"), session.version.encode(), str(said).encode()))


def read_schema(session: Session) -> list[Kept]:
    """The rows of sqlite_schema in the order in which they were made.

    Raises FileError, and ExpectedError where the schema hides what the pragmas tell.
    """
    for (name,) in session.rows(_HIDING):
        raise ExpectedError(
            f"The name of {name} hides what SQLite tells about itself, so this schema cannot be read.",
            "Rename it: names that begin with pragma_ are SQLite's own.",
            RefusalCode.UNREAD_OBJECT,
        )
    return [Kept(kind, name, table, sql or "") for kind, name, table, sql in session.rows(_SCHEMA)]


def read_types(session: Session) -> dict[str, str]:
    """What each table of the main schema is: table, view, virtual, or shadow (a virtual table's own)."""
    return {name: kind for name, kind, _, _ in session.rows(_TABLES)}


def read_file_pragmas(session: Session) -> dict[str, str | int]:
    """The settings that the file carries."""
    return {name: session.rows(f"PRAGMA {name}")[0][0] for name in FILE_PRAGMAS}
