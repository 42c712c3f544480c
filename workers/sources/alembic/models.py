"""Where a pull's Python says the table or column that a difference is about; the files are read as text and never run."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from typing import TypeGuard

from workers.sources.alembic.revisions import FILE_BYTES

_COLUMN = re.compile(r"(?:add_column|remove_column|modify_\w+) (?P<table>\S+)\.(?P<column>[^\s.:]+)")
_ON = re.compile(r" on (?P<table>[^\s(]+)\(")
_TABLE = re.compile(r"\w+_table\w* (?P<table>[^\s(]+)")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def place_in(path: str, content: bytes, entry: str) -> tuple[str, int] | None:
    """(path, line) in one file; of a column that is gone only the line of its own, of any other the class where it has none."""
    found = _COLUMN.match(entry) or _ON.search(entry) or _TABLE.match(entry)
    tree = _parsed(content) if found else None
    if found is None or tree is None:
        return None
    table, column = found["table"].rpartition(".")[2], found.groupdict().get("column") or ""
    for node in ast.walk(tree):
        if _declares(node, table):
            line = next((line for name, line in _columns(node) if column and name == column), 0)
            if line or not entry.startswith("remove_column"):
                return path, line or node.lineno
    return None


def _parsed(content: bytes) -> ast.Module | None:
    if len(content) > FILE_BYTES:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _declares(node: ast.AST, table: str) -> TypeGuard[ast.ClassDef | ast.Call]:
    """A class with that `__tablename__`, or that without one is usually given that name; or a call of Table."""
    if isinstance(node, ast.Call):
        return _called(node) == "Table" and _first(node) == table
    if not isinstance(node, ast.ClassDef):
        return False
    named = [value for item in node.body for name, value in _of(item) if name == "__tablename__"]
    if named:
        return any(isinstance(value, ast.Constant) and value.value == table for value in named)
    return bool(node.bases) and table in {node.name.lower(), _HUMP.sub("_", node.name).lower()}


def _columns(node: ast.ClassDef | ast.Call) -> Iterator[tuple[str, int]]:
    """(name, line) of each column, under the attribute's name and under the name it is given."""
    if isinstance(node, ast.Call):
        yield from ((_first(item), item.lineno) for item in node.args if isinstance(item, ast.Call))
        return
    for statement in node.body:
        for name, value in _of(statement):
            yield name, statement.lineno
            if isinstance(value, ast.Call):
                yield _first(value), statement.lineno


def _of(statement: ast.stmt) -> Iterator[tuple[str, ast.expr | None]]:
    """(name, value) of what a statement of a class assigns to names."""
    if not isinstance(statement, ast.Assign | ast.AnnAssign):
        return
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    yield from ((target.id, statement.value) for target in targets if isinstance(target, ast.Name))


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _first(node: ast.Call) -> str:
    first = node.args[0] if node.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
