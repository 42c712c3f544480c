"""Tables with their columns, views and sequences: one query for each. Rows that say the same share one tuple of attributes."""

from __future__ import annotations

from collections import defaultdict
from typing import LiteralString

from workers.core.schema import Name, ObjectKind, SchemaObject
from workers.databases.postgresql.catalog_frame import PG_CLASS, USER, Attributes, Frame, Row, kept, listed
from workers.databases.postgresql.expressions import canonical, canonical_statement, without_own_name

_TABLES = """SELECT c.oid, n.nspname, c.relname, c.relkind::text, s.srvname, c.relpersistence::text, c.relrowsecurity,
        c.relforcerowsecurity, c.relreplident::text, array_to_string(c.reloptions, E'\\x1f'),
        CASE WHEN t.reloptions IS NOT NULL AND EXISTS (SELECT FROM pg_attribute x WHERE x.attrelid = c.oid AND x.attnum > 0
            AND NOT x.attisdropped AND x.attstorage <> 'p') THEN array_to_string(t.reloptions, E'\\x1f') END,
        CASE WHEN a.amname <> 'heap' THEN a.amname END,
        CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END,
        CASE c.relkind WHEN 'p' THEN pg_get_partkeydef(c.oid) END,
        CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END, array_to_string(f.ftoptions, E'\\x1f')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_class t ON t.oid = c.reltoastrelid LEFT JOIN pg_am a ON a.oid = c.relam
    LEFT JOIN pg_foreign_table f ON f.ftrelid = c.oid LEFT JOIN pg_foreign_server s ON s.oid = f.ftserver
    WHERE c.relkind IN ('r', 'p', 'f') AND """
_VIEWS = """SELECT c.oid, n.nspname, c.relname, c.relkind::text, c.reloptions, c.relispopulated, pg_get_viewdef(c.oid),
        CASE WHEN a.amname <> 'heap' THEN a.amname END
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_am a ON a.oid = c.relam
    WHERE c.relkind IN ('v', 'm') AND """
_SEQUENCES = """SELECT c.oid, n.nspname, c.relname, c.relpersistence::text, format_type(s.seqtypid, NULL),
        s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle, d.refobjid, d.refobjsubid, d.deptype::text
    FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_depend d ON d.classid = 1259 AND d.objid = c.oid AND d.objsubid = 0 AND d.refclassid = 1259
        AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
    WHERE """
# Since the minor releases of November 2026 every column bears a mark of the moment it was made; pg_dump leaves it out as well.
_OPTIONS = """CASE WHEN a.attoptions IS NULL OR array_length(a.attoptions, 1) = 1 AND starts_with(a.attoptions[1], 'pg_attver=') THEN NULL
        ELSE array_to_string(ARRAY(SELECT o FROM unnest(a.attoptions) o WHERE NOT starts_with(o, 'pg_attver=')), E'\\x1f') END"""
_REPLICA = {"n": "nothing", "f": "full", "i": "index"}
_IDENTITY = {"a": "always", "d": "by default"}
_GENERATED = {"s": "stored", "v": "virtual"}
_STORAGE = {"p": "plain", "e": "external", "m": "main", "x": "extended"}
_COMPRESSION = {"p": "pglz", "l": "lz4"}
_PLAIN_COLLATIONS = frozenset({0, 100})
_LIMITS = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}


def tables(frame: Frame) -> list[SchemaObject]:
    """Read tables, partitioned and foreign ones included; remembers their names for what hangs on them."""
    found = frame.rows(_TABLES + USER)
    frame.relations.update({row[0]: (row[1], row[2]) for row in found})
    parents = defaultdict(list)
    for child, parent, leaving in frame.rows(_parents_query(frame)):
        name = ".".join(frame.relations.get(parent, ("?", str(parent))))
        parents[child].append(f"{name} (detach pending)" if leaving else name)
    made: dict[Row, Attributes] = {}
    return [_table(frame, row, tuple(parents.get(row[0], ())), made) for row in found]


def _parents_query(frame: Frame) -> LiteralString:
    leaving = frame.since(14, "inhdetachpending", "false")
    return f"SELECT inhrelid, inhparent, {leaving} FROM pg_inherits ORDER BY inhrelid, inhseqno"


def _table(frame: Frame, row: Row, parents: tuple[str, ...], made: dict[Row, Attributes]) -> SchemaObject:
    kind = ObjectKind.FOREIGN_TABLE if row[3] == "f" else ObjectKind.TABLE
    if parents or row[4]:
        values = _table_values(frame, row, parents)
    else:
        key = row[5:]
        values = made.get(key) or made.setdefault(key, _table_values(frame, row, ()))
    return frame.placed(kind, (row[1], row[2]), (PG_CLASS, row[0]), values)


def _table_values(frame: Frame, row: Row, parents: tuple[str, ...]) -> Attributes:
    (
        _,
        _,
        _,
        kind,
        server,
        persistence,
        secured,
        forced,
        replica,
        options,
        toast,
        method,
        of_type,
        key,
        bound,
        hidden,
    ) = row
    return kept(
        {
            "server": server,
            "foreign_options": frame.hidden(listed(hidden)),
            "partitioned_by": canonical(key) if kind == "p" else None,
            "partition_of": parents if bound else None,
            "bound": bound,
            "inherits": None if bound else parents,
            "unlogged": persistence == "u",
            "row_security": secured,
            "row_security_forced": forced,
            "replica_identity": _REPLICA.get(replica),
            "options": tuple(sorted([*listed(options), *(f"toast.{item}" for item in listed(toast))])),
            "access_method": method,
            "of_type": of_type,
        }
    )


def columns(frame: Frame) -> list[SchemaObject]:
    """Read the columns of tables; those of views are only remembered, for `views` and indexes."""
    owned = _identities(frame)
    relations, comments, members = frame.relations, frame.comments, frame.members
    extended = {oid for catalog, oid in members if catalog == PG_CLASS}
    objects: list[SchemaObject] = []
    made: dict[Row, Attributes] = {}
    known: Name = ()
    here, numbers = 0, dict[int, str]()
    for row in frame.rows(_columns_query(frame)):
        relation, number, name = row[:3]
        if relation != here:
            here, known, numbers = relation, relations.get(relation, ()), {}
            frame.columns[relation] = numbers
        numbers[number] = name
        if row[3] not in _PLAIN_COLLATIONS:
            frame.collated[relation, number] = row[3]
        if not known:
            frame.shapes.setdefault(relation, []).append((number, _shape(frame, row)))
            continue
        key = row[3:]
        values = made.get(key) or made.setdefault(key, _column(frame, row, None))
        if row[6]:
            values = _column(frame, row, owned.get((relation, number)))
        comment = comments.get((PG_CLASS, relation, number))
        if comment is not None or relation in extended:
            values = frame.told(values, comment, members.get((PG_CLASS, relation)))
        objects.append(SchemaObject(ObjectKind.COLUMN, (*known, name), values))
    return objects


def _columns_query(frame: Frame) -> LiteralString:
    compression = frame.since(14, "NULLIF(a.attcompression::text, '')")
    # Since 18 a column may be NOT NULL for new rows alone, or for its own table alone.
    loose = frame.since(18, "CASE WHEN NOT u.convalidated THEN 'not valid' WHEN u.connoinherit THEN 'no inherit' END")
    strict = frame.since(
        18,
        """ LEFT JOIN pg_constraint u ON u.conrelid = a.attrelid AND u.contype = 'n' AND u.conkey[1] = a.attnum
            AND (u.connoinherit OR NOT u.convalidated)""",
        "",
    )
    return (
        """SELECT a.attrelid, a.attnum, a.attname, a.attcollation, t.typcollation,
        format_type(a.atttypid, a.atttypmod), a.attidentity::text, a.attgenerated::text, a.attnotnull, a.attinhcount > 0,
        CASE WHEN a.atthasdef THEN pg_get_expr(d.adbin, d.adrelid) END,
        CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::text END, """
        + _OPTIONS
        + """,
        NULLIF(a.attstattarget, -1), array_to_string(a.attfdwoptions, E'\\x1f'), """
        + compression
        + ", "
        + loose
        + """ FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"""
        + strict
        + """
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND """
        + USER
        + " ORDER BY a.attrelid, a.attnum"
    )


def _shape(frame: Frame, row: Row) -> str:
    """A view's column in words."""
    name, type_name, default = row[2], row[5], row[10]
    collation = f" COLLATE {frame.collation(row[3])}" if row[3] != row[4] else ""
    return f"{name} {type_name}{collation}" + (f" default {default}" if default else "")


def _column(frame: Frame, row: Row, identity: tuple[str, ...] | None) -> Attributes:
    collation, usual, type_name, always, generated, required, inherited, default = row[3:11]
    storage, options, statistics, hidden, compression, loose = row[11:]
    said = frame.hiding.text(canonical(default)) if default else None
    values = {
        "type": type_name,
        "not_null": required or None,
        "not_null_only": loose,
        "default": None if generated else said,
        "generated": _GENERATED[generated] if generated else None,
        "expression": said if generated else None,
        "identity": _IDENTITY[always] if always else None,
        "identity_options": identity or None,
        "inherited": inherited or None,
        "collation": frame.collation(collation) if collation != usual else None,
        "storage": _STORAGE[storage] if storage else None,
        "options": tuple(sorted(listed(options))) or None,
        "statistics": statistics,
        "foreign_options": frame.hidden(listed(hidden)) or None,
        "compression": _COMPRESSION.get(compression),
    }
    return tuple(sorted([pair for pair in values.items() if pair[1] is not None]))


def views(frame: Frame) -> list[SchemaObject]:
    """Read views and materialized views."""
    found = frame.rows(_VIEWS + USER)
    frame.relations.update({row[0]: (row[1], row[2]) for row in found})
    return [_view(frame, row) for row in found]


def _view(frame: Frame, row: Row) -> SchemaObject:
    oid, schema, name, kind, options, populated, definition, method = row
    materialized = kind == "m"
    query = definition if frame.version >= 160000 else without_own_name(definition)
    comments = (
        f"{column}: {frame.hiding.text(frame.comments[PG_CLASS, oid, number])}"
        for number, column in _commented(frame, oid)
    )
    return frame.made(
        ObjectKind.MATERIALIZED_VIEW if materialized else ObjectKind.VIEW,
        (schema, name),
        (PG_CLASS, oid),
        definition=frame.hiding.text(canonical_statement(query)),
        columns=tuple(shape for _, shape in frame.shapes.get(oid, ())),
        access_method=method,
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
