"""SQLite's own tokens, and a text made of them in which white space, comments and quoting style are nothing."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from enum import Enum, auto
from typing import NamedTuple

# https://www.sqlite.org/lang_keywords.html; true and false are literals unless quoted.
KEYWORDS = frozenset(
    """ABORT ACTION ADD AFTER ALL ALTER ALWAYS ANALYZE AND AS ASC ATTACH AUTOINCREMENT BEFORE BEGIN BETWEEN BY
    CASCADE CASE CAST CHECK COLLATE COLUMN COMMIT CONFLICT CONSTRAINT CREATE CROSS CURRENT CURRENT_DATE
    CURRENT_TIME CURRENT_TIMESTAMP DATABASE DEFAULT DEFERRABLE DEFERRED DELETE DESC DETACH DISTINCT DO DROP EACH
    ELSE END ESCAPE EXCEPT EXCLUDE EXCLUSIVE EXISTS EXPLAIN FAIL FALSE FILTER FIRST FOLLOWING FOR FOREIGN FROM
    FULL GENERATED GLOB GROUP GROUPS HAVING IF IGNORE IMMEDIATE IN INDEX INDEXED INITIALLY INNER INSERT INSTEAD
    INTERSECT INTO IS ISNULL JOIN KEY LAST LEFT LIKE LIMIT MATCH MATERIALIZED NATURAL NO NOT NOTHING NOTNULL NULL
    NULLS OF OFFSET ON OR ORDER OTHERS OUTER OVER PARTITION PLAN PRAGMA PRECEDING PRIMARY QUERY RAISE RANGE
    RECURSIVE REFERENCES REGEXP REINDEX RELEASE RENAME REPLACE RESTRICT RETURNING RIGHT ROLLBACK ROW ROWS
    SAVEPOINT SELECT SET TABLE TEMP TEMPORARY THEN TIES TO TRANSACTION TRIGGER TRUE UNBOUNDED UNION UNIQUE UPDATE
    USING VACUUM VALUES VIEW VIRTUAL WHEN WHERE WINDOW WITH WITHOUT""".split()  # noqa: SIM905 - a list of 150 literals is no better to read
)

FOLLOW = "/* from the start of this transaction */ PRAGMA foreign_keys=ON"
"""The one text by which a plan switches foreign keys on for a transaction; SQLite itself would pass it over there."""


class Kind(Enum):
    """What a token is."""

    WORD = auto()
    NAME = auto()
    STRING = auto()
    BLOB = auto()
    NUMBER = auto()
    PARAMETER = auto()
    SIGN = auto()


class Token(NamedTuple):
    """A token: its canonical text, its value (of a quoted name what is inside), and where it stands."""

    kind: Kind
    text: str
    value: str
    start: int
    end: int

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these keywords, unquoted."""
        return self.kind is Kind.WORD and self.text in words


class TextError(ValueError):
    """A text that SQLite's tokenizer would not take, or that is not what it should be."""


# Letters are A to Z, _ and everything beyond ASCII; to name what is no letter compiles in a fraction of the time.
_LETTER, _INSIDE = r"[^\x00-@\[-^`{-\x7f]", r"[^\x00-#%-/:-@\[-^`{-\x7f]"
_PLAIN = re.compile(_LETTER + _INSIDE + "*")
_TOKEN = re.compile(
    rf"""[ \t\n\f\r]*(?:(?P<nothing>--[^\n]*|/\*(?:.*?\*/|.*\Z)|\Z)
    |(?P<blob>[xX]'[0-9A-Fa-f]*')
    |(?P<word>{_LETTER}{_INSIDE}*)
    |(?P<string>'(?:[^']|'')*')
    |(?P<name>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])
    |(?P<number>0[xX][0-9A-Fa-f_]+|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?)
    |(?P<parameter>\?[0-9]*|[:@$\#]{_INSIDE}+)
    |(?P<sign>->>|->|\|\||<<|>>|<=|>=|==|!=|<>|[-+*/%&|~<>=(),;.]))""",
    re.VERBOSE | re.DOTALL,
)


def tokens(text: str) -> list[Token]:
    """Every token of a text, comments and white space left out. Raises TextError."""
    found: list[Token] = []
    position = 0
    for match in _TOKEN.finditer(text):
        if match.start() != position:
            break
        position = match.end()
        group = match.lastgroup or ""
        if group != "nothing":
            found.append(_token(group, match[group], match.start(group), position))
    if position < len(text):
        raise TextError(f"SQLite has no token that begins with {text[position : position + 20]!r}")
    return found


def canonical(text: str) -> str:
    """The text with one spelling of white space, keywords and quotes. Raises TextError."""
    return joined(tokens(text))


def joined(found: Iterable[Token]) -> str:
    """Tokens as one text: equal for equal tokens only."""
    parts: list[str] = []
    before: Token | None = None
    for token in found:
        if before is not None and _spaced(before, token):
            parts.append(" ")
        parts.append(token.text)
        before = token
    return "".join(parts)


def expression(found: Sequence[Token]) -> str:
    """An expression without the brackets around the whole of it."""
    while len(found) > 1 and found[0].text == "(" and closing(found, 0) == len(found) - 1:
        found = found[1:-1]
    return joined(found)


def closing(found: Sequence[Token], opening: int) -> int:
    """The index of the bracket that closes the one at `opening`. Raises TextError."""
    depth = 0
    for index in range(opening, len(found)):
        sign = found[index].text if found[index].kind is Kind.SIGN else ""
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return index
    raise TextError("a bracket is not closed")


def quoted(name: str) -> str:
    """A name as an identifier in SQL."""
    return '"' + name.replace('"', '""') + '"'


@functools.lru_cache(maxsize=8192)
def plain(name: str) -> str:
    """A name as people write it: quoted only where it must be."""
    return name if _PLAIN.fullmatch(name) and name.upper() not in KEYWORDS else quoted(name)


def _token(group: str, text: str, start: int, end: int) -> Token:
    if group == "word":
        upper = text.upper()
        return Token(Kind.WORD, upper if upper in KEYWORDS else text, text, start, end)
    if group == "name":
        value = text[1:-1] if text[0] == "[" else text[1:-1].replace(text[0] * 2, text[0])
        return Token(Kind.NAME, plain(value), value, start, end)
    if group == "string":
        return Token(Kind.STRING, text, text[1:-1].replace("''", "'"), start, end)
    if group in {"blob", "number"}:
        return Token(Kind.BLOB if group == "blob" else Kind.NUMBER, text.upper(), text, start, end)
    return Token(Kind.PARAMETER if group == "parameter" else Kind.SIGN, text, text, start, end)


def _spaced(before: Token, token: Token) -> bool:
    if Kind.NUMBER in {before.kind, token.kind} and "." in {before.text, token.text}:
        return True  # else they would be another number
    if token.kind is Kind.SIGN and token.text in {",", ")", ".", ";"}:
        return False
    if before.kind is Kind.SIGN and before.text in {"(", "."}:
        return False
    called = token.text == "(" and before.kind in {Kind.WORD, Kind.NAME} and before.text not in KEYWORDS
    return not called
