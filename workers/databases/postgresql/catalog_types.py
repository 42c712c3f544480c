"""Schemas, extensions and the types that users make."""

from __future__ import annotations

from collections import defaultdict

from workers.core.schema import ObjectKind, SchemaObject
from workers.databases.postgresql.catalog_frame import PG_CLASS, PG_CONSTRAINT, PG_NAMESPACE, PG_TYPE, USER, Frame
from workers.databases.postgresql.expressions import canonical

_SCHEMAS = "SELECT n.oid, n.nspname FROM pg_namespace n WHERE "
_EXTENSIONS = """SELECT e.oid, e.extname, e.extversion, n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname <> 'plpgsql'"""
_ENUMS = """SELECT t.oid, n.nspname, t.typname, array_agg(e.enumlabel::text ORDER BY e.enumsortorder)
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_enum e ON e.enumtypid = t.oid
    WHERE t.typtype = 'e' AND """
_DOMAINS = """SELECT t.oid, n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod), t.typnotnull,
        pg_get_expr(t.typdefaultbin, 0), CASE WHEN t.typcollation <> b.typcollation THEN t.typcollation END
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_type b ON b.oid = t.typbasetype
    WHERE t.typtype = 'd' AND """
_DOMAIN_CHECKS = """SELECT k.contypid, k.oid, k.conname, pg_get_expr(k.conbin, 0), k.convalidated FROM pg_constraint k
    WHERE k.contypid <> 0 AND k.contype = 'c' ORDER BY k.contypid, k.conname"""
_COMPOSITES = """SELECT c.oid, t.oid, n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attcollation <> b.typcollation THEN a.attcollation END, a.attnum
    FROM pg_class c JOIN pg_type t ON t.typrelid = c.oid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_type b ON b.oid = a.atttypid
    WHERE c.relkind = 'c' AND """
_RANGES = """SELECT t.oid, n.nspname, t.typname, format_type(r.rngsubtype, NULL),
        CASE WHEN r.rngcollation <> b.typcollation THEN r.rngcollation END,
        CASE WHEN NOT o.opcdefault THEN quote_ident(p.nspname) || '.' || quote_ident(o.opcname) END,
        NULLIF(r.rngcanonical, 0)::regprocedure::text, NULLIF(r.rngsubdiff, 0)::regprocedure::text, {}
    FROM pg_range r JOIN pg_type t ON t.oid = r.rngtypid JOIN pg_namespace n ON n.oid = t.typnamespace
    JOIN pg_type b ON b.oid = r.rngsubtype JOIN pg_opclass o ON o.oid = r.rngsubopc JOIN pg_namespace p ON p.oid = o.opcnamespace
    WHERE """
# initdb writes this one, and pg_dump leaves it out.
_PUBLIC = "standard public schema"


def schemas(frame: Frame) -> list[SchemaObject]:
    """Read the schemas of users, `public` included."""
    return [_schema(frame, oid, name) for oid, name in frame.rows(_SCHEMAS + USER)]


def _schema(frame: Frame, oid: int, name: str) -> SchemaObject:
    if name == "public" and frame.comments.get((PG_NAMESPACE, oid, 0)) == _PUBLIC:
        del frame.comments[PG_NAMESPACE, oid, 0]
    return frame.made(ObjectKind.SCHEMA, (name,), (PG_NAMESPACE, oid))


def extensions(frame: Frame) -> list[SchemaObject]:
    """Read the extensions but plpgsql, which every database has. Their comments are their own scripts'."""
    return [
        SchemaObject(ObjectKind.EXTENSION, (name,), (("schema", schema), ("version", version)))
        for _, name, version, schema in frame.rows(_EXTENSIONS)
    ]


def enums(frame: Frame) -> list[SchemaObject]:
    """Read enums with their labels in order."""
    return [
        frame.made(ObjectKind.ENUM, (schema, name), (PG_TYPE, oid), labels=tuple(labels))
        for oid, schema, name, labels in frame.rows(_ENUMS + USER + " GROUP BY t.oid, n.nspname, t.typname")
    ]


def domains(frame: Frame) -> list[SchemaObject]:
    """Read domains with their checks."""
    checks, comments = defaultdict(list), defaultdict(list)
    for oid, check, name, expression, valid in frame.rows(_DOMAIN_CHECKS):
        said = frame.hiding.text(canonical(expression))
        checks[oid].append(f"{name}: {said}" + ("" if valid else " not valid"))
        if (comment := frame.comments.get((PG_CONSTRAINT, check, 0))) is not None:
            comments[oid].append(f"{name}: {frame.hiding.text(comment)}")
    return [
        frame.made(
            ObjectKind.DOMAIN,
            (schema, name),
            (PG_TYPE, oid),
            type=base,
            not_null=required,
            default=frame.hiding.text(canonical(default)) if default else None,
            collation=frame.collation(collation) if collation else None,
            checks=tuple(checks[oid]),
            check_comments=tuple(comments[oid]),
        )
        for oid, schema, name, base, required, default, collation in frame.rows(_DOMAINS + USER)
    ]


def composites(frame: Frame) -> list[SchemaObject]:
    """Read composite types; the order of their parts is part of what they are."""
    parts: defaultdict[tuple[int, int, str, str], list[str]] = defaultdict(list)
    comments: defaultdict[int, list[str]] = defaultdict(list)
    for oid, type_oid, schema, name, part, type_name, collation, number in frame.rows(
        _COMPOSITES + USER + " ORDER BY c.oid, a.attnum"
    ):
        said = [f"{part} {type_name}" + (f" COLLATE {frame.collation(collation)}" if collation else "")] if part else []
        parts[oid, type_oid, schema, name] += said
        if part and (comment := frame.comments.get((PG_CLASS, oid, number))) is not None:
            comments[oid].append(f"{part}: {frame.hiding.text(comment)}")
    return [
        frame.made(
            ObjectKind.COMPOSITE_TYPE,
            (schema, name),
            (PG_TYPE, type_oid),
            attributes=tuple(said),
            attribute_comments=tuple(comments[oid]),
        )
        for (oid, type_oid, schema, name), said in parts.items()
    ]


def ranges(frame: Frame) -> list[SchemaObject]:
    """Read range types."""
    several = frame.since(14, "(SELECT m.typname FROM pg_type m WHERE m.oid = r.rngmultitypid)")
    return [
        frame.made(
            ObjectKind.RANGE_TYPE,
            (schema, name),
            (PG_TYPE, oid),
            subtype=subtype,
            collation=frame.collation(collation) if collation else None,
            operator_class=operators,
            canonical=normal,
            subtype_diff=difference,
            multirange=multirange,
        )
        for oid, schema, name, subtype, collation, operators, normal, difference, multirange in frame.rows(
            _RANGES.replace("{}", several) + USER
        )
    ]
