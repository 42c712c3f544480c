"""Whether SQLite follows foreign keys while a script runs, by the tokens of its commands.

Prisma's SQLite follows them until a script switches that off, and then again; our transactions do so or not as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

from workers.reading.sqlite import TextError, Token, tokens
from workers.sources.prisma.history import Script

_ACTS = (
    ("DELETE", "FROM"),
    ("REPLACE", "INTO"),
    ("INSERT", "OR", "REPLACE", "INTO"),
    ("DROP", "TABLE", "IF", "EXISTS"),
    ("DROP", "TABLE"),
    ("UPDATE",),
)
_ROWS = ("DELETE", "UPDATE", "REPLACE")
_OFF = frozenset({"off", "false", "no", "0"})


class Followed(Enum):
    """Of the commands of a script to which foreign keys matter while they run: whether these are followed."""

    NOTHING = "nothing is followed, or nothing refers to anything"
    ALL = "all"
    SOME = "some"


def referenced(scripts: Iterable[Script]) -> frozenset[str]:
    """The tables that these scripts say something refers to, in lower case."""
    found: set[str] = set()
    for words in (_tokens(script.sql or "") for script in scripts):
        for at, token in enumerate(words):
            if token.is_word("REFERENCES"):
                found.add(_name(words, at + 1))
            elif token.is_word("RENAME") and _name_before(words, at) in found:
                found.add(_name(words, at + 2))  # of a column it is no table's name, and then as good as nothing
    return frozenset(found - {""})


def followed(commands: Iterable[str], tables: frozenset[str]) -> Followed:
    """What holds for a script of these commands. Rows that are only inserted are looked at before COMMIT, followed or not."""
    on, off, met = True, False, False
    for words in map(_tokens, commands):
        switched = _switched(words)
        if switched is not None:
            on, off = switched, off or not switched
        elif on and _acts(words, tables):
            met = True
    return Followed.SOME if met and off else Followed.ALL if met else Followed.NOTHING


def _acts(words: Sequence[Token], tables: frozenset[str]) -> bool:
    """Whether a command changes or removes what rows elsewhere may refer to."""
    if words and words[0].is_word("WITH"):
        return any(token.is_word(*_ROWS) for token in words)
    for head in _ACTS:
        if len(words) > len(head) and all(token.is_word(word) for token, word in zip(words, head, strict=False)):
            # UPDATE OR FAIL orders: two words between it and its table
            at = len(head) + 2 * (head == ("UPDATE",) and words[1].is_word("OR"))
            return _name(words, at) in tables
    return False


def _switched(words: Sequence[Token]) -> bool | None:
    """What a command sets `foreign_keys` to; None where it does no such thing."""
    if not words or not words[0].is_word("PRAGMA"):
        return None
    rest = words[3:] if len(words) > 2 and words[2].text == "." else words[1:]
    if len(rest) < 3 or rest[0].value.lower() != "foreign_keys":
        return None
    return rest[2].value.strip("'").lower() not in _OFF


def _name(words: Sequence[Token], at: int) -> str:
    """The table that is named from `at` on, without its schema, in lower case; empty where the text ends before."""
    last = at + 2 if len(words) > at + 2 and words[at + 1].text == "." else at
    return words[last].value.lower() if len(words) > last else ""


def _name_before(words: Sequence[Token], at: int) -> str:
    return words[at - 1].value.lower() if at else ""


def _tokens(text: str) -> list[Token]:
    """What SQLite's tokenizer would not take runs nowhere."""
    try:
        return tokens(text)
    except TextError:
        return []
