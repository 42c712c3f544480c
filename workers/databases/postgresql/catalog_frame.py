"""What every part of the catalog shares: one connection, the names behind oids, comments, and who owns what by extension."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, LiteralString

import psycopg

from workers.core.hidden import Hiding
from workers.core.schema import Name, ObjectKind, SchemaObject, Value

# Oids of the catalogs themselves are fixed: pg_class.dat and its like assign them.
PG_CLASS, PG_TYPE, PG_PROC, PG_NAMESPACE = 1259, 1247, 1255, 2615
PG_CONSTRAINT, PG_TRIGGER, PG_REWRITE, PG_POLICY, PG_EXTENSION = 2606, 2620, 2618, 3256, 3079

USER = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
"""The condition on pg_namespace n that keeps what users made; the server reserves the prefix."""

Row = tuple[Any, ...]
Answers = dict[LiteralString, list[Row]]
Attributes = tuple[tuple[str, Value], ...]

_COMMENTS = (
    "SELECT classoid, objoid, objsubid, description FROM pg_description WHERE objoid >= 16384 OR classoid = 2615"
)
_MEMBERS = """SELECT d.classid, d.objid, e.extname FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
    WHERE d.refclassid = 3079 AND d.deptype = 'e'"""
_COLLATIONS = """SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.collname)
    FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace"""


@dataclass(slots=True)
class Frame:
    """The lookups of one snapshot. What hangs on tables reads the names that were filled in when the tables were read.

    `shapes` are the columns of views; `collated` the collations that are not their type's own; `grants` the rights on single columns.
    `known` are answers that were had before, each given once; `asked` what had to be asked besides.
    """

    connection: psycopg.Connection[Row]
    version: int
    hiding: Hiding
    known: Answers = field(default_factory=dict)
    asked: list[LiteralString] = field(default_factory=list)
    comments: dict[tuple[int, int, int], str] = field(default_factory=dict)
    members: dict[tuple[int, int], str] = field(default_factory=dict)
    relations: dict[int, Name] = field(default_factory=dict)
    columns: dict[int, dict[int, str]] = field(default_factory=dict)
    collated: dict[tuple[int, int], int] = field(default_factory=dict)
    shapes: dict[int, list[tuple[int, str]]] = field(default_factory=dict)
    sequences: list[Row] | None = None
    indexes: list[Row] | None = None
    operator_classes: dict[int, str] = field(default_factory=dict)
    collations: dict[int, str] = field(default_factory=dict)

    def rows(self, query: LiteralString) -> list[Row]:
        """Every row of a query of ours."""
        if query in self.known:
            return self.known.pop(query)
        self.asked.append(query)
        return self.connection.execute(query, prepare=False).fetchall()

    def since(self, major: int, column: LiteralString, otherwise: LiteralString = "NULL") -> LiteralString:
        """A column that servers have from a version on, and what stands for it before."""
        return column if self.version >= major * 10000 else otherwise

    def made(self, kind: ObjectKind, name: Name, place: tuple[int, int], /, **values: Value) -> SchemaObject:
        """Build an object with its comment and its extension; values that are None, False or empty are left out."""
        return self.placed(kind, name, place, kept(values))

    def placed(self, kind: ObjectKind, name: Name, place: tuple[int, int], values: Attributes) -> SchemaObject:
        """Build an object of sorted attributes, with its comment and its extension."""
        comment = self.comments.get((*place, 0))
        extension = self.members.get(place)
        if comment is None and extension is None:
            return SchemaObject(kind, name, values)
        return SchemaObject(kind, name, self.told(values, comment, extension))

    def told(self, values: Attributes, comment: str | None, extension: str | None) -> Attributes:
        """Put comment and extension among sorted attributes."""
        more: list[tuple[str, Value]] = [*values]
        if comment is not None:
            more.append(("comment", self.hiding.text(comment)))
        if extension is not None:
            more.append(("extension", extension))
        return tuple(sorted(more))

    def hidden(self, options: Iterable[str] | None) -> tuple[str, ...]:
        """Options as `name=hash`: they may hold passwords."""
        return tuple(sorted(self.hiding.option(item) for item in options or ()))

    def collation(self, oid: int) -> str:
        """A collation's qualified name."""
        return self.collations[oid]

    def names(self, relation: int, numbers: Iterable[int] | None) -> tuple[str, ...]:
        """The names of a relation's columns by their numbers."""
        columns = self.columns[relation]
        return tuple([columns[number] for number in numbers or ()])


def opened(frame: Frame) -> Frame:
    """Read what is looked up by every kind of object."""
    frame.comments = {(classid, oid, part): text for classid, oid, part, text in frame.rows(_COMMENTS)}
    frame.members = {(classid, oid): name for classid, oid, name in frame.rows(_MEMBERS)}
    frame.collations = dict(frame.rows(_COLLATIONS))
    return frame


def kept(values: dict[str, Value]) -> Attributes:
    """Sorted attributes without those that are None, False or empty."""
    return tuple(sorted([pair for pair in values.items() if pair[1] not in _NOTHING]))


def listed(joined: str | None) -> list[str]:
    """The elements of an array that a query joined; a text can be a key where a list cannot."""
    return joined.split(_BETWEEN) if joined else []


Part = Callable[[Frame], list[SchemaObject]]
_BETWEEN = "\x1f"
_NOTHING: tuple[Value, ...] = (None, False, (), "")
