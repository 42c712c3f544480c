"""The fixed point of expression text: what the server would write after any number of dumps and restores.

The server writes an expression from the tree that it keeps, and reads back a slightly different tree: a cast of an array
constructor moves to its elements, an AND inside an AND is flattened. Both changes are made here on PostgreSQL's own
syntax tree, so that live and restored agree.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from workers.reading.postgresql_tree import Node, UnreadableSqlError, deparsed, pb, syntax_tree, wrappers

_MARKS = re.compile(r"ARRAY\[|\b(?:AND|OR)\b")
_SELECT = "SELECT "


@functools.lru_cache(maxsize=8192)
def canonical(expression: str) -> str:
    """Return an expression's canonical text. What holds none of the unstable forms is kept as the server wrote it."""
    if not _MARKS.search(expression):
        return expression
    return _canonical(_SELECT + expression).removeprefix(_SELECT)


@functools.lru_cache(maxsize=2048)
def canonical_statement(text: str, before: str = "") -> str:
    """Return the canonical text of a statement, or of what follows `before` in one: a view's query, a trigger, a routine's body."""
    text = text.strip().removesuffix(";")
    if not _MARKS.search(text):
        return text
    return _canonical(before + text).removeprefix(before)


def _canonical(text: str) -> str:
    """A text that this parser cannot read (the syntax of a newer server) or cannot write stays as it is."""
    try:
        tree = syntax_tree(text)
        for node in wrappers(tree):
            _push_cast(node)
        return deparsed(tree)
    except UnreadableSqlError:
        return text


def _push_cast(node: Node) -> None:
    """Replace `ARRAY[a, b]::t[]` by `ARRAY[a::t, b::t]`, which is how the server reads it."""
    if node.WhichOneof("node") != "type_cast" or node.type_cast.arg.WhichOneof("node") != "a_array_expr":
        return
    cast = node.type_cast
    if not cast.type_name.array_bounds or not cast.arg.a_array_expr.elements:
        return
    array = pb.Node()
    array.CopyFrom(cast.arg)
    for element in array.a_array_expr.elements:
        _cast_element(element, cast.type_name)
    node.CopyFrom(array)


def _cast_element(element: Node, array_type: Node) -> None:
    if element.WhichOneof("node") == "a_array_expr":
        inner = array_type
    else:
        inner = pb.TypeName()
        inner.CopyFrom(array_type)
        inner.ClearField("array_bounds")
        if element.WhichOneof("node") == "type_cast" and _same_type(element.type_cast.type_name, inner):
            return
    cast = pb.Node()
    cast.type_cast.arg.CopyFrom(element)
    cast.type_cast.type_name.CopyFrom(inner)
    element.CopyFrom(cast)
    _push_cast(element)


def _same_type(one: Node, other: Node) -> bool:
    names = [[item.string.sval for item in each.names if item.string.sval != "pg_catalog"] for each in (one, other)]
    return names[0] == names[1] and list(one.typmods) == list(other.typmods) and not one.array_bounds


_PIECES = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"\.?|\(\s*(?:SELECT|WITH)\b|[()]|\b\w+\.(?=\w+\()|\b\w+\.?|\s+|.""", re.DOTALL
)
_NAME = r'(?:"(?:[^"]|"")*"|\w+)'
_FROM = re.compile(r"\n   FROM ([^\n;]+)")
_WORDS = re.compile(rf"(?:{_NAME}\.)?({_NAME})|,")
_IN_PARENTHESES = re.compile(r"\([^()]*\)")
_SET_OPERATION = re.compile(r"\n(?:UNION|INTERSECT|EXCEPT)\b")


def without_own_name(query: str) -> str:
    """Return a view's query as servers write it since version 16: the columns of a single relation stand without its name.

    What is inside of a query in parentheses keeps its names, there as before.
    """
    outside = "".join(text for text, inside in _parts(query) if not inside)
    found = _FROM.search(outside)
    if found is None or _SET_OPERATION.search(outside) or "JOIN" in outside:
        return query
    words = [match[1] for match in _WORDS.finditer(_IN_PARENTHESES.sub("", found[1]))]
    own = "" if None in words or not words else f"{words[-1]}."
    return "".join(text for text, inside in _parts(query) if inside or text != own)


def _parts(query: str) -> Iterator[tuple[str, bool]]:
    """The pieces of a query's text, and whether each is inside of a query in parentheses."""
    depth, since = 0, None
    for match in _PIECES.finditer(query):
        text = match[0]
        depth += text.startswith("(")
        if text.startswith("(") and len(text) > 1 and since is None:
            since = depth
        yield text, since is not None
        if text == ")":
            since = None if since == depth else since
            depth -= 1
