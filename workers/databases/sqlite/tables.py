"""Puts one table together from what SQLite's pragmas say and what its CREATE TABLE text says; where they differ, it is unread."""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from workers.core.schema import Attributes, ObjectKind, SchemaObject, attributes
from workers.reading.sqlite import TextError, canonical, expression, plain, tokens
from workers.reading.sqlite_table import Column, Constraint, Table, read_table

_GENERATED = {2: "virtual", 3: "stored"}
_LONGEST = 60
_UNLIKE = "its text does not say what SQLite tells of it"


class ColumnRow(NamedTuple):
    """A column as `table_xinfo` tells it. `key` is its place in the primary key from 1, else 0."""

    name: str
    type: str
    not_null: bool
    default: str | None
    key: int
    hidden: int


class IndexPart(NamedTuple):
    """One indexed column; `column` is None for an expression."""

    column: str | None
    descending: bool
    collation: str

    def text(self, expression_text: str) -> str:
        """As CREATE INDEX would say it; `expression_text` is what it is where it is no column."""
        name = expression_text if self.column is None else plain(self.column)
        collated = "" if self.collation == "BINARY" else f" COLLATE {self.collation.upper()}"
        return name + collated + (" DESC" if self.descending else "")


class IndexRow(NamedTuple):
    """An index as the pragmas tell it; `origin` is c (CREATE INDEX), u (UNIQUE) or pk."""

    name: str
    unique: bool
    origin: str
    parts: tuple[IndexPart, ...]


class Told(NamedTuple):
    """All that the pragmas tell of one ordinary table. The lists are JSON texts: those of alike tables are read once."""

    name: str
    sql: str
    without_rowid: int
    strict: int
    columns: str
    indexes: str
    foreign_keys: str


class Parent(NamedTuple):
    """A table that a foreign key refers to, as far as that key is concerned."""

    name: str
    columns: str


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of a table, and their names by lower-case name. `key` are those of the primary key, in its order."""

    rows: tuple[ColumnRow, ...]
    own: Mapping[str, str]
    key: tuple[str, ...]

    def names(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The names as the table's columns spell them: SQLite does not care about case."""
        return tuple([self.own.get(name.lower(), name) for name in names])


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One table's facts, read. `foreign_keys` are (parent, columns), `parents` by lower-case name."""

    name: str
    without_rowid: bool
    strict: bool
    shape: Shape
    indexes: tuple[IndexRow, ...]
    foreign_keys: tuple[tuple[str, tuple[str, ...]], ...]
    parents: Mapping[str, Parent]

    @property
    def key(self) -> tuple[str, ...]:
        """The columns of the primary key, in its order."""
        return self.shape.key


@functools.lru_cache(maxsize=8192)
def table_objects(told: Told, parents: tuple[Parent, ...]) -> tuple[SchemaObject, ...]:
    """The table and what belongs to it but CREATE INDEX and triggers; one that is as before is not read again.

    Raises TextError where the text cannot be read, or says something else than the pragmas.
    """
    facts = Facts(
        name=told.name,
        without_rowid=bool(told.without_rowid),
        strict=bool(told.strict),
        shape=shape(told.columns),
        indexes=index_rows(told.indexes),
        foreign_keys=foreign_key_rows(told.foreign_keys),
        parents={parent.name.lower(): parent for parent in parents},
    )
    text = read_table(told.sql)
    _agree(facts, text)
    found = [
        SchemaObject(ObjectKind.TABLE, (facts.name,), _options(strict=facts.strict, without_rowid=facts.without_rowid))
    ]
    found += _columns(facts, told.columns, text)
    found += _primary_key(facts, text)
    found += [_unique(facts, each) for each in text.uniques]
    found += [_check(facts, each) for each in text.checks]
    found += [_foreign_key(facts, each) for each in text.foreign_keys]
    return tuple(_told_apart(found))


@functools.cache
def _options(*, strict: bool, without_rowid: bool) -> Attributes:
    return attributes(strict=strict or None, without_rowid=without_rowid or None)


@functools.lru_cache(maxsize=8192)
def shape(text: str) -> Shape:
    """The columns of a table. Raises TextError where a name is not UTF-8."""
    rows = tuple([ColumnRow(row[0], row[1], bool(row[2]), *row[3:]) for row in _json(text)])
    key = tuple([row.name for row in sorted(rows, key=lambda row: row.key) if row.key])
    return Shape(rows, {row.name.lower(): row.name for row in rows}, key)


@functools.lru_cache(maxsize=8192)
def index_rows(text: str) -> tuple[IndexRow, ...]:
    """The indexes of a table. Raises TextError where a name is not UTF-8."""
    return tuple(
        [
            IndexRow(name, bool(unique), origin, tuple([IndexPart(part[0], bool(part[1]), part[2]) for part in parts]))
            for name, unique, origin, parts in sorted(_json(text))
        ]
    )


@functools.lru_cache(maxsize=8192)
def foreign_key_rows(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(parent, columns) of each foreign key. Raises TextError where a name is not UTF-8."""
    groups = itertools.groupby(_json(text), key=lambda row: (row[0], row[1]))
    return tuple([(parent, tuple([row[2] for row in rows])) for (_, parent), rows in groups])


def _json(text: str) -> list[Any]:
    """What SQLite wrote; a byte that is no UTF-8 makes it no JSON either."""
    try:
        found: list[Any] = json.loads(text)
    except ValueError:
        raise TextError("one of its names is not UTF-8") from None
    return found


def _agree(facts: Facts, text: Table) -> None:
    pairs = (
        (sorted(facts.key), sorted(facts.shape.names(text.primary_key.columns) if text.primary_key else ())),
        (
            sorted((parent.lower(), columns) for parent, columns in facts.foreign_keys),
            sorted((each.references.lower(), facts.shape.names(each.columns)) for each in text.foreign_keys),
        ),
    )
    if any(told != read for told, read in pairs) or not _uniques(facts) <= _unique_columns(facts, text):
        raise TextError(_UNLIKE)


def _columns(facts: Facts, told: str, text: Table) -> list[SchemaObject]:
    column, name = ObjectKind.COLUMN, facts.name
    return [
        SchemaObject(column, (name, own), values)
        for own, values in _column_values(told, text.columns, _rowid(facts, text))
    ]


@functools.lru_cache(maxsize=8192)
def _column_values(told: str, columns: tuple[Column, ...], rowid: str) -> tuple[tuple[str, Attributes], ...]:
    """The columns of a table, and of all that are alike. Raises TextError where pragmas and text tell of different ones."""
    rows = shape(told).rows
    if [row.name for row in rows] != [column.name for column in columns]:
        raise TextError(_UNLIKE)
    pairs = zip(rows, columns, strict=True)
    return tuple([(row.name, _column_attributes(row, column, rowid=row.name == rowid)) for row, column in pairs])


@functools.lru_cache(maxsize=8192)
def _column_attributes(row: ColumnRow, column: Column, *, rowid: bool) -> Attributes:
    return attributes(
        type=_type(row.type),
        not_null=row.not_null or rowid,
        not_null_conflict=column.not_null_conflict or None,
        default=None if row.default is None else _default(row.default),
        collation=column.collation if column.collation not in {"", "BINARY"} else None,
        generated=_GENERATED.get(row.hidden),
        expression=column.generated or None,
    )


def _primary_key(facts: Facts, text: Table) -> Iterator[SchemaObject]:
    if text.primary_key is None:
        return
    columns = _indexed(facts, "pk") or tuple([plain(name) for name in facts.key])
    values = _key_attributes(columns, text.primary_key.name, text.primary_key.conflict, grows=text.autoincrement)
    yield SchemaObject(ObjectKind.PRIMARY_KEY, (facts.name, "primary key"), values)


@functools.lru_cache(maxsize=1024)
def _key_attributes(columns: tuple[str, ...], name: str, conflict: str, *, grows: bool) -> Attributes:
    return attributes(columns=columns, constraint=name or None, conflict=conflict or None, autoincrement=grows or None)


def _unique(facts: Facts, constraint: Constraint) -> SchemaObject:
    names = facts.shape.names(constraint.columns)
    rows = (row.parts for row in facts.indexes if row.origin == "u")
    parts = next((each for each in rows if tuple(part.column for part in each) == names), None)
    columns = tuple(part.text("") for part in parts) if parts else tuple(plain(name) for name in names)
    name = constraint.name or f"unique ({', '.join(columns)})"
    values = attributes(columns=columns, conflict=constraint.conflict or None)
    return SchemaObject(ObjectKind.UNIQUE, (facts.name, name), values)


def _check(facts: Facts, constraint: Constraint) -> SchemaObject:
    name = constraint.name or _short(f"check ({constraint.expression})")
    return SchemaObject(ObjectKind.CHECK, (facts.name, name), (("expression", constraint.expression),))


def _foreign_key(facts: Facts, constraint: Constraint) -> SchemaObject:
    columns = facts.shape.names(constraint.columns)
    parent = facts.parents.get(constraint.references.lower())
    own = shape(parent.columns) if parent else None
    # Without columns it refers to the parent's primary key.
    referenced = constraint.referenced or (own.key if own else ())
    values = (
        *_reference_attributes(columns, constraint.on_delete, constraint.on_update, deferred=constraint.deferred),
        ("referenced", own.names(referenced) if own else referenced),
        ("references", parent.name if parent else constraint.references),
    )
    name = constraint.name or f"foreign key ({', '.join(plain(column) for column in columns)})"
    return SchemaObject(ObjectKind.FOREIGN_KEY, (facts.name, name), values)


@functools.lru_cache(maxsize=1024)
def _reference_attributes(columns: tuple[str, ...], on_delete: str, on_update: str, *, deferred: bool) -> Attributes:
    """Those whose keys come first."""
    return attributes(
        columns=columns, deferred=deferred or None, on_delete=on_delete or None, on_update=on_update or None
    )


def _told_apart(found: list[SchemaObject]) -> Iterator[SchemaObject]:
    """SQLite lets two constraints have one name, and be the same: later ones get a number, by content."""
    seen: dict[tuple[ObjectKind, tuple[str, ...]], int] = {}
    if len({(item.kind, item.name) for item in found}) == len(found):
        yield from found
        return
    for item in sorted(found, key=lambda each: (each.kind.value, each.name, repr(each.attributes))):
        number = seen[item.kind, item.name] = seen.get((item.kind, item.name), 0) + 1
        yield item if number == 1 else replace(item, name=(*item.name[:-1], f"{item.name[-1]} #{number}"))


@functools.lru_cache(maxsize=1024)
def _type(declared: str) -> str:
    return canonical(declared).lower().replace(", ", ",")


@functools.lru_cache(maxsize=1024)
def _default(text: str) -> str:
    return expression(tokens(text))


def _uniques(facts: Facts) -> set[tuple[str | None, ...]]:
    return {tuple(part.column for part in row.parts) for row in facts.indexes if row.origin == "u"}


def _unique_columns(facts: Facts, text: Table) -> set[tuple[str | None, ...]]:
    return {facts.shape.names(each.columns) for each in text.uniques}


def _indexed(facts: Facts, origin: str) -> tuple[str, ...]:
    """The columns of the primary key's own index with collation and direction; a rowid has no such index."""
    parts = next((row.parts for row in facts.indexes if row.origin == origin), ())
    return tuple(part.text("") for part in parts)


def _rowid(facts: Facts, text: Table) -> str:
    """The column that is another name of the row's number, which is never NULL, said or not; empty where there is none."""
    # One exception is kept for old files: https://www.sqlite.org/lang_createtable.html
    if len(facts.key) != 1 or facts.without_rowid or any(column.descending_key for column in text.columns):
        return ""
    return next((row.name for row in facts.shape.rows if row.key and row.type.upper() == "INTEGER"), "")


def _short(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST - 12]}… {hashlib.sha256(text.encode()).hexdigest()[:8]}"
