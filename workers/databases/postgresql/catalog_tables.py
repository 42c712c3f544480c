"""Tables with their columns, views and sequences: one query for each."""

from __future__ import annotations

from collections import defaultdict
from typing import LiteralString

from workers.core.schema import Name, ObjectKind, SchemaObject
from workers.databases.postgresql.catalog_frame import PG_CLASS, USER, Frame, Row
from workers.databases.postgresql.expressions import canonical, canonical_statement

_TABLES = """SELECT c.oid, n.nspname, c.relname, c.relkind::text, c.relpersistence::text, c.relrowsecurity, c.relforcerowsecurity,
        c.relreplident::text, c.reloptions, t.reloptions, CASE WHEN a.amname <> 'heap' THEN a.amname END,
        CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END,
        CASE c.relkind WHEN 'p' THEN pg_get_partkeydef(c.oid) END,
        CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_class t ON t.oid = c.reltoastrelid LEFT JOIN pg_am a ON a.oid = c.relam
    WHERE c.relkind IN ('r', 'p') AND """
_PARENTS = "SELECT inhrelid, inhparent FROM pg_inherits ORDER BY inhrelid, inhseqno"
_VIEWS = """SELECT c.oid, n.nspname, c.relname, c.relkind::text, c.reloptions, c.relispopulated, pg_get_viewdef(c.oid)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('v', 'm') AND """
_SEQUENCES = """SELECT c.oid, n.nspname, c.relname, c.relpersistence::text, format_type(s.seqtypid, NULL),
        s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle, d.refobjid, d.refobjsubid, d.deptype::text
    FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_depend d ON d.classid = 1259 AND d.objid = c.oid AND d.objsubid = 0 AND d.refclassid = 1259
        AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
    WHERE """
_REPLICA = {"n": "nothing", "f": "full", "i": "index"}
_IDENTITY = {"a": "always", "d": "by default"}
_GENERATED = {"s": "stored", "v": "virtual"}
_STORAGE = {"p": "plain", "e": "external", "m": "main", "x": "extended"}
_COMPRESSION = {"p": "pglz", "l": "lz4"}
_LIMITS = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}


def tables(frame: Frame) -> list[SchemaObject]:
    """Read tables, partitioned ones included; remembers their names for what hangs on them."""
    found = frame.rows(_TABLES + USER)
    frame.relations.update({row[0]: (row[1], row[2]) for row in found})
    parents = defaultdict(list)
    for child, parent in frame.rows(_PARENTS):
        parents[child].append(frame.relations.get(parent, ("?", str(parent))))
    return [_table(frame, row, tuple(".".join(name) for name in parents[row[0]])) for row in found]


def _table(frame: Frame, row: Row, parents: tuple[str, ...]) -> SchemaObject:
    oid, schema, name, kind, persistence, secured, forced, replica, options, toast, method, of_type, key, bound = row
    return frame.made(
        ObjectKind.TABLE,
        (schema, name),
        (PG_CLASS, oid),
        partitioned_by=canonical(key) if kind == "p" else None,
        partition_of=parents if bound else None,
        bound=bound,
        inherits=None if bound else parents,
        unlogged=persistence == "u",
        row_security=secured,
        row_security_forced=forced,
        replica_identity=_REPLICA.get(replica),
        options=tuple(sorted([*(options or ()), *(f"toast.{item}" for item in toast or ())])),
        access_method=method,
        of_type=of_type,
    )


def columns(frame: Frame) -> list[SchemaObject]:
    """Read the columns of tables; those of views are only remembered, for `views` and indexes."""
    owned = _identities(frame)
    objects = []
    for row in frame.rows(_columns_query(frame)):
        relation, number, name, kind = row[:4]
        frame.columns.setdefault(relation, {})[number] = name
        frame.collated[relation, number] = row[4]
        if kind in {"r", "p"}:
            objects.append(_column(frame, row, owned.get((relation, number))))
        else:
            frame.shapes.setdefault(relation, []).append(
                f"{name} {row[6]}" + (f" default {row[11]}" if row[11] else "")
            )
    return objects


def _columns_query(frame: Frame) -> LiteralString:
    compression = frame.since(14, "NULLIF(a.attcompression::text, '')")
    return (
        """SELECT a.attrelid, a.attnum, a.attname, c.relkind::text, a.attcollation, t.typcollation,
        format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity::text, a.attgenerated::text, a.attinhcount > 0,
        CASE WHEN a.atthasdef THEN pg_get_expr(d.adbin, d.adrelid) END,
        CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::text END, a.attoptions, NULLIF(a.attstattarget, -1), """
        + compression
        + """ FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm') AND """
        + USER
        + " ORDER BY a.attrelid, a.attnum"
    )


def _column(frame: Frame, row: Row, identity: tuple[str, ...] | None) -> SchemaObject:
    (relation, number, name, _, collation, usual, type_name, required, always, generated, inherited, default, *rest) = (
        row
    )
    storage, options, statistics, compression = rest
    values = {
        "type": type_name,
        "not_null": required or None,
        "default": canonical(default) if default and not generated else None,
        "comment": frame.comments.get((PG_CLASS, relation, number)),
        "extension": frame.members.get((PG_CLASS, relation)),
        "inherited": inherited or None,
    }
    if generated:
        values |= {"generated": _GENERATED[generated], "expression": canonical(default)}
    if always:
        values |= {"identity": _IDENTITY[always], "identity_options": identity or None}
    if collation != usual:
        values["collation"] = frame.collation(collation)
    if storage or options or statistics is not None or compression:
        values |= {
            "storage": _STORAGE.get(storage),
            "options": tuple(sorted(options)) if options else None,
            "statistics": statistics,
            "compression": _COMPRESSION.get(compression),
        }
    kept = tuple(sorted((key, value) for key, value in values.items() if value is not None))
    return SchemaObject(ObjectKind.COLUMN, (*frame.relations[relation], name), kept)


def views(frame: Frame) -> list[SchemaObject]:
    """Read views and materialized views."""
    found = frame.rows(_VIEWS + USER)
    frame.relations.update({row[0]: (row[1], row[2]) for row in found})
    return [_view(frame, row) for row in found]


def _view(frame: Frame, row: Row) -> SchemaObject:
    oid, schema, name, kind, options, populated, definition = row
    materialized = kind == "m"
    comments = (f"{column}: {frame.comments[PG_CLASS, oid, number]}" for number, column in _commented(frame, oid))
    return frame.made(
        ObjectKind.MATERIALIZED_VIEW if materialized else ObjectKind.VIEW,
        (schema, name),
        (PG_CLASS, oid),
        definition=canonical_statement(definition),
        columns=tuple(frame.shapes.get(oid, ())),
        options=tuple(sorted(options or ())),
        unpopulated=materialized and not populated,
        column_comments=tuple(comments),
    )


def _commented(frame: Frame, relation: int) -> list[tuple[int, str]]:
    columns_here = frame.columns.get(relation, {})
    return [(number, name) for number, name in columns_here.items() if (PG_CLASS, relation, number) in frame.comments]


def sequences(frame: Frame) -> list[SchemaObject]:
    """Read sequences; those of identity columns belong to their columns."""
    return [_sequence(frame, row) for row in _all_sequences(frame) if row[13] != "i"]


def _all_sequences(frame: Frame) -> list[Row]:
    if frame.sequences is None:
        frame.sequences = frame.rows(_SEQUENCES + USER)
    return frame.sequences


def _identities(frame: Frame) -> dict[tuple[int, int], tuple[str, ...]]:
    return {(row[11], row[12]): _options(row) for row in _all_sequences(frame) if row[13] == "i"}


def _sequence(frame: Frame, row: Row) -> SchemaObject:
    oid, schema, name, persistence, type_name = row[:5]
    owner: Name = ()
    if row[11] in frame.relations:
        owner = (*frame.relations[row[11]], frame.columns[row[11]][row[12]])
    return frame.made(
        ObjectKind.SEQUENCE,
        (schema, name),
        (PG_CLASS, oid),
        type=type_name,
        owned_by=".".join(owner),
        options=_options(row),
        unlogged=persistence == "u",
    )


def _options(row: Row) -> tuple[str, ...]:
    """What differs from a plain sequence of its type."""
    type_name, start, increment, low, high, cache, cycle = row[4:11]
    limit = _LIMITS.get(type_name, 2**63)
    usual = (1, limit - 1) if increment > 0 else (-limit, -1)
    said = []
    if start != (usual[0] if increment > 0 else usual[1]):
        said.append(f"start {start}")
    if increment != 1:
        said.append(f"increment {increment}")
    if (low, high) != usual:
        said.append(f"from {low} to {high}")
    if cache != 1:
        said.append(f"cache {cache}")
    return (*said, "cycle") if cycle else tuple(said)
