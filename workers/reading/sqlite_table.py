"""What a CREATE TABLE text in a SQLite schema says that no pragma tells: checks, names of constraints, collations."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

from workers.reading.sqlite import TextError, expression
from workers.reading.sqlite_create import Reading

_TABLE_CONSTRAINTS = ("CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN")
_COLUMN_CONSTRAINTS = (
    *("CONSTRAINT", "PRIMARY", "NOT", "NULL", "UNIQUE", "CHECK", "DEFAULT", "COLLATE", "REFERENCES", "DEFERRABLE"),
    *("GENERATED", "AS"),
)


_ENDS = frozenset({",", ")"})
_AFTER_TYPE = _ENDS | frozenset(_COLUMN_CONSTRAINTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
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


@functools.lru_cache(maxsize=8192)
def read_table(text: str) -> Table:
    """Read a CREATE TABLE text. Raises TextError where it is none, or one that we do not understand."""
    return _TableReading(text).table()


class _TableReading(Reading):
    """The same in a CREATE TABLE text, with what was found so far."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.columns: list[Column] = []
        self.primary_key: Constraint | None = None
        self.autoincrement = False
        self.uniques: list[Constraint] = []
        self.checks: list[Constraint] = []
        self.foreign_keys: list[Constraint] = []

    def table(self) -> Table:
        self.head("TABLE")
        self.want("(")
        while not self.sees(*_TABLE_CONSTRAINTS):
            self._column()
            if not self.skip(","):
                break
        while not self.skip(")"):
            self._table_constraint()
            self.skip(",")
        return Table(
            columns=tuple(self.columns),
            primary_key=self.primary_key,
            autoincrement=self.autoincrement,
            uniques=tuple(self.uniques),
            checks=tuple(self.checks),
            foreign_keys=tuple(self.foreign_keys),
        )

    def _column(self) -> None:
        column = Column(name=self.name())
        while not self.sees_any(_AFTER_TYPE):
            if self.sees("("):
                self.bracketed()
            else:
                self.next()
        while not self.sees_any(_ENDS):
            column = self._column_fact(column)
        self.columns.append(column)

    def _column_fact(self, column: Column) -> Column:
        """One thing said of a column alone, or a constraint of the table that is written beside it."""
        if self.skip("COLLATE"):
            return replace(column, collation=self.name().upper())
        if self.sees("GENERATED", "AS"):
            return replace(column, generated=self._generated())
        if self.skip("DEFAULT"):
            self._default()
        elif self.skip("NULL"):
            self._conflict()
        elif self.skip("NOT"):
            if self.sees("DEFERRABLE"):
                self._deferrable()
            else:
                self.want("NULL")
                return replace(column, not_null_conflict=self._conflict())
        else:
            return self._column_constraint(column)
        return column

    def _column_constraint(self, column: Column) -> Column:
        name = self.name() if self.skip("CONSTRAINT") else ""
        if self.skip("PRIMARY"):
            self.want("KEY")
            column = replace(column, descending_key=self.skip("DESC"))
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
