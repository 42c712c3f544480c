"""PostgreSQL's own syntax tree of a text, and how to walk it."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator
from typing import Any

from workers.core.schema import Name

# Imported so because postgast's stub file is not Python that type checkers read.
postgast: Any = importlib.import_module("postgast")
pb: Any = importlib.import_module("postgast.pg_query_pb2")
_protobuf: Any = importlib.import_module("google.protobuf.message")

Node = Any
"""A message of the tree, of one of the classes in `pb`."""

SYSTEM_SCHEMAS = frozenset({"pg_catalog", "information_schema"})


class UnreadableSqlError(ValueError):
    """The parser cannot read a text; the message says why, in the parser's words."""


@functools.lru_cache(maxsize=64)
def statements(sql: str) -> tuple[Node, ...]:
    """Return the statements of a text as the parser's messages. Raises UnreadableSqlError."""
    try:
        return tuple(unwrapped(item.stmt) for item in postgast.parse(sql).stmts)
    except postgast.PgQueryError as error:
        raise UnreadableSqlError(error.message) from None
    except _protobuf.DecodeError:  # the tree's encoding allows 100 levels, about 45 nested expressions
        raise UnreadableSqlError("it is nested too deeply") from None


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and everything below it, wrappers left out."""
    waiting: list[Node] = [node]
    while waiting:
        here = unwrapped(waiting.pop())
        yield here
        below: list[Node] = []
        for _, value in here.ListFields():
            if isinstance(value, _protobuf.Message):
                below.append(value)
            elif not isinstance(value, str | int | float | bytes):
                below.extend(item for item in value if isinstance(item, _protobuf.Message))
        waiting.extend(reversed(below))


def unwrapped(node: Node) -> Node:
    """Return what a Node of the tree holds; any other message as it is."""
    if isinstance(node, pb.Node):
        held = node.WhichOneof("node")
        return getattr(node, held) if held else node
    return node


def strings(nodes: Node) -> tuple[str, ...]:
    """Return the text of each string node of a list, or of a list node."""
    found = []
    for node in nodes:
        held = unwrapped(node)
        if isinstance(held, pb.String):
            found.append(held.sval)
        elif isinstance(held, pb.List):
            found.extend(strings(held.items))
    return tuple(found)


def relation(var: Node) -> Name:
    """Return a relation's name as written, the schema first where given."""
    return (var.schemaname, var.relname) if var.schemaname else (var.relname,)


def called(node: Node) -> tuple[Name, ...]:
    """Name every function that is called in a tree, as written."""
    return tuple(dict.fromkeys(strings(item.funcname) for item in walk(node) if isinstance(item, pb.FuncCall)))
