"""A SQLite schema as the statements that rebuild it: SQLite's own texts, and no row but the version table's."""

from __future__ import annotations

from workers.core.names import Engine
from workers.core.schema import Name
from workers.databases.sqlite.asking import Kept, read_file_pragmas, read_schema, read_types
from workers.databases.sqlite.session import Session
from workers.databases.sqlite.work import SETTINGS, SqliteReader
from workers.ports import Dump, Rows

# A table that was renamed comes after its indexes; a trigger wants its table, or its view.
_ORDER = ("table", "index", "view", "trigger")


def dump_schema(session: Session, reader: SqliteReader, database: str, version_tables: tuple[Name, ...]) -> Dump:
    """Dump in the reading transaction that is open. Raises FileError."""
    kept, types = read_schema(session), read_types(session)
    texts = [row.sql for row in sorted(kept, key=lambda row: _ORDER.index(row.kind)) if _is_made_by_hand(row, types)]
    file_settings = tuple((name, str(value)) for name, value in sorted(read_file_pragmas(session).items()))
    return Dump(
        engine=Engine.SQLITE,
        engine_version=session.version,
        database=database,
        writing_role="",
        roles=(),
        # A text may end with a comment, which a line break ends.
        script="\n;\n".join(texts),
        version_rows=tuple(rows for table in version_tables if (rows := _rows(session, reader, table)) is not None),
        settings=(*file_settings, *SETTINGS),
    )


def _is_made_by_hand(row: Kept, types: dict[str, str]) -> bool:
    """Whether a statement made it: SQLite makes its own tables and indexes, a virtual table its shadows."""
    own = row.name.startswith("sqlite_") or types.get(row.table) == "shadow"
    return bool(row.sql) and not own


def _rows(session: Session, reader: SqliteReader, table: Name) -> tuple[Name, tuple[str, ...], Rows] | None:
    told = session.rows("SELECT name FROM pragma_table_xinfo(?, 'main') WHERE hidden = 0", (table[-1],))
    columns = tuple(str(name) for (name,) in told)
    rows = reader.rows(table, columns) if columns else None
    return None if rows is None else ((table[-1],), columns, rows)
