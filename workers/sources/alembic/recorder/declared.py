"""Differences between models and database in words that are the same on every run and machine."""

# ruff: noqa: ANN401 -- what hooks and drivers hand over has no type of its own
from __future__ import annotations

from typing import Any

from sqlalchemy import schema
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.types import TypeEngine


def in_words(difference: Any, dialect: Any) -> str:
    """One difference as Alembic's compare_metadata gives it; changes of one column come as a list."""
    if isinstance(difference, list):
        return "; ".join(sorted(in_words(item, dialect) for item in difference))
    kind, *rest = difference
    if kind.startswith("modify_"):
        own_schema, table, column, _, old, new = rest
        return f"{kind} {_dotted(own_schema, table, column)}: {_word(old, dialect)} -> {_word(new, dialect)}"
    if kind in {"add_column", "remove_column"}:
        own_schema, table, column = rest
        return f"{kind} {_dotted(own_schema, table)}.{_column(column, dialect)}"
    return " ".join((kind, *(_word(item, dialect) for item in rest)))


def _word(item: Any, dialect: Any) -> str:
    if item is None or isinstance(item, str | bool | int):
        return str(item)
    if isinstance(item, schema.Table):
        return f"{item.fullname}({', '.join(_column(column, dialect) for column in item.columns)})"
    if isinstance(item, schema.Index):
        unique = "unique " if item.unique else ""
        return f"{unique}{item.name} on {_table(item)}({', '.join(_text(each, dialect) for each in item.expressions)})"
    if isinstance(item, schema.Constraint):
        return _constraint(item)
    if isinstance(item, schema.DefaultClause | schema.Computed | schema.Identity):
        inner = getattr(item, "arg", None) or getattr(item, "sqltext", type(item).__name__)
        return _text(inner, dialect)
    return _text(item, dialect)


def _column(column: Any, dialect: Any) -> str:
    return f"{column.name} {_text(column.type, dialect)}{'' if column.nullable else ' NOT NULL'}"


def _constraint(item: schema.Constraint) -> str:
    columns = ", ".join(column.name for column in getattr(item, "columns", ()))
    target = ""
    if isinstance(item, schema.ForeignKeyConstraint):
        target = f" -> {', '.join(element.target_fullname for element in item.elements)}"
    return f"{type(item).__name__} {item.name} on {_table(item)}({columns}){target}"


def _table(item: Any) -> str:
    table = getattr(item, "table", None)
    return str(table.fullname) if table is not None else "?"


def _text(item: Any, dialect: Any) -> str:
    """A type, an expression or a text as the dialect writes it; never a repr, which may hold an address."""
    if isinstance(item, str):
        return item
    if isinstance(item, TypeEngine | ClauseElement):
        try:
            return " ".join(str(item.compile(dialect=dialect)).split())
        except Exception:  # noqa: BLE001 -- a type of the project's own may fail in any way
            return type(item).__name__
    return type(item).__name__


def _dotted(*names: str | None) -> str:
    return ".".join(name for name in names if name)
