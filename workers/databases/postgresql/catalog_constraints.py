"""Constraints and indexes: columns are resolved here from their numbers, because the server's own texts for them cost twice the time."""

from __future__ import annotations

from typing import LiteralString

from workers.core.schema import ObjectKind, SchemaObject
from workers.databases.postgresql.catalog_frame import PG_CLASS, PG_CONSTRAINT, USER, Frame, Row
from workers.databases.postgresql.expressions import canonical, canonical_statement

_KINDS = {
    "p": ObjectKind.PRIMARY_KEY,
    "u": ObjectKind.UNIQUE,
    "f": ObjectKind.FOREIGN_KEY,
    "c": ObjectKind.CHECK,
    "x": ObjectKind.EXCLUSION,
}
_ACTIONS = {"r": "restrict", "c": "cascade", "n": "set null", "d": "set default"}
_MATCHES = {"f": "full", "p": "partial"}
_DEFAULT_COLLATION = 100
_OPERATOR_CLASSES = """SELECT o.oid, CASE WHEN n.nspname = 'pg_catalog' THEN o.opcname ELSE n.nspname || '.' || o.opcname END
    FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace WHERE NOT o.opcdefault"""


def constraints(frame: Frame) -> list[SchemaObject]:
    """Read constraints of tables. A partition's share of its parent's foreign key is not an object: the parent says it."""
    backing = {row[0]: row for row in _index_rows(frame)}
    return [_constraint(frame, row, backing.get(row[16])) for row in frame.rows(_constraints_query(frame))]


def indexes(frame: Frame) -> list[SchemaObject]:
    """Read indexes that are not part of a constraint."""
    return [_index(frame, row) for row in _index_rows(frame) if not row[5]]


def _constraints_query(frame: Frame) -> LiteralString:
    return (
        """SELECT k.oid, k.conrelid, k.conname, k.contype::text, k.condeferrable, k.condeferred, k.convalidated, k.conkey::int4[],
        k.confrelid, k.confkey::int4[], k.confupdtype::text, k.confdeltype::text, k.confmatchtype::text, k.connoinherit, k.coninhcount > 0,
        CASE k.contype WHEN 'c' THEN pg_get_expr(k.conbin, k.conrelid) WHEN 'x' THEN pg_get_constraintdef(k.oid) END, k.conindid, """
        + frame.since(15, "k.confdelsetcols::int4[]", "NULL::int4[]")
        + ", "
        + frame.since(18, "k.conenforced", "true")
        + ", "
        + frame.since(18, "k.conperiod", "false")
        + """ FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace JOIN pg_class c ON c.oid = k.conrelid
    WHERE k.contype IN ('p', 'u', 'f', 'c', 'x') AND c.relkind IN ('r', 'p') AND NOT (k.contype = 'f' AND k.conparentid <> 0) AND """
        + USER
    )


def _constraint(frame: Frame, row: Row, index: Row | None) -> SchemaObject:
    oid, relation, name, letter, deferrable, deferred, valid, key = row[:8]
    no_inherit, inherited, text, _, _, enforced, period = row[13:]
    kind = _KINDS[letter]
    return frame.made(
        kind,
        (*frame.relations[relation], name),
        (PG_CONSTRAINT, oid),
        columns=None if kind in {ObjectKind.CHECK, ObjectKind.EXCLUSION} else frame.names(relation, key),
        expression=canonical(text) if kind is ObjectKind.CHECK else None,
        definition=canonical_statement(text, "ALTER TABLE t ADD ") if kind is ObjectKind.EXCLUSION else None,
        deferrable=("initially deferred" if deferred else "initially immediate") if deferrable else None,
        not_valid=not valid,
        not_enforced=not enforced,
        no_inherit=no_inherit and kind is ObjectKind.CHECK,
        inherited=inherited,
        period=period,
        **(_reference(frame, row) if kind is ObjectKind.FOREIGN_KEY else {}),
        **(_backing(frame, index) if index and kind is not ObjectKind.FOREIGN_KEY else {}),
        **_owner(frame, relation),
    )


def _reference(frame: Frame, row: Row) -> dict[str, str | tuple[str, ...] | None]:
    relation, target, target_key, on_update, on_delete, match = row[1], *row[8:13]
    return {
        "references": ".".join(frame.relations.get(target, ("?", str(target)))),
        "referenced_columns": frame.names(target, target_key) if target in frame.columns else (),
        "on_update": _ACTIONS.get(on_update),
        "on_delete": _ACTIONS.get(on_delete),
        "on_delete_columns": frame.names(relation, row[17]),
        "match": _MATCHES.get(match),
    }


def _backing(frame: Frame, row: Row) -> dict[str, str | bool | tuple[str, ...] | None]:
    keys, number = row[10], row[9]
    return {
        "include": frame.names(row[1], keys[number:]),
        "nulls_not_distinct": row[15],
        "options": tuple(sorted(row[14] or ())),
        "clustered": row[7],
        "replica_identity": row[8],
        "index": row[2] if row[2] != row[16] else None,
    }


def _index_rows(frame: Frame) -> list[Row]:
    if frame.indexes is None:
        frame.indexes = frame.rows(_indexes_query(frame))
    return frame.indexes


def _indexes_query(frame: Frame) -> LiteralString:
    return (
        """SELECT i.indexrelid, i.indrelid, c.relname, a.amname, i.indisunique, k.oid IS NOT NULL, i.indisvalid,
        i.indisclustered,
        i.indisreplident, i.indnkeyatts, i.indkey::int4[], i.indoption::int4[],
        i.indcollation::int8[], i.indclass::int8[], c.reloptions, """
        + frame.since(15, "i.indnullsnotdistinct", "false")
        + """, k.conname, pg_get_expr(i.indpred, i.indrelid),
        CASE WHEN i.indexprs IS NOT NULL THEN ARRAY(
            SELECT pg_get_indexdef(i.indexrelid, g, false) FROM generate_series(1, i.indnkeyatts) g ORDER BY g) END,
        (SELECT array_agg(x.attnum || ': ' || x.attoptions::text ORDER BY x.attnum)
            FROM pg_attribute x WHERE x.attrelid = i.indexrelid AND x.attoptions IS NOT NULL),
        c.relispartition
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_am a ON a.oid = c.relam
    LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
    WHERE """
        + USER
    )


def _index(frame: Frame, row: Row) -> SchemaObject:
    oid, relation, name, method, unique, _, valid, clustered, replica, number, keys = row[:11]
    options, nulls_same, _, predicate, _, class_options, inherited = row[14:]
    return frame.made(
        ObjectKind.INDEX,
        (*frame.relations[relation], name),
        (PG_CLASS, oid),
        method=method,
        keys=tuple(_key(frame, row, place) for place in range(number)),
        include=frame.names(relation, keys[number:]),
        unique=unique,
        where=canonical(predicate) if predicate else None,
        nulls_not_distinct=nulls_same,
        options=tuple(sorted(options or ())),
        class_options=tuple(class_options or ()),
        clustered=clustered,
        replica_identity=replica,
        invalid=not valid,
        inherited=inherited,
        **_owner(frame, relation),
    )


def _owner(frame: Frame, relation: int) -> dict[str, str]:
    extension = frame.members.get((PG_CLASS, relation))
    return {"extension": extension} if extension else {}


def _key(frame: Frame, row: Row, place: int) -> str:
    """One key as CREATE INDEX would say it, defaults left out."""
    relation, column, option = row[1], row[10][place], row[11][place]
    text = frame.columns[relation][column] if column else canonical(row[18][place])
    usual = frame.collated[relation, column] if column else _DEFAULT_COLLATION
    collation, operators = row[12][place], _operator_class(frame, row[13][place])
    if collation not in {0, usual}:
        text += f" COLLATE {frame.collation(collation)}"
    if operators:
        text += f" {operators}"
    return text + _ORDERS[option & 3]


_ORDERS = {0: "", 1: " DESC NULLS LAST", 2: " NULLS FIRST", 3: " DESC"}


def _operator_class(frame: Frame, oid: int) -> str:
    if frame.operator_classes is None:
        frame.operator_classes = dict(frame.rows(_OPERATOR_CLASSES))
    return frame.operator_classes.get(oid, "")
