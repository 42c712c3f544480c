"""How a command line falls into words: blanks part them, quotes of any typewriter keep them together."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_DOUBLE = '"\u201c\u201d\u201e\u201f'
_SINGLE = "'\u2018\u2019\u201a\u201b"
_LONG_DASHES = "\u2013\u2014\u2015\u2212"


class WordError(ValueError):
    """The line cannot be taken apart; the message says how to write it."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a line; a quoted one may hold blanks and is never an option."""

    text: str
    quoted: bool = False

    @property
    def is_option(self) -> bool:
        """Whether it begins as an option does."""
        return not self.quoted and self.text.startswith("--")


def split_words(text: str) -> tuple[Word, ...]:
    """Return the words of a line. Raises WordError for a quote left open, text that touches a quote, or a long dash in front."""
    words: list[Word] = []
    rest = text.lstrip(" \t")
    while rest:
        word, rest = _quoted(rest) if rest[0] in _DOUBLE + _SINGLE else _bare(rest)
        words.append(word)
        rest = rest.lstrip(" \t")
    return tuple(words)


def strange_characters(text: str) -> tuple[str, ...]:
    """Name the characters that a reader cannot see or that reorder what is seen, as U+XXXX, once each."""
    found = dict.fromkeys(item for item in text if _is_strange(item))
    return tuple(f"U+{ord(item):04X}" for item in found)


def visible(text: str) -> str:
    """Return the text without its strange characters."""
    return "".join(item for item in text if not _is_strange(item)).strip()


def _is_strange(item: str) -> bool:
    """Control, format (bidirectional, zero-width), surrogate, private, unassigned; odd blanks; marks that only vary a glyph."""
    if item in " \t":
        return False
    category = unicodedata.category(item)
    return category[0] in "CZ" or item == "\u034f" or "\ufe00" <= item <= "\ufe0f" or item in "\u115f\u1160\u3164\uffa0"


def _quoted(text: str) -> tuple[Word, str]:
    ends = _DOUBLE if text[0] in _DOUBLE else _SINGLE
    end = next((place for place, item in enumerate(text[1:], start=1) if item in ends), None)
    if end is None:
        raise WordError("a quotation mark is not closed")
    rest = text[end + 1 :]
    if rest and rest[0] not in " \t":
        raise WordError("leave a blank after the closing quotation mark")
    return Word(text[1:end].strip(), quoted=True), rest


def _bare(text: str) -> tuple[Word, str]:
    end = next((place for place, item in enumerate(text) if item in " \t"), len(text))
    if text[0] in _LONG_DASHES:
        raise WordError("an option begins with two hyphens (`--`), not with a dash")
    return Word(text[:end]), text[end:]
