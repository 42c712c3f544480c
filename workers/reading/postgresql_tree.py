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
    return tuple(unwrapped(item.stmt) for item in syntax_tree(sql).stmts)


def syntax_tree(sql: str) -> Node:
    """Return the whole tree of a text, which the caller may change. Raises UnreadableSqlError."""
    if "\0" in sql:
        raise UnreadableSqlError("it holds a null byte")  # the parser, and the server, would stop reading there
    try:
        return postgast.parse(sql)
    except postgast.PgQueryError as error:
        raise UnreadableSqlError(error.message) from None
    except _protobuf.DecodeError:  # the tree's encoding allows 100 levels, about 45 nested expressions
        raise UnreadableSqlError("it is nested too deeply") from None


def deparsed(tree: Node) -> str:
    """Return the text of a tree in the parser's own spelling. Raises UnreadableSqlError where it cannot be written."""
    try:
        return str(postgast.deparse(tree))
    except postgast.PgQueryError as error:
        raise UnreadableSqlError(error.message) from None


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and everything below it, wrappers left out."""
    waiting: list[Node] = [node]
    while waiting:
        here = unwrapped(waiting.pop())
        yield here
        waiting.extend(reversed(_below(here)))


def wrappers(node: Node) -> Iterator[Node]:
    """Yield every wrapper below a node, where one kind of node may be replaced by another."""
    waiting: list[Node] = [node]
    while waiting:
        here = waiting.pop()
        if isinstance(here, pb.Node):
            yield here
        waiting.extend(reversed(_below(here)))


def _below(node: Node) -> list[Node]:
    found: list[Node] = []
    for _, value in node.ListFields():
        if isinstance(value, _protobuf.Message):
            found.append(value)
        elif not isinstance(value, str | int | float | bytes):
            found.extend(item for item in value if isinstance(item, _protobuf.Message))
    return found


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
