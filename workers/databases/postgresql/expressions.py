"""The fixed point of expression text: what the server would write after any number of dumps and restores.

The server writes an expression from the tree that it keeps, and reads back a slightly different tree: a cast of an array
constructor moves to its elements, an AND inside an AND is flattened. Both changes are made here on PostgreSQL's own
syntax tree, so that live and restored agree.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

_MARKS = re.compile(r"ARRAY\[|\b(?:AND|OR)\b")
_SELECT = "SELECT "
_VALUES = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\( VALUES """)


@functools.lru_cache(maxsize=8192)
def canonical(expression: str) -> str:
    """Return an expression's canonical text. What holds none of the unstable forms is kept as the server wrote it."""
    if not _MARKS.search(expression):
        return expression
    return _spelled(_SELECT + expression).removeprefix(_SELECT)


@functools.lru_cache(maxsize=2048)
def canonical_statement(text: str, before: str = "") -> str:
    """Return the canonical text of a statement, or of what follows `before` in one: a view's query, a trigger, a routine's body."""
    text = _without_space(text.strip().removesuffix(";"))
    if not _MARKS.search(text):
        return text
    return _spelled(before + text).removeprefix(before)


def _without_space(text: str) -> str:
    """A list of rows is written with a space before it once its view was restored."""
    if "( VALUES " not in text:
        return text
    return _VALUES.sub(lambda found: "(VALUES " if found[0][0] == "(" else found[0], text)


def _spelled(text: str) -> str:
    from workers.databases.postgresql.expression_tree import spelled  # noqa: PLC0415 -- large, and many a schema has nothing for it

    return spelled(text)


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
