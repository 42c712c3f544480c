"""What the CREATE texts of indexes, views, triggers and virtual tables in a SQLite schema say that no pragma tells."""

from __future__ import annotations

import functools
import re
from collections.abc import Container
from dataclasses import dataclass

from workers.reading.sqlite import Kind, TextError, Token, closing, expression, joined, plain, tokens

# As nearly everybody writes it.
_INDEX_HEAD = re.compile(
    r"CREATE +(?:UNIQUE +)?INDEX +[A-Za-z_]\w* +ON +[A-Za-z_]\w* *(?=\()", re.IGNORECASE | re.ASCII
)


@dataclass(frozen=True, slots=True)
class Index:
    """What a CREATE INDEX text says: each indexed expression without its direction and collation, and the predicate."""

    expressions: tuple[str, ...]
    predicate: str


def read_index(text: str) -> Index:
    """Read a CREATE INDEX text. Raises TextError."""
    head = _INDEX_HEAD.match(text)
    if head is None:
        return Reading(text).index()
    return _read_indexed(text[head.end() :])


@functools.lru_cache(maxsize=8192)
def _read_indexed(text: str) -> Index:
    """What comes after the names of the index and its table, which is the same for many."""
    return Reading(text).indexed()


def read_view(text: str) -> tuple[tuple[str, ...], str]:
    """The columns that a CREATE VIEW text names, and its query. Raises TextError."""
    reading = Reading(text)
    reading.head("VIEW")
    columns = reading.names() if reading.sees("(") else ()
    reading.want("AS")
    return columns, reading.rest()


def read_trigger(text: str) -> str:
    """What a CREATE TRIGGER text says after the name, in one spelling. Raises TextError."""
    reading = Reading(text)
    reading.head("TRIGGER")
    found = reading.tokens[reading.at :]
    # FOR EACH ROW is the only kind there is, and may be left out.
    each = next((at for at, token in enumerate(found) if token.is_word("FOR", "WHEN", "BEGIN")), len(found))
    return joined(found[:each] + found[each + 3 :] if found[each : each + 1] and found[each].is_word("FOR") else found)


def read_module(text: str) -> tuple[str, str]:
    """The module of a CREATE VIRTUAL TABLE text, and its arguments as written: each module reads them its own way.

    Raises TextError.
    """
    reading = Reading(text)
    reading.want("CREATE")
    reading.want("VIRTUAL")
    reading.head("TABLE", created=True)
    reading.want("USING")
    module = reading.name()
    return module, text[reading.tokens[reading.at].start :] if reading.now() else ""


class Reading:
    """A position in the tokens of one text."""

    def __init__(self, text: str) -> None:
        self.tokens = tokens(text)
        self.at = 0

    @classmethod
    def of(cls, found: list[Token]) -> Reading:
        reading = cls("")
        reading.tokens = found
        return reading

    def index(self) -> Index:
        self.skip("CREATE")
        self.skip("UNIQUE")
        self.head("INDEX", created=True)
        self.want("ON")
        self.name()
        return self.indexed()

    def indexed(self) -> Index:
        """The columns in brackets, and the predicate."""
        expressions = tuple(_indexed(part) for part in self.parts())
        predicate = expression(self.tokens[self.at :]) if self.skip("WHERE") else ""
        return Index(expressions, predicate)

    def head(self, kind: str, *, created: bool = False) -> None:
        """CREATE [TEMP] kind [IF NOT EXISTS] [schema.]name."""
        if not created:
            self.want("CREATE")
            self.skip("TEMP", "TEMPORARY")
        self.want(kind)
        if self.skip("IF"):
            self.want("NOT")
            self.want("EXISTS")
        self.name()
        if self.skip("."):
            self.name()

    def rest(self) -> str:
        return joined(self.tokens[self.at :])

    def sees(self, *texts: str) -> bool:
        return self.sees_any(texts)

    def sees_any(self, texts: Container[str]) -> bool:
        if self.at >= len(self.tokens):
            return False
        token = self.tokens[self.at]
        return token.text in texts and (token.kind is Kind.WORD or token.kind is Kind.SIGN)

    def skip(self, *texts: str) -> bool:
        found = self.sees_any(texts)
        self.at += found
        return found

    def want(self, text: str) -> None:
        if not self.skip(text):
            now = self.now()
            raise TextError(f"{text} expected, {now.text if now else 'the end'} found")

    def name(self) -> str:
        """A name; SQLite takes strings and most keywords for one, too."""
        token = self.now()
        if token is None or token.kind not in {Kind.WORD, Kind.NAME, Kind.STRING}:
            raise TextError("a name is expected")
        self.at += 1
        return token.value

    def names(self) -> tuple[str, ...]:
        return tuple(part[0].value for part in self.parts())

    def bracketed(self) -> list[Token]:
        """What is between a bracket here and the one that closes it."""
        if not self.sees("("):
            raise TextError("a bracket is expected")
        start, self.at = self.at + 1, closing(self.tokens, self.at) + 1
        return self.tokens[start : self.at - 1]

    def parts(self) -> list[list[Token]]:
        """What commas part between a bracket here and the one that closes it."""
        return parted(self.bracketed())

    def now(self) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def next(self) -> Token:
        token = self.now()
        if token is None:
            raise TextError("the text ends too early")
        self.at += 1
        return token


def parted(found: list[Token]) -> list[list[Token]]:
    """What commas part, outside brackets. Raises TextError where there is nothing between two."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in found:
        sign = token.text if token.kind is Kind.SIGN else ""
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            parts.append([])
        else:
            parts[-1].append(token)
    if not all(parts):
        raise TextError("an empty place in a list")
    return parts


def _indexed(part: list[Token]) -> str:
    if part[-1].is_word("ASC", "DESC"):
        part = part[:-1]
    if len(part) > 2 and part[-2].is_word("COLLATE"):
        part = part[:-2]
    return plain(part[0].value) if len(part) == 1 and part[0].kind is not Kind.NUMBER else expression(part)
