"""Reads a whole SQLite schema in a handful of queries, and puts it into objects that mean the same however they were made."""

from __future__ import annotations

import functools
import threading
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from workers.core.names import Engine
from workers.core.schema import ObjectKind, SchemaObject, Snapshot, Unread, attributes, ordered
from workers.databases.sqlite.asking import Kept, read_file_pragmas, read_schema
from workers.databases.sqlite.session import Session
from workers.databases.sqlite.tables import Parent, Told, foreign_key_rows, index_rows, table_objects
from workers.reading.sqlite import TextError
from workers.reading.sqlite_create import read_index, read_module, read_trigger, read_view

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
