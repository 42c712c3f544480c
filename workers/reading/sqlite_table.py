"""What a CREATE TABLE text in a SQLite schema says that no pragma tells: checks, names of constraints, collations."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import NamedTuple

from workers.reading.sqlite import Kind, TextError, expression
from workers.reading.sqlite_create import Reading

_TABLE_CONSTRAINTS = ("CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN")
_COLUMN_CONSTRAINTS = (
    *("CONSTRAINT", "PRIMARY", "NOT", "NULL", "UNIQUE", "CHECK", "DEFAULT", "COLLATE", "REFERENCES", "DEFERRABLE"),
    *("GENERATED", "AS"),
)


_AFTER_TYPE = frozenset(_COLUMN_CONSTRAINTS)


class Constraint(NamedTuple):
    """A constraint of a table. `name` is empty where it has none; `columns` are names, of a check there are none.

    `expression` is a check's. `conflict` is what ON CONFLICT names. `deferred` says INITIALLY DEFERRED, which alone
    means anything; MATCH means nothing to SQLite.
    """

    name: str = ""
    columns: tuple[str, ...] = ()
    expression: str = ""
    conflict: str = ""
    references: str = ""
    referenced: tuple[str, ...] = ()
    on_update: str = ""
    on_delete: str = ""
    deferred: bool = False


class Column(NamedTuple):
    """A column's facts beyond its type, default and NOT NULL."""

    name: str
    collation: str = ""
    generated: str = ""
    not_null_conflict: str = ""
    descending_key: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What a CREATE TABLE text says, in its own order."""

    columns: tuple[Column, ...]
    primary_key: Constraint | None
    autoincrement: bool
    uniques: tuple[Constraint, ...]
    checks: tuple[Constraint, ...]
    foreign_keys: tuple[Constraint, ...]


class Part(NamedTuple):
    """What one part of a CREATE TABLE text says: a column with what is written beside it, or constraints alone."""

    column: Column | None
    primary_key: Constraint | None
    autoincrement: bool
    uniques: tuple[Constraint, ...]
    checks: tuple[Constraint, ...]
    foreign_keys: tuple[Constraint, ...]


def read_table(text: str) -> Table:
    """Read a CREATE TABLE text. Raises TextError where it is none, or one that we do not understand.

    Many tables are alike but for their own name and those of constraints and parents, so these are read apart.
    """
    head = _HEAD.match(text)
    if head is None or _MASK in text:
        return _read(text)
    names: list[str] = []

    def mask(found: re.Match[str]) -> str:
        if found.lastindex is None:
            return found[0]
        name = found[found.lastindex]
        names.append(name.strip('"'))
        return f"{found[0].removesuffix(name)}{_MASK}{len(names) - 1}"

    table = _read(_ANY_HEAD + _NAMED.sub(mask, text[head.end() :]))
    return _named(table, names) if names else table


@functools.lru_cache(maxsize=8192)
def _read(text: str) -> Table:
    parts = [_part(part) for part in _parts(text)]
    keys = [part.primary_key for part in parts if part.primary_key is not None]
    return Table(
        columns=tuple([part.column for part in parts if part.column is not None]),
        primary_key=keys[-1] if keys else None,
        autoincrement=any(part.autoincrement for part in parts),
        uniques=tuple([each for part in parts for each in part.uniques]),
        checks=tuple([each for part in parts for each in part.checks]),
        foreign_keys=tuple([each for part in parts for each in part.foreign_keys]),
    )


# Strings, quoted names and comments are looked over, and so are brackets with all that is in them. Possessive: nothing is tried twice.
_CLOSED = r"""'(?:[^']|'')*+'|"(?:[^"]|"")*+"|`(?:[^`]|``)*+`|\[[^\]]*+\]|--[^\n]*+|/\*(?s:.*?)\*/|-(?!-)|/(?!\*)"""
_DEPTH = 3
# As SQLite keeps it, and nearly everybody writes it.
_HEAD = re.compile(r"""CREATE TABLE +(?:[A-Za-z_][A-Za-z0-9_]*|"[^"]*") *\(""")
_ANY_HEAD = "CREATE TABLE t ("
_MASK = "\ue000"
_NAME = r"""([A-Za-z_][A-Za-z0-9_]*+|"[^"]*+")(?!["$\w])"""
# Each way begins with a plain letter or sign: then everything else is passed over several times as fast.
_NAMED = re.compile(
    "|".join(
        (
            _CLOSED,
            *(
                rf"{word[0]}(?i:{word[1:]})(?<!\w(?i:{word})) +{_NAME}"
                for word in ("constraint", "Constraint", "references", "References")
            ),
        )
    )
)


def _nested(depth: int) -> str:
    inner = rf"[^()'\"`\[/-]++|{_CLOSED}"
    return rf"\((?:{inner}|{_nested(depth - 1)})*+\)" if depth else rf"\((?:{inner})*+\)"


_ONE_PART = re.compile(rf"((?:[^,()'\"`\[/-]++|{_CLOSED}|{_nested(_DEPTH)})*+)([,)])")


def _parts(text: str) -> list[str]:
    """What the commas between the outer brackets part."""
    head = _HEAD.match(text)
    if head is None:
        return _parts_by_tokens(text)
    parts: list[str] = []
    at = head.end()
    for part, mark in _ONE_PART.findall(text, at):
        if not text.startswith(part, at) or text[at + len(part)] != mark:
            break
        parts.append(part)
        at += len(part) + 1
        if mark == ")":
            return parts
    return _parts_by_tokens(text)


def _parts_by_tokens(text: str) -> list[str]:
    """The slow way, for whatever is written otherwise."""
    reading = Reading(text)
    reading.head("TABLE")
    reading.want("(")
    parts: list[str] = []
    start, depth = reading.tokens[reading.at - 1].end, 0
    for token in reading.tokens[reading.at :]:
        sign = token.text if token.kind is Kind.SIGN else ""
        if not depth and sign in {",", ")"}:
            parts.append(text[start : token.start])
            start = token.end
            if sign == ")":
                return parts
        depth += (sign == "(") - (sign == ")")
    raise TextError("the text ends too early")


def _named(table: Table, names: list[str]) -> Table:
    def named(each: Constraint) -> Constraint:
        return each._replace(name=_unmasked(each.name, names), references=_unmasked(each.references, names))

    return Table(
        columns=table.columns,
        primary_key=table.primary_key and named(table.primary_key),
        autoincrement=table.autoincrement,
        uniques=table.uniques and tuple([named(each) for each in table.uniques]),
        checks=table.checks and tuple([named(each) for each in table.checks]),
        foreign_keys=table.foreign_keys and tuple([named(each) for each in table.foreign_keys]),
    )


def _unmasked(name: str, names: list[str]) -> str:
    return names[int(name[1:])] if name[:1] == _MASK else name


@functools.lru_cache(maxsize=8192)
def _part(text: str) -> Part:
    return _PartReading(text).part()


class _PartReading(Reading):
    """The same in one part of a CREATE TABLE text, with what was found so far."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.column: Column | None = None
        self.primary_key: Constraint | None = None
        self.autoincrement = False
        self.uniques: list[Constraint] = []
        self.checks: list[Constraint] = []
        self.foreign_keys: list[Constraint] = []

    def part(self) -> Part:
        if not self.sees(*_TABLE_CONSTRAINTS):
            self._column()
        while self.now() is not None:
            self._table_constraint()
        return Part(
            self.column,
            self.primary_key,
            self.autoincrement,
            tuple(self.uniques),
            tuple(self.checks),
            tuple(self.foreign_keys),
        )

    def _column(self) -> None:
        column = Column(name=self.name())
        while self.now() is not None and not self.sees_any(_AFTER_TYPE):
            if self.sees("("):
                self.bracketed()
            else:
                self.next()
        while self.now() is not None:
            column = self._column_fact(column)
        self.column = column

    def _column_fact(self, column: Column) -> Column:
        """One thing said of a column alone, or a constraint of the table that is written beside it."""
        if self.skip("COLLATE"):
            return column._replace(collation=self.name().upper())
        if self.sees("GENERATED", "AS"):
            return column._replace(generated=self._generated())
        if self.skip("DEFAULT"):
            self._default()
        elif self.skip("NULL"):
            self._conflict()
        elif self.skip("NOT"):
            if self.sees("DEFERRABLE"):
                self._deferrable()
            else:
                self.want("NULL")
                return column._replace(not_null_conflict=self._conflict())
        else:
            return self._column_constraint(column)
        return column

    def _column_constraint(self, column: Column) -> Column:
        name = self.name() if self.skip("CONSTRAINT") else ""
        if self.skip("PRIMARY"):
            self.want("KEY")
            column = column._replace(descending_key=self.skip("DESC"))
            self.skip("ASC")
            self.primary_key = Constraint(name=name, columns=(column.name,), conflict=self._conflict())
            self.autoincrement = self.skip("AUTOINCREMENT")
        elif self.skip("UNIQUE"):
            self.uniques.append(Constraint(name=name, columns=(column.name,), conflict=self._conflict()))
        elif self.skip("CHECK"):
            self.checks.append(self._check(name))
        elif self.sees("REFERENCES"):
            self.foreign_keys.append(self._references(name, (column.name,)))
        elif not name:
            self._unknown()
        return column

    def _table_constraint(self) -> None:
        name = self.name() if self.skip("CONSTRAINT") else ""
        if self.skip("PRIMARY"):
            self.want("KEY")
            parts = self.parts()
            self.autoincrement = parts[-1][-1].is_word("AUTOINCREMENT")
            columns = tuple(part[0].value for part in parts)
            self.primary_key = Constraint(name=name, columns=columns, conflict=self._conflict())
        elif self.skip("UNIQUE"):
            self.uniques.append(Constraint(name=name, columns=self.names(), conflict=self._conflict()))
        elif self.skip("CHECK"):
            self.checks.append(self._check(name))
        elif self.skip("FOREIGN"):
            self.want("KEY")
            self.foreign_keys.append(self._references(name, self.names()))
        elif not name:
            self._unknown()

    def _check(self, name: str) -> Constraint:
        text = expression(self.bracketed())
        return Constraint(name=name, expression=text, conflict=self._conflict())

    def _references(self, name: str, columns: tuple[str, ...]) -> Constraint:
        self.want("REFERENCES")
        table = self.name()
        referenced = self.names() if self.sees("(") else ()
        actions = {"DELETE": "", "UPDATE": "", "MATCH": ""}
        while self.sees("ON", "MATCH"):
            word = "MATCH" if self.skip("MATCH") else self.next().text
            if word == "ON":
                word = self.next().text
                action = self.next().text
                actions[word] = f"{action} {self.next().text}" if action in {"SET", "NO"} else action
            else:
                actions[word] = self.name().upper()
        return Constraint(
            name=name,
            columns=columns,
            references=table,
            referenced=referenced,
            on_update="" if actions["UPDATE"] == "NO ACTION" else actions["UPDATE"],
            on_delete="" if actions["DELETE"] == "NO ACTION" else actions["DELETE"],
            deferred=self._deferrable(),
        )

    def _deferrable(self) -> bool:
        never = self.sees("NOT") and self.at + 1 < len(self.tokens) and self.tokens[self.at + 1].is_word("DEFERRABLE")
        self.at += never
        if not self.skip("DEFERRABLE"):
            return False
        deferred = self.skip("INITIALLY") and self.next().text == "DEFERRED"
        return deferred and not never

    def _conflict(self) -> str:
        if not self.skip("ON"):
            return ""
        self.want("CONFLICT")
        word = self.next().text
        return "" if word == "ABORT" else word

    def _default(self) -> None:
        if self.sees("("):
            self.bracketed()
            return
        self.skip("+", "-")
        self.next()

    def _generated(self) -> str:
        if self.skip("GENERATED"):
            self.want("ALWAYS")
        self.want("AS")
        text = expression(self.bracketed())
        if self.now() is not None and not self.sees_any(_AFTER_TYPE):
            self.next()  # STORED or VIRTUAL: the engine tells which
        return text

    def _unknown(self) -> None:
        raise TextError(f"a constraint begins with {self.next().text}")
