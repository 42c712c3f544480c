"""Reads a whole SQLite schema in a handful of queries, and puts it into objects that mean the same however they were made."""

from __future__ import annotations

import functools
import threading
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from workers.core.errors import ExpectedError
from workers.core.names import Engine
from workers.core.refusals import RefusalCode
from workers.core.schema import ObjectKind, SchemaObject, Snapshot, Unread, attributes, ordered
from workers.core.seal import seal
from workers.databases.code import code_of
from workers.databases.sqlite.session import Session
from workers.databases.sqlite.tables import Parent, Told, foreign_key_rows, index_rows, table_objects
from workers.reading.sqlite import TextError
from workers.reading.sqlite_create import read_index, read_module, read_trigger, read_view

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
# One query for all tables, which puts the lists together in C: a pragma a table would be ten times slower.
_TOLD = """
    SELECT t.name, t.type, t.wr, t.strict,
        CASE t.type WHEN 'table' THEN (
            SELECT json_group_array(json_array(c.name, c.type, c."notnull", c.dflt_value, c.pk, c.hidden))
            FROM pragma_table_xinfo(t.name, 'main') AS c) END,
        CASE t.type WHEN 'table' THEN (
            SELECT json_group_array(json_array(i.name, i."unique", i.origin, (
                SELECT json_group_array(json_array(p.name, p."desc", p.coll))
                FROM pragma_index_xinfo(i.name, 'main') AS p WHERE p.key)))
            FROM pragma_index_list(t.name, 'main') AS i) END,
        CASE t.type WHEN 'table' THEN (
            SELECT json_group_array(json_array(f.id, f."table", f."from"))
            FROM pragma_foreign_key_list(t.name, 'main') AS f) END
    FROM pragma_table_list AS t WHERE t.schema = 'main'"""

# Of two files that are alike the second has little left to be read, once the first has been.
_ONE_AT_A_TIME = threading.Lock()


class Kept(NamedTuple):
    """One row of sqlite_schema; `sql` is empty for what SQLite makes by itself."""

    kind: str
    name: str
    table: str
    sql: str


class _Told(NamedTuple):
    """Everything that the pragmas tell: ordinary tables by lower-case name, and the types of all tables."""

    tables: Mapping[str, Told]
    types: Mapping[str, str]


def read_snapshot(session: Session, database: str) -> Snapshot:
    """Everything in the main schema, in the reading transaction that is open. Raises FileError."""
    kept, rows, file = read_schema(session), session.rows(_TOLD), _file_object(session)
    objects, unread = [file], list[Unread]()
    with _ONE_AT_A_TIME:
        told = _told(rows, kept)
        for row in kept:
            try:
                objects += _objects(row, told)
            except TextError as error:
                unread.append(Unread(row.kind, _name(row), str(error)))
    return Snapshot(
        engine=Engine.SQLITE,
        version=session.version,
        database=database,
        objects=ordered(objects),
        unread=tuple(sorted(unread, key=lambda item: (item.kind, item.name))),
    )


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


def _told(rows: list[Any], kept: list[Kept]) -> _Told:
    texts = {row.name: row.sql for row in kept if row.kind == "table"}
    types: dict[str, str] = {}
    tables: dict[str, Told] = {}
    for name, kind, *rest in rows:
        types[name] = kind
        if kind == "table" and name in texts:
            tables[name.lower()] = Told(name, texts[name], *rest)
    return _Told(tables, types)


def _parents(told: Told, tables: Mapping[str, Told]) -> tuple[Parent, ...]:
    names = dict.fromkeys([parent.lower() for parent, _ in foreign_key_rows(told.foreign_keys)])
    return tuple([Parent(found.name, found.columns) for name in names if (found := tables.get(name))])


def _objects(row: Kept, told: _Told) -> Sequence[SchemaObject]:
    """What one row of sqlite_schema stands for: nothing, where SQLite or a virtual table made it for itself."""
    if told.types.get(row.name) == "shadow" or row.name == "sqlite_sequence" or (row.kind == "index" and not row.sql):
        return []
    if row.name.startswith("sqlite_stat") and row.kind == "table":
        raise TextError("statistics for the query planner")
    if row.name.lower().startswith("sqlite_"):
        raise TextError("its name is SQLite's own, and SQLite does not make such a thing")
    if told.types.get(row.table) == "shadow":
        raise TextError("it stands on a table that a virtual table made for itself")
    if row.kind == "table" and told.types.get(row.name) == "virtual":
        module, arguments = read_module(row.sql)
        return [SchemaObject(ObjectKind.TABLE, (row.name,), attributes(module=module, arguments=arguments))]
    if row.kind == "table":
        table = told.tables[row.name.lower()]
        return table_objects(table, _parents(table, told.tables))
    if row.kind == "index":
        return [_index(row.table, row.name, row.sql, told.tables[row.table.lower()].indexes)]
    if row.kind == "view":
        columns, query = read_view(row.sql)
        return [SchemaObject(ObjectKind.VIEW, (row.name,), attributes(columns=columns or None, definition=query))]
    values = attributes(definition=read_trigger(row.sql))
    return [SchemaObject(ObjectKind.TRIGGER, (row.table, row.name), values)]


@functools.lru_cache(maxsize=32768)
def _index(table: str, name: str, sql: str, indexes: str) -> SchemaObject:
    told = next((row for row in index_rows(indexes) if row.name == name), None)
    text = read_index(sql)
    if told is None or len(told.parts) != len(text.expressions):
        raise TextError("its text does not say what SQLite tells of it")
    columns = tuple([part.text(said) for part, said in zip(told.parts, text.expressions, strict=True)])
    values = attributes(columns=columns, unique=told.unique, predicate=text.predicate or None)
    return SchemaObject(ObjectKind.INDEX, (table, name), values)


def _file_object(session: Session) -> SchemaObject:
    return SchemaObject(ObjectKind.DATABASE, ("main",), attributes(**read_file_pragmas(session)))


def _name(row: Kept) -> tuple[str, ...]:
    return (row.name,) if row.kind in {"table", "view"} else (row.table, row.name)
