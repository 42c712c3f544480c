"""Puts one table together from what SQLite's pragmas say and what its CREATE TABLE text says; where they differ, it is unread."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from workers.core.schema import ObjectKind, SchemaObject, attributes
from workers.reading.sqlite import TextError, canonical, expression, plain, tokens
from workers.reading.sqlite_table import Constraint, Table, read_table

_GENERATED = {2: "virtual", 3: "stored"}
_LONGEST = 60


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the pragmas tell of one ordinary table. `foreign_keys` are (parent, columns)."""

    name: str
    sql: str
    without_rowid: bool
    strict: bool
    columns: tuple[ColumnRow, ...]
    indexes: tuple[IndexRow, ...]
    foreign_keys: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def key(self) -> tuple[str, ...]:
        """The columns of the primary key, in its order."""
        return tuple(column.name for column in sorted(self.columns, key=lambda each: each.key) if column.key)


def table_objects(facts: Facts, tables: Mapping[str, Facts]) -> list[SchemaObject]:
    """The table and what belongs to it but CREATE INDEX and triggers. `tables` are all, by lower-case name.

    Raises TextError where the text cannot be read, or says something else than the pragmas.
    """
    text = read_table(facts.sql)
    _agree(facts, text)
    options = attributes(strict=facts.strict or None, without_rowid=facts.without_rowid or None)
    found = [SchemaObject(ObjectKind.TABLE, (facts.name,), options)]
    found += _columns(facts, text)
    found += _primary_key(facts, text)
    found += (_unique(facts, each) for each in text.uniques)
    found += (_check(facts, each) for each in text.checks)
    found += (_foreign_key(facts, each, tables) for each in text.foreign_keys)
    return list(_told_apart(found))


def _agree(facts: Facts, text: Table) -> None:
    pairs = (
        ([each.name for each in facts.columns], [each.name for each in text.columns]),
        (sorted(facts.key), sorted(_own_names(facts, text.primary_key.columns) if text.primary_key else ())),
        (
            sorted((parent.lower(), columns) for parent, columns in facts.foreign_keys),
            sorted((each.references.lower(), _own_names(facts, each.columns)) for each in text.foreign_keys),
        ),
    )
    if any(told != read for told, read in pairs) or not _uniques(facts) <= _unique_columns(facts, text):
        raise TextError("its text does not say what SQLite tells of it")


def _columns(facts: Facts, text: Table) -> Iterator[SchemaObject]:
    for row, column in zip(facts.columns, text.columns, strict=True):
        values = attributes(
            type=_type(row.type),
            not_null=row.not_null or _is_rowid(facts, text, row),
            not_null_conflict=column.not_null_conflict or None,
            default=None if row.default is None else _default(row.default),
            collation=column.collation if column.collation not in {"", "BINARY"} else None,
            generated=_GENERATED.get(row.hidden),
            expression=column.generated or None,
        )
        yield SchemaObject(ObjectKind.COLUMN, (facts.name, row.name), values)


def _primary_key(facts: Facts, text: Table) -> Iterator[SchemaObject]:
    if text.primary_key is None:
        return
    values = attributes(
        columns=_indexed(facts, "pk") or tuple(plain(name) for name in facts.key),
        constraint=text.primary_key.name or None,
        conflict=text.primary_key.conflict or None,
        autoincrement=text.autoincrement or None,
    )
    yield SchemaObject(ObjectKind.PRIMARY_KEY, (facts.name, "primary key"), values)


def _unique(facts: Facts, constraint: Constraint) -> SchemaObject:
    names = _own_names(facts, constraint.columns)
    rows = (row.parts for row in facts.indexes if row.origin == "u")
    parts = next((each for each in rows if tuple(part.column for part in each) == names), None)
    columns = tuple(part.text("") for part in parts) if parts else tuple(plain(name) for name in names)
    name = constraint.name or f"unique ({', '.join(columns)})"
    values = attributes(columns=columns, conflict=constraint.conflict or None)
    return SchemaObject(ObjectKind.UNIQUE, (facts.name, name), values)


def _check(facts: Facts, constraint: Constraint) -> SchemaObject:
    name = constraint.name or _short(f"check ({constraint.expression})")
    return SchemaObject(ObjectKind.CHECK, (facts.name, name), attributes(expression=constraint.expression))


def _foreign_key(facts: Facts, constraint: Constraint, tables: Mapping[str, Facts]) -> SchemaObject:
    columns = _own_names(facts, constraint.columns)
    parent = tables.get(constraint.references.lower())
    # Without columns it refers to the parent's primary key.
    referenced = constraint.referenced or (parent.key if parent else ())
    values = attributes(
        columns=columns,
        references=parent.name if parent else constraint.references,
        referenced=_own_names(parent, referenced) if parent else referenced,
        on_update=constraint.on_update or None,
        on_delete=constraint.on_delete or None,
        deferred=constraint.deferred or None,
    )
    name = constraint.name or f"foreign key ({', '.join(plain(column) for column in columns)})"
    return SchemaObject(ObjectKind.FOREIGN_KEY, (facts.name, name), values)


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


def _own_names(facts: Facts, names: tuple[str, ...]) -> tuple[str, ...]:
    """The names as the table's columns spell them: SQLite does not care about case."""
    own = {column.name.lower(): column.name for column in facts.columns} if names else {}
    return tuple(own.get(name.lower(), name) for name in names)


def _uniques(facts: Facts) -> set[tuple[str | None, ...]]:
    return {tuple(part.column for part in row.parts) for row in facts.indexes if row.origin == "u"}


def _unique_columns(facts: Facts, text: Table) -> set[tuple[str | None, ...]]:
    return {_own_names(facts, each.columns) for each in text.uniques}


def _indexed(facts: Facts, origin: str) -> tuple[str, ...]:
    """The columns of the primary key's own index with collation and direction; a rowid has no such index."""
    parts = next((row.parts for row in facts.indexes if row.origin == origin), ())
    return tuple(part.text("") for part in parts)


def _is_rowid(facts: Facts, text: Table, row: ColumnRow) -> bool:
    """Whether a column is another name of the row's number, which is never NULL, said or not."""
    alone = bool(row.key) and len(facts.key) == 1 and row.type.upper() == "INTEGER" and not facts.without_rowid
    # One exception is kept for old files: https://www.sqlite.org/lang_createtable.html
    return alone and not any(column.descending_key for column in text.columns)


def _short(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST - 12]}… {hashlib.sha256(text.encode()).hexdigest()[:8]}"
