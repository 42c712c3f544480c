"""What a datamodel has beyond a MySQL schema, or lacks of it, by our own comparison; and what that comparison does not look at.

What is not certain is not told as a difference: it is listed as not compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from workers.core.names import Engine
from workers.core.schema import Name, ObjectKind, SchemaObject, Snapshot
from workers.sources.prisma.datamodel import Column, Given, Key, Relation, Table
from workers.sources.prisma.migrations_table import TABLE
from workers.sources.prisma.mysql_columns import default_differs, types
from workers.sources.prisma.schema_text import Outline

COMPARED = (
    "Prisma's engine cannot compare on MySQL, so the datamodel was compared by us: tables, columns (type, null, counter, literal and "
    "current-time defaults), enum labels, primary keys, unique, plain and full-text indexes, foreign keys"
)
NEVER = (
    "character sets, collations, comments, storage engines, `ON UPDATE` of columns, generated columns, the order of columns, names of foreign keys, "
    "checks, views, routines, triggers and events"
)
_SHOWN = 12
_ORDERED = {Engine.MARIADB: (10, 8), Engine.MYSQL: (8, 0)}
_KINDS = {"id": "primary key", "unique": "unique index", "normal": "index", "fulltext": "full-text index"}


@dataclass(frozen=True, slots=True)
class Compared:
    """The differences, each naming table and column in double quotes, and in words what was not compared."""

    entries: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Work:
    objects: dict[Name, list[SchemaObject]]
    ordered: bool
    entries: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)


def compare(
    tables: Iterable[Table], snapshot: Snapshot, outline: Outline, *, foreign_keys: bool, external: tuple[str, ...] = ()
) -> Compared:
    """Compare; without `foreign_keys` (`relationMode = "prisma"`) the schema wants none in the database. What is `external` is left alone."""
    declared = {table.name: table for table in tables if table.name not in external}
    work = _Work(_by_table(snapshot), _keeps_order(snapshot))
    live = {item.name[-1] for item in snapshot.objects if item.kind is ObjectKind.TABLE} - {TABLE, *external}
    kept = {block.table: {name for name, _ in block.fields} for block in outline.blocks if block.keyword == "model"}
    for name in sorted(declared.keys() - live):
        work.entries.append(f'"{name}": the schema has a model for this table, and no migration makes it')
    for name in sorted(live - declared.keys()):
        if name in kept:
            work.unsure.append(f"table {name} (`@@ignore`)")
        else:
            work.entries.append(f'"{name}": the migrations make this table, and the schema has no model for it')
    for name in sorted(declared.keys() & live):
        _table(work, declared[name], kept.get(name, set()), foreign_keys=foreign_keys)
    return Compared(tuple(work.entries), tuple(_notes(work, foreign_keys=foreign_keys)))


def _notes(work: _Work, *, foreign_keys: bool) -> Iterator[str]:
    wanted = "" if foreign_keys else ' (with `relationMode = "prisma"` there should be none)'
    order = "" if work.ordered else "; this server keeps no order of an index's columns"
    yield f"{COMPARED}{wanted}. Not compared: {NEVER}{order}"
    if work.unsure:
        more = f" and {len(work.unsure) - _SHOWN} more" if len(work.unsure) > _SHOWN else ""
        yield f"of the datamodel not compared: {', '.join(work.unsure[:_SHOWN])}{more}"


def _by_table(snapshot: Snapshot) -> dict[Name, list[SchemaObject]]:
    found: dict[Name, list[SchemaObject]] = {}
    for item in snapshot.objects:
        found.setdefault(item.parent, []).append(item)
    return found


def _keeps_order(snapshot: Snapshot) -> bool:
    numbers = tuple(int(part) for part in snapshot.version.split("-")[0].split(".")[:2] if part.isdigit())
    return numbers >= _ORDERED.get(snapshot.engine, (0, 0))


def _table(work: _Work, table: Table, kept: set[str], *, foreign_keys: bool) -> None:
    objects = work.objects.get((table.name,), [])
    live = {item.name[-1]: item for item in objects if item.kind is ObjectKind.COLUMN}
    declared = {column.name: column for column in table.columns}
    for name in sorted(declared.keys() - live.keys()):
        work.entries.append(f'"{table.name}"."{name}": the schema has this column, and no migration makes it')
    for name in sorted(live.keys() - declared.keys()):
        if name in kept:
            work.unsure.append(f"column {table.name}.{name} (`@ignore` or Unsupported)")
        else:
            work.entries.append(
                f'"{table.name}"."{name}": the migrations make this column, and the schema has no field for it'
            )
    for name in sorted(declared.keys() & live.keys()):
        _column(work, table.name, declared[name], live[name])
    relations = table.relations if foreign_keys else ()
    found = [item for item in objects if item.kind is ObjectKind.FOREIGN_KEY]
    _keys(work, table, [item for item in objects if item.kind in {ObjectKind.PRIMARY_KEY, ObjectKind.INDEX}], found)
    _relations(work, table.name, relations, found)


def _column(work: _Work, table: str, column: Column, live: SchemaObject) -> None:
    place = f'"{table}"."{column.name}"'
    found, expected = str(live.get("type")), types(column)
    if not expected:
        work.unsure.append(f"type of {table}.{column.name} ({column.type})")
    elif found not in expected:
        work.entries.append(f"{place}: the type is {expected[0]} in the schema and {found} after the migrations")
    if column.required != bool(live.get("not_null")):
        work.entries.append(
            f"{place}: {_null(column.required)} in the schema and {_null(not column.required)} after the migrations"
        )
    if (column.given is Given.COUNTER) != bool(live.get("auto_increment")):
        one, other = ("a counter", "none") if column.given is Given.COUNTER else ("no counter", "one")
        work.entries.append(f"{place}: {one} in the schema and {other} after the migrations")
    value = live.get("default")
    text = None if value is None else str(value)
    differs = default_differs(column, found, text)
    if differs:
        work.entries.append(
            f"{place}: the default is {_default(column)} in the schema and {text or 'none'} after the migrations"
        )
    elif differs is None and (column.given is not Given.NOTHING or text is not None):
        work.unsure.append(f"default of {table}.{column.name}")


def _null(required: bool) -> str:  # noqa: FBT001 -- it is the value that is worded
    return "NOT NULL" if required else "NULL"


def _default(column: Column) -> str:
    if column.given is Given.LITERAL:
        return column.default
    return "the current time" if column.given is Given.NOW else "none"


def _keys(work: _Work, table: Table, live: list[SchemaObject], foreign: list[SchemaObject]) -> None:
    left = [(_kind(item), _columns(work, item), item.name[-1]) for item in live]
    for key in sorted(table.keys, key=lambda item: item.name == ""):  # those with a name take theirs first
        wanted = (key.kind, tuple(_shown(work, column) for column in key.columns))
        found = sorted((item for item in left if item[:2] == wanted), key=lambda item: item[2] != key.name)
        if not found:
            work.entries.append(f'"{table.name}": the schema has {_named(key)}, and no migration makes it')
            continue
        left.remove(found[0])
        if key.kind != "id" and key.name not in {"", found[0][2]}:
            work.entries.append(f'"{table.name}": {_named(key)} is called {found[0][2]} after the migrations')
        elif key.kind != "id" and not key.name:
            work.unsure.append(f"name of index {found[0][2]}")
    # The server makes an index for a foreign key that has none, and Prisma's engine does not speak of it.
    made = {item.get("columns") for item in foreign}
    for kind, columns, name in left:
        if kind == "normal" and columns in made:
            continue
        said = f"{_KINDS.get(kind, kind)} {name} on {', '.join(columns)}"
        work.entries.append(f'"{table.name}": the migrations make the {said}, and the schema does not have it')


def _kind(item: SchemaObject) -> str:
    if item.kind is ObjectKind.PRIMARY_KEY:
        return "id"
    method = item.get("method")
    if method is not None:
        return "fulltext" if method == "FULLTEXT" else f"{str(method).lower()} index"
    return "unique" if item.get("unique") else "normal"


def _columns(work: _Work, item: SchemaObject) -> tuple[str, ...]:
    found = item.get("columns")
    return tuple(_shown(work, column) for column in found) if isinstance(found, tuple) else ()


def _shown(work: _Work, column: str) -> str:
    return column if work.ordered else column.removesuffix(" desc")


def _named(key: Key) -> str:
    name = f" {key.name}" if key.name and key.kind != "id" else ""
    return f"the {_KINDS.get(key.kind, key.kind)}{name} on {', '.join(key.columns)}"


def _relations(work: _Work, table: str, relations: Iterable[Relation], live: list[SchemaObject]) -> None:
    left = list(live)
    for relation in relations:
        wanted = (relation.columns, relation.table, relation.referenced)
        found = next((item for item in left if _target(item) == wanted), None)
        said = f"the foreign key on {', '.join(relation.columns)} to {relation.table}"
        if found is None:
            work.entries.append(f'"{table}": the schema has {said}, and no migration makes it')
            continue
        left.remove(found)
        for when, expected in (("delete", _on_delete(relation)), ("update", _on_update(relation))):
            given = str(found.get(f"on_{when}") or "")
            if expected is None:
                work.unsure.append(f"what {said} of {table} does on {when}")
            elif expected != given:
                one, other = expected or "restrict", given or "restrict"
                work.entries.append(
                    f'"{table}": on {when} {said} does {one} in the schema and {other} after the migrations'
                )
    for item in left:
        columns, target, _ = _target(item)
        said = f"foreign key {item.name[-1]} on {', '.join(columns)} to {target}"
        work.entries.append(f'"{table}": the migrations make the {said}, and the schema has no relation for it')


def _target(item: SchemaObject) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    columns, referenced = item.get("columns"), item.get("referenced_columns")
    return (
        columns if isinstance(columns, tuple) else (),
        str(item.get("references")),
        referenced if isinstance(referenced, tuple) else (),
    )


_ACTIONS = {"Cascade": "cascade", "SetNull": "set null", "Restrict": "", "NoAction": ""}


def _on_delete(relation: Relation) -> str | None:
    """As the catalog spells it: refusing is nothing. Prisma's own choice follows from whether the columns may be null."""
    if relation.on_delete:
        return _ACTIONS.get(relation.on_delete)
    return None if relation.required is None else "" if relation.required else "set null"


def _on_update(relation: Relation) -> str | None:
    return _ACTIONS.get(relation.on_update) if relation.on_update else "cascade"
