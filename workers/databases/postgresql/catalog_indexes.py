"""Indexes, key by key: from the catalog's arrays, because the server's own text opens every index."""

from __future__ import annotations

import functools
from typing import LiteralString

from workers.core.schema import ObjectKind, SchemaObject, Value
from workers.databases.postgresql.catalog_frame import PG_CLASS, USER, Frame, Row, kept, listed
from workers.databases.postgresql.expressions import canonical

_DEFAULT_COLLATION = 100
_OPERATOR_CLASSES = """SELECT o.oid, CASE WHEN n.nspname = 'pg_catalog' THEN o.opcname ELSE n.nspname || '.' || o.opcname END
    FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace WHERE NOT o.opcdefault"""
_TOLD = """SELECT x.attrelid,
        array_agg(x.attnum || ': ' || x.attoptions::text ORDER BY x.attnum) FILTER (WHERE x.attoptions IS NOT NULL),
        array_agg(x.attnum || ': ' || x.attstattarget ORDER BY x.attnum) FILTER (WHERE x.attstattarget >= 0)
    FROM pg_attribute x JOIN pg_class c ON c.oid = x.attrelid
    WHERE (x.attoptions IS NOT NULL OR x.attstattarget >= 0) AND x.attnum > 0 AND c.relkind IN ('i', 'I') GROUP BY x.attrelid"""
_ORDERS = {0: "", 1: " DESC NULLS LAST", 2: " NULLS FIRST", 3: " DESC"}


def indexes(frame: Frame) -> list[SchemaObject]:
    """Read indexes that are not part of a constraint."""
    frame.operator_classes = dict(frame.rows(_OPERATOR_CLASSES))
    told: dict[int, tuple[list[str] | None, list[str] | None]] = {row[0]: row[1:] for row in frame.rows(_TOLD)}
    extended = {oid for catalog, oid in frame.members if catalog == PG_CLASS}
    found = []
    for row in index_rows(frame):
        if row[2] is None:
            values = _values(frame, row)
            if row[0] in told:
                values["class_options"], values["statistics"] = (tuple(item or ()) for item in told[row[0]])
            if row[1] in extended:
                values["extension"] = frame.members.get((PG_CLASS, row[1]))
            name = (*frame.relations[row[1]], row[3])
            found.append(frame.placed(ObjectKind.INDEX, name, (PG_CLASS, row[0]), kept(values)))
    return found


def index_rows(frame: Frame) -> list[Row]:
    """Every index, that of a constraint with the constraint's name: read once for both."""
    if frame.indexes is None:
        frame.indexes = frame.rows(_indexes_query(frame))
    return frame.indexes


@functools.lru_cache(maxsize=4096)
def numbers(vector: str | None) -> tuple[int, ...]:
    """The numbers of a vector that came as text."""
    return tuple([int(item) for item in vector.split()]) if vector else ()


def _indexes_query(frame: Frame) -> LiteralString:
    return (
        """SELECT i.indexrelid, i.indrelid, k.conname, c.relname, i.indisunique, i.indisvalid, i.indisclustered, i.indisreplident,
        i.indnkeyatts, i.indkey::text, i.indoption::text, i.indcollation::text, i.indclass::text,
        array_to_string(c.reloptions, E'\\x1f'), """
        + frame.since(15, "i.indnullsnotdistinct", "false")
        + """, a.amname, pg_get_expr(i.indpred, i.indrelid),
        CASE WHEN i.indexprs IS NOT NULL THEN ARRAY(
            SELECT pg_get_indexdef(i.indexrelid, g, false) FROM generate_series(1, i.indnkeyatts) g ORDER BY g) END, c.relispartition
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_am a ON a.oid = c.relam
    LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
    WHERE """
        + USER
    )


def _values(frame: Frame, row: Row) -> dict[str, Value]:
    unique, valid, clustered, replica, count, keys = row[4:10]
    options, nulls_same, method, predicate, _, inherited = row[13:]
    places = numbers(keys)
    return {
        "method": method,
        "keys": _keys(frame, row, places[:count]),
        "include": frame.names(row[1], places[count:]),
        "unique": unique,
        "where": frame.hiding.text(canonical(predicate)) if predicate else None,
        "nulls_not_distinct": nulls_same,
        "options": tuple(sorted(listed(options))),
        "clustered": clustered,
        "replica_identity": replica,
        "invalid": not valid,
        "inherited": inherited,
    }


def _keys(frame: Frame, row: Row, places: tuple[int, ...]) -> tuple[str, ...]:
    """Each key as CREATE INDEX would say it, defaults left out."""
    classes, collations, options = numbers(row[12]), numbers(row[11]), numbers(row[10])
    special = frame.operator_classes
    columns = frame.columns[row[1]]
    said = []
    for place, column in enumerate(places):
        text = columns[column] if column else canonical(row[17][place])
        collation, usual = collations[place], frame.collated.get((row[1], column), _DEFAULT_COLLATION)
        if collation not in {0, usual}:
            text += f" COLLATE {frame.collation(collation)}"
        if classes[place] in special:
            text += f" {special[classes[place]]}"
        said.append(text + _ORDERS[options[place] & 3])
    return tuple(said)
