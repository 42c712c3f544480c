"""Constraints: columns are resolved here from their numbers, because the server's own texts for them cost twice the time."""

from __future__ import annotations

from typing import LiteralString

from workers.core.schema import ObjectKind, SchemaObject, Value
from workers.databases.postgresql.catalog_frame import (
    PG_CLASS,
    PG_CONSTRAINT,
    USER,
    Frame,
    Row,
    kept,
    listed,
)
from workers.databases.postgresql.catalog_indexes import index_rows, numbers
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
# What enforces a key is a trigger that nobody wrote; switched off, rows are no longer checked.
_SILENCED = """SELECT DISTINCT g.tgconstraint FROM pg_trigger g WHERE g.tgisinternal AND g.tgconstraint <> 0 AND g.tgenabled = 'D'"""


def constraints(frame: Frame) -> list[SchemaObject]:
    """Read constraints of tables. A partition's share of its parent's foreign key is not an object: the parent says it.

    Nor does a child say whether rows were looked at for a check that is its parent's alone: that follows from the order in which both came.
    """
    backing = {row[0]: row for row in index_rows(frame) if row[2]}
    silenced = {row[0] for row in frame.rows(_SILENCED)}
    extended = {oid for catalog, oid in frame.members if catalog == PG_CLASS}
    return [
        _constraint(frame, row, backing.get(row[3]), silent=row[0] in silenced, owned=row[1] in extended)
        for row in frame.rows(_constraints_query(frame))
    ]


def _constraints_query(frame: Frame) -> LiteralString:
    return (
        """SELECT k.oid, k.conrelid, k.conname, k.conindid, k.contype::text, array_to_string(k.conkey, ' '), k.confrelid,
        array_to_string(k.confkey, ' '), k.confupdtype::text, k.confdeltype::text, k.confmatchtype::text, k.condeferrable, k.condeferred,
        k.convalidated OR k.contype = 'c' AND k.coninhcount > 0 AND NOT k.conislocal, k.connoinherit, k.coninhcount > 0,
        CASE k.contype WHEN 'c' THEN pg_get_expr(k.conbin, k.conrelid) WHEN 'x' THEN pg_get_constraintdef(k.oid) END, """
        + frame.since(15, "array_to_string(k.confdelsetcols, ' ')")
        + ", "
        + frame.since(18, "k.conenforced", "true")
        + ", "
        + frame.since(18, "k.conperiod", "false")
        + """ FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace JOIN pg_class c ON c.oid = k.conrelid
    WHERE k.contype IN ('p', 'u', 'f', 'c', 'x') AND c.relkind IN ('r', 'p', 'f') AND NOT (k.contype = 'f' AND k.conparentid <> 0) AND """
        + USER
    )


def _constraint(frame: Frame, row: Row, index: Row | None, *, silent: bool, owned: bool) -> SchemaObject:
    kind = _KINDS[row[4]]
    oid, relation, name = row[:3]
    values = _plain(frame, row, kind) if row[11] or row[15] or not row[13] or row[4] in "cx" else _bare(frame, row)
    if kind is ObjectKind.FOREIGN_KEY:
        values |= _reference(frame, row)
        if silent:
            values["triggers"] = "disabled"
    elif index is not None:
        values |= _backing(frame, index)
    if owned:
        values["extension"] = frame.members.get((PG_CLASS, relation))
    return frame.placed(kind, (*frame.relations[relation], name), (PG_CONSTRAINT, oid), kept(values))


def _bare(frame: Frame, row: Row) -> dict[str, Value]:
    """What most keys say: their columns."""
    return {"columns": frame.names(row[1], numbers(row[5])), "not_enforced": not row[18], "period": row[19]}


def _plain(frame: Frame, row: Row, kind: ObjectKind) -> dict[str, Value]:
    deferrable, deferred, valid, no_inherit, inherited, text = row[11:17]
    listed_columns = kind not in {ObjectKind.CHECK, ObjectKind.EXCLUSION}
    return {
        "columns": frame.names(row[1], numbers(row[5])) if listed_columns else None,
        "expression": frame.hiding.text(canonical(text)) if kind is ObjectKind.CHECK else None,
        "definition": canonical_statement(text, "ALTER TABLE t ADD ") if kind is ObjectKind.EXCLUSION else None,
        "deferrable": ("initially deferred" if deferred else "initially immediate") if deferrable else None,
        "not_valid": not valid,
        "not_enforced": not row[18],
        "no_inherit": no_inherit and kind is ObjectKind.CHECK,
        "inherited": inherited,
        "period": row[19],
    }


def _reference(frame: Frame, row: Row) -> dict[str, Value]:
    relation, target, target_key, on_update, on_delete, match = row[1], *row[6:11]
    return {
        "references": ".".join(frame.relations.get(target, ("?", str(target)))),
        "referenced_columns": frame.names(target, numbers(target_key)) if target in frame.columns else (),
        "on_update": _ACTIONS.get(on_update),
        "on_delete": _ACTIONS.get(on_delete),
        "on_delete_columns": frame.names(relation, numbers(row[17])),
        "match": _MATCHES.get(match),
    }


def _backing(frame: Frame, row: Row) -> dict[str, Value]:
    relation, name, constraint, clustered, replica, count, keys = row[1], row[3], row[2], *row[6:10]
    options, nulls_same = row[13:15]
    return {
        "include": frame.names(relation, numbers(keys)[count:]),
        "nulls_not_distinct": nulls_same,
        "options": tuple(sorted(listed(options))),
        "clustered": clustered,
        "replica_identity": replica,
        "index": name if name != constraint else None,
    }
