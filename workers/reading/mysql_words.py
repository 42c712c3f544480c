"""A MySQL or MariaDB statement as a row of words, names, texts and marks, and the few questions that are asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from workers.core.names import Engine
from workers.core.schema import Name
from workers.reading.lexer import TokenKind, tokens

_EXECUTABLE = ("/*!", "/*M!", "/*m!")


class Kind(Enum):
    """What a piece is. A word may be a keyword or a name: only its place tells."""

    WORD = auto()
    NAME = auto()
    TEXT = auto()
    MARK = auto()


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece: `value` is a word in capitals, a name or text without its quotes, or the mark itself; `said` is how it was written."""

    kind: Kind
    value: str
    said: str

    def word(self, *values: str) -> bool:
        """Whether it is one of these words, not quoted."""
        return self.kind is Kind.WORD and self.value in values

    def mark(self, value: str) -> bool:
        """Whether it is this mark."""
        return self.kind is Kind.MARK and self.value == value

    @property
    def name(self) -> str | None:
        """What it names, if it may name something."""
        return self.said if self.kind is Kind.WORD else self.value if self.kind is Kind.NAME else None


class UnreadableTextError(ValueError):
    """The text is not what a server of any setting reads in one way."""


class Words:
    """A reader that walks along the pieces; `at` is where it stands."""

    __slots__ = ("at", "pieces")

    def __init__(self, pieces: tuple[Piece, ...], at: int = 0) -> None:
        self.pieces = pieces
        self.at = at

    @property
    def now(self) -> Piece:
        """The piece that comes next; an empty mark at the end."""
        return self.pieces[self.at] if self.at < len(self.pieces) else _END

    def ahead(self, count: int) -> Piece:
        """A piece further on."""
        return self.pieces[self.at + count] if self.at + count < len(self.pieces) else _END

    def take(self, *values: str) -> bool:
        """Step over a row of words if they come next."""
        if all(self.ahead(number).word(value) for number, value in enumerate(values)):
            self.at += len(values)
            return True
        return False

    def take_any(self, *values: str) -> str:
        """Step over one of these words; returns which, "" for none."""
        if not self.now.word(*values):
            return ""
        self.at += 1
        return self.pieces[self.at - 1].value

    def relation(self) -> Name:
        """Step over a name of one or two parts; () where none comes."""
        first = self.now.name
        if first is None:
            return ()
        self.at += 1
        if self.now.mark(".") and self.ahead(1).name is not None:
            second = str(self.ahead(1).name)
            self.at += 2
            return first, second
        return (first,)

    def past_existence(self) -> None:
        """Step over IF EXISTS and IF NOT EXISTS."""
        if self.take("IF"):
            self.take("NOT")
            self.take("EXISTS")

    def rest(self) -> tuple[Piece, ...]:
        """What was not walked yet."""
        return self.pieces[self.at :]


def words(sql: str) -> Words:
    """Take a statement apart. Raises UnreadableTextError."""
    return Words(tuple(_pieces(sql)))


def clauses(pieces: tuple[Piece, ...]) -> Iterator[Words]:
    """The parts between commas, those within parentheses aside."""
    depth, start = 0, 0
    for index, piece in enumerate(pieces):
        depth += piece.mark("(") - piece.mark(")")
        if depth == 0 and piece.mark(","):
            yield Words(pieces[start:index])
            start = index + 1
    yield Words(pieces[start:])


def calls(pieces: tuple[Piece, ...]) -> tuple[Name, ...]:
    """What is written as a call: a name before an opening parenthesis. Some are keywords."""
    found: list[Name] = []
    for index, piece in enumerate(pieces[:-1]):
        if piece.name is not None and pieces[index + 1].mark("("):
            qualified = index > 1 and pieces[index - 1].mark(".") and pieces[index - 2].name is not None
            found.append((str(pieces[index - 2].name), piece.name) if qualified else (piece.name,))
    return tuple(dict.fromkeys(found))


def relations(pieces: tuple[Piece, ...]) -> tuple[Name, ...]:
    """Every relation that is named where one is read: after FROM and JOIN, and after the commas between them. Doubt counts as one."""
    reader = _Relations(Words(pieces))
    while reader.words.at < len(pieces):
        reader.step()
    return tuple(dict.fromkeys(name for name in reader.found if name[-1].upper() != "DUAL"))


@dataclass(slots=True)
class _Relations:
    """`lists` says for each open parenthesis whether its commas part relations; `expected`, whether one comes next."""

    words: Words
    found: list[Name] = field(default_factory=list)
    lists: list[bool] = field(default_factory=lambda: [False])
    expected: bool = False

    def step(self) -> None:
        piece = self.words.now
        if self.expected and piece.name is not None and not piece.word("LATERAL", "ONLY", *_QUERIES):
            self._relation()
            return
        self.words.at += 1
        if piece.mark("("):
            self.lists.append(self.expected)
        elif piece.mark(")"):
            self.lists = self.lists[:-1] or [False]
            self.expected = False
        elif piece.word("FROM", "JOIN", "STRAIGHT_JOIN", "USING"):
            columns = piece.word("USING") and self.words.now.mark("(")
            self.lists[-1], self.expected = True, not columns
        elif piece.word(*_END_OF_LIST, *_QUERIES):
            self.lists[-1] = self.expected = False
        elif piece.mark(","):
            self.expected = self.lists[-1]

    def _relation(self) -> None:
        name = self.words.relation()
        self.expected = False
        if not self.words.now.mark("("):  # JSON_TABLE(…) and its like
            self.found.append(name)


_QUERIES = ("SELECT", "VALUES", "WITH", "TABLE")
_END_OF_LIST = (
    "WHERE",
    "GROUP",
    "ORDER",
    "HAVING",
    "LIMIT",
    "WINDOW",
    "ON",
    "SET",
    "UNION",
    "INTERSECT",
    "EXCEPT",
    "FOR",
    "INTO",
)
_END = Piece(Kind.MARK, "", "")


def _pieces(sql: str) -> Iterator[Piece]:
    for token in tokens(sql, Engine.MARIADB):
        said = sql[token.start : token.end]
        if token.kind is TokenKind.SPACE:
            continue
        if token.kind is TokenKind.COMMENT:
            _check_comment(said)
        elif token.kind is TokenKind.QUOTED:
            yield _quoted(said)
        elif token.kind is TokenKind.WORD:
            yield Piece(Kind.WORD, said.upper(), said)
        else:
            yield Piece(Kind.MARK, said, said)


def _check_comment(said: str) -> None:
    if said.startswith(_EXECUTABLE):
        raise UnreadableTextError("it holds an executable comment, which servers read or pass over by their version")
    if said.startswith("/*") and (not said.endswith("*/") or len(said) < len("/**/")):
        raise UnreadableTextError("a comment is not closed")


def _quoted(said: str) -> Piece:
    mark = said[0]
    if len(said) < 2 or said[-1] != mark:
        raise UnreadableTextError("a quoted text is not closed")
    inside = said[1:-1].replace(mark * 2, mark)
    return Piece(Kind.NAME if mark == "`" else Kind.TEXT, inside, said)
