"""Reads a whole SQLite schema in six queries, and puts it into objects that mean the same however they were made."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from workers.core.errors import ExpectedError
from workers.core.names import Engine
from workers.core.refusals import RefusalCode
from workers.core.schema import ObjectKind, SchemaObject, Snapshot, Unread, attributes, ordered
from workers.databases.sqlite.session import Session
from workers.databases.sqlite.tables import ColumnRow, Facts, IndexPart, IndexRow, table_objects
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
# One query for all tables: a pragma a table would be ten times slower.
_OF_ALL = "SELECT t.name, {} FROM pragma_table_list AS t, {} WHERE t.schema = 'main' AND t.type = 'table' {}"
_COLUMNS = _OF_ALL.format(
    'c.name, c.type, c."notnull", c.dflt_value, c.pk, c.hidden',
    "pragma_table_xinfo(t.name, 'main') AS c",
    "ORDER BY t.name, c.cid",
)
_INDEXES = _OF_ALL.format(
    'i.name, i."unique", i.origin, c.name, c."desc", c.coll',
    "pragma_index_list(t.name, 'main') AS i, pragma_index_xinfo(i.name, 'main') AS c",
    "AND c.key ORDER BY t.name, i.name, c.seqno",
)
_FOREIGN_KEYS = _OF_ALL.format(
    'f.id, f."table", f."from"', "pragma_foreign_key_list(t.name, 'main') AS f", "ORDER BY t.name, f.id, f.seq"
)


class Kept(NamedTuple):
    """One row of sqlite_schema; `sql` is empty for what SQLite makes by itself."""

    kind: str
    name: str
    table: str
    sql: str


class _Told(NamedTuple):
    """Everything that the pragmas tell: ordinary tables by lower-case name, indexes by name, the types of all tables."""

    tables: Mapping[str, Facts]
    indexes: Mapping[str, IndexRow]
    types: Mapping[str, str]


def read_snapshot(session: Session, database: str) -> Snapshot:
    """Everything in the main schema, in the reading transaction that is open. Raises FileError."""
    kept = read_schema(session)
    told = _told(session, kept)
    objects = [_file_object(session)]
    unread: list[Unread] = []
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


def _told(session: Session, kept: list[Kept]) -> _Told:
    columns, keys = _by_table(session.rows(_COLUMNS)), _by_table(session.rows(_FOREIGN_KEYS))
    indexes = {table: tuple(_index_rows(rows)) for table, rows in _by_table(session.rows(_INDEXES)).items()}
    texts = {row.name: row.sql for row in kept if row.kind == "table"}
    types: dict[str, str] = {}
    tables: dict[str, Facts] = {}
    for name, kind, without_rowid, strict in session.rows(_TABLES):
        types[name] = kind
        if kind == "table" and name in texts:
            tables[name.lower()] = Facts(
                name=name,
                sql=texts[name],
                without_rowid=bool(without_rowid),
                strict=bool(strict),
                columns=tuple(ColumnRow(row[0], row[1], bool(row[2]), *row[3:]) for row in columns.get(name, ())),
                indexes=indexes.get(name, ()),
                foreign_keys=tuple(_foreign_keys(keys.get(name, ()))),
            )
    return _Told(tables, {index.name: index for rows in indexes.values() for index in rows}, types)


def _objects(row: Kept, told: _Told) -> list[SchemaObject]:
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
        return table_objects(told.tables[row.name.lower()], told.tables)
    if row.kind == "index":
        return [_index(row, told.indexes[row.name])]
    if row.kind == "view":
        columns, query = read_view(row.sql)
        return [SchemaObject(ObjectKind.VIEW, (row.name,), attributes(columns=columns or None, definition=query))]
    values = attributes(definition=read_trigger(row.sql))
    return [SchemaObject(ObjectKind.TRIGGER, (row.table, row.name), values)]


def _index(row: Kept, told: IndexRow) -> SchemaObject:
    text = read_index(row.sql)
    columns = tuple(part.text(said) for part, said in zip(told.parts, text.expressions, strict=True))
    values = attributes(columns=columns, unique=told.unique, predicate=text.predicate or None)
    return SchemaObject(ObjectKind.INDEX, (row.table, row.name), values)


def _file_object(session: Session) -> SchemaObject:
    return SchemaObject(ObjectKind.DATABASE, ("main",), attributes(**read_file_pragmas(session)))


def _name(row: Kept) -> tuple[str, ...]:
    return (row.name,) if row.kind in {"table", "view"} else (row.table, row.name)


def _by_table(rows: Iterable[list[Any]]) -> dict[str, list[list[Any]]]:
    groups = itertools.groupby(rows, key=lambda row: row[0])
    return {str(table): [row[1:] for row in group] for table, group in groups}


def _index_rows(rows: list[list[Any]]) -> Iterable[IndexRow]:
    for (name, unique, origin), group in itertools.groupby(rows, key=lambda row: tuple(row[:3])):
        parts = tuple(IndexPart(column, bool(descending), collation) for *_, column, descending, collation in group)
        yield IndexRow(name, bool(unique), origin, parts)


def _foreign_keys(rows: Iterable[list[Any]]) -> Iterable[tuple[str, tuple[str, ...]]]:
    for (_, parent), group in itertools.groupby(rows, key=lambda row: (row[0], row[1])):
        yield parent, tuple(row[2] for row in group)
