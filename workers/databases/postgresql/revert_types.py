"""How schemas, extensions, types and what stands beside tables are led back."""

from __future__ import annotations

from workers.core.schema import ObjectKind, SchemaObject
from workers.databases.postgresql.revert_words import Kind, Statements, listed, literal, name_of, no, path, quoted, told


def _schema_made(wanted: SchemaObject) -> Statements:
    return (f"CREATE SCHEMA {path(wanted.name)}",)


def _extension_made(wanted: SchemaObject) -> Statements:
    schema, version = told(wanted.get("schema")), told(wanted.get("version"))
    return (f"CREATE EXTENSION {path(wanted.name)} SCHEMA {quoted(schema)} VERSION {literal(version)}",)


def _enum_made(wanted: SchemaObject) -> Statements:
    labels = ", ".join(literal(label) for label in listed(wanted.get("labels")))
    return (f"CREATE TYPE {path(wanted.name)} AS ENUM ({labels})",)


def _enum_altered(wanted: SchemaObject, live: SchemaObject, keys: frozenset[str]) -> Statements:
    """Labels can be added at their place, and never taken away."""
    new, there = listed(wanted.get("labels")), listed(live.get("labels"))
    if keys != {"labels"} or [label for label in new if label in there] != list(there) or not there:
        return no()
    said = []
    for place, label in enumerate(new):
        if label not in there:
            near = f"AFTER {literal(new[place - 1])}" if place else f"BEFORE {literal(there[0])}"
            said.append(f"ALTER TYPE {path(wanted.name)} ADD VALUE {literal(label)} {near}")
    return tuple(said)


def _domain_made(wanted: SchemaObject) -> Statements:
    collation = f" COLLATE {wanted.get('collation')}" if wanted.get("collation") else ""
    default = f" DEFAULT {wanted.get('default')}" if wanted.get("default") else ""
    required = " NOT NULL" if wanted.get("not_null") else ""
    made = f"CREATE DOMAIN {path(wanted.name)} AS {wanted.get('type')}{collation}{default}{required}"
    if wanted.get("check_comments"):
        return no()
    return (made, *(_domain_check(wanted, check) for check in listed(wanted.get("checks"))))


def _domain_check(wanted: SchemaObject, check: str) -> str:
    name, _, expression = check.partition(": ")
    bare = expression.removesuffix(" not valid")
    late = " NOT VALID" if bare != expression else ""
    return f"ALTER DOMAIN {path(wanted.name)} ADD CONSTRAINT {quoted(name)} CHECK ({bare}){late}"


def _domain_altered(wanted: SchemaObject, live: SchemaObject, keys: frozenset[str]) -> Statements:
    if keys - {"default", "not_null", "checks"}:
        return no()
    head, said = f"ALTER DOMAIN {path(wanted.name)}", []
    if "default" in keys:
        said.append(f"{head} SET DEFAULT {wanted.get('default')}" if wanted.get("default") else f"{head} DROP DEFAULT")
    if "not_null" in keys:
        said.append(f"{head} {'SET' if wanted.get('not_null') else 'DROP'} NOT NULL")
    new, there = listed(wanted.get("checks")), listed(live.get("checks"))
    said += [f"{head} DROP CONSTRAINT {quoted(check.partition(': ')[0])}" for check in there if check not in new]
    return (*said, *(_domain_check(wanted, check) for check in new if check not in there))


def _composite_made(wanted: SchemaObject) -> Statements:
    if wanted.get("attribute_comments"):
        return no()
    return (f"CREATE TYPE {path(wanted.name)} AS ({', '.join(listed(wanted.get('attributes')))})",)


def _composite_altered(wanted: SchemaObject, live: SchemaObject, keys: frozenset[str]) -> Statements:
    """Parts can come and go at the end; in between they cannot be put."""
    new, there = listed(wanted.get("attributes")), listed(live.get("attributes"))
    head = f"ALTER TYPE {path(wanted.name)}"
    if keys != {"attributes"}:
        return no()
    if there[: len(new)] == new:
        return tuple(f"{head} DROP ATTRIBUTE {item.partition(' ')[0]}" for item in there[len(new) :])
    if new[: len(there)] == there:
        return tuple(f"{head} ADD ATTRIBUTE {item}" for item in new[len(there) :])
    return no()


def _range_made(wanted: SchemaObject) -> Statements:
    keys = ("subtype", "collation", "operator_class", "subtype_diff")
    words = {"operator_class": "subtype_opclass"}
    if wanted.get("canonical"):
        return no()
    parts = [f"{words.get(key, key)} = {_bare(told(wanted.get(key)))}" for key in keys if wanted.get(key)]
    name = path((*wanted.name[:-1], told(wanted.get("multirange"))))
    parts += [f"multirange_type_name = {name}"] if wanted.get("multirange") else []
    return (f"CREATE TYPE {path(wanted.name)} AS RANGE ({', '.join(parts)})",)


def _bare(function: str) -> str:
    """A function's name without its arguments, as CREATE TYPE wants it."""
    return function.partition("(")[0] if function.endswith(")") and "," in function else function


def _statistics_made(wanted: SchemaObject) -> Statements:
    names, kinds = told(wanted.get("columns")), ", ".join(listed(wanted.get("kinds")))
    said = f" ({kinds})" if kinds else ""
    made = f"CREATE STATISTICS {path(wanted.name)}{said} ON {names} FROM {wanted.get('table')}"
    target = wanted.get("target")
    return (made, f"ALTER STATISTICS {path(wanted.name)} SET STATISTICS {target}") if target else (made,)


def _statistics_altered(wanted: SchemaObject, _: SchemaObject, keys: frozenset[str]) -> Statements:
    target = told(wanted.get("target")) or "-1"
    return (f"ALTER STATISTICS {path(wanted.name)} SET STATISTICS {target}",) if keys == {"target"} else no()


def _publication_made(wanted: SchemaObject) -> Statements:
    tables = [
        item.replace(" WHERE ", " WHERE (") + ")" if " WHERE " in item else item
        for item in listed(wanted.get("tables"))
    ]
    parts = [f"TABLE {', '.join(tables)}"] if tables else []
    parts += [f"TABLES IN SCHEMA {quoted(item)}" for item in listed(wanted.get("schemas"))]
    about = " FOR ALL TABLES" if wanted.get("all_tables") else f" FOR {', '.join(parts)}" if parts else ""
    operations = ", ".join(listed(wanted.get("operations")))
    root = ", publish_via_partition_root = true" if wanted.get("via_root") else ""
    generated = (
        f", publish_generated_columns = {wanted.get('generated_columns')}" if wanted.get("generated_columns") else ""
    )
    return (f"CREATE PUBLICATION {path(wanted.name)}{about} WITH (publish = {literal(operations)}{root}{generated})",)


def _server_made(wanted: SchemaObject) -> Statements:
    kind = f" TYPE {literal(told(wanted.get('type')))}" if wanted.get("type") else ""
    version = f" VERSION {literal(told(wanted.get('version')))}" if wanted.get("version") else ""
    return (
        f"CREATE SERVER {path(wanted.name)}{kind}{version} FOREIGN DATA WRAPPER {quoted(told(wanted.get('wrapper')))}",
    )


def _mapping_made(wanted: SchemaObject) -> Statements:
    return (f"CREATE USER MAPPING {name_of(wanted)}",)


def _cast_made(wanted: SchemaObject) -> Statements:
    method, context = wanted.get("method"), told(wanted.get("context"))
    how = (
        "WITH INOUT"
        if method == "text"
        else "WITHOUT FUNCTION"
        if method == "binary"
        else f"WITH FUNCTION {wanted.get('function')}"
    )
    return (f"CREATE CAST {name_of(wanted)} {how}" + (f" AS {context.upper()}" if context != "explicit" else ""),)


def _dictionary_made(wanted: SchemaObject) -> Statements:
    options = f", {wanted.get('options')}" if wanted.get("options") else ""
    return (f"CREATE TEXT SEARCH DICTIONARY {path(wanted.name)} (TEMPLATE = {wanted.get('template')}{options})",)


def _configuration_made(wanted: SchemaObject) -> Statements:
    head = f"TEXT SEARCH CONFIGURATION {path(wanted.name)}"
    mapped = (item.partition(": ") for item in listed(wanted.get("mappings")))
    maps = (f"ALTER {head} ADD MAPPING FOR {token} WITH {names}" for token, _, names in mapped)
    return (f"CREATE {head} (PARSER = {wanted.get('parser')})", *maps)


TYPES = {
    ObjectKind.SCHEMA: Kind("SCHEMA", _schema_made),
    ObjectKind.EXTENSION: Kind("EXTENSION", _extension_made),
    ObjectKind.ENUM: Kind("TYPE", _enum_made, _enum_altered),
    ObjectKind.DOMAIN: Kind("DOMAIN", _domain_made, _domain_altered),
    ObjectKind.COMPOSITE_TYPE: Kind("TYPE", _composite_made, _composite_altered),
    ObjectKind.RANGE_TYPE: Kind("TYPE", _range_made),
    ObjectKind.STATISTICS: Kind("STATISTICS", _statistics_made, _statistics_altered, replaceable=True),
    ObjectKind.PUBLICATION: Kind("PUBLICATION", _publication_made, replaceable=True),
    ObjectKind.FOREIGN_DATA_WRAPPER: Kind("FOREIGN DATA WRAPPER"),
    ObjectKind.FOREIGN_SERVER: Kind("SERVER", _server_made),
    ObjectKind.USER_MAPPING: Kind("USER MAPPING", _mapping_made),
    ObjectKind.FOREIGN_TABLE: Kind("FOREIGN TABLE"),
    ObjectKind.COLLATION: Kind("COLLATION"),
    ObjectKind.CAST: Kind("CAST", _cast_made, replaceable=True),
    ObjectKind.TEXT_SEARCH_CONFIGURATION: Kind("TEXT SEARCH CONFIGURATION", _configuration_made),
    ObjectKind.TEXT_SEARCH_DICTIONARY: Kind("TEXT SEARCH DICTIONARY", _dictionary_made),
    ObjectKind.TEXT_SEARCH_PARSER: Kind("TEXT SEARCH PARSER"),
    ObjectKind.TEXT_SEARCH_TEMPLATE: Kind("TEXT SEARCH TEMPLATE"),
}
