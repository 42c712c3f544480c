"""The order in which Prisma runs migrations: that of JavaScript's `localeCompare`, here for printable ASCII names.

Other names are ordered by the engine's own runtime. The weights are those of Unicode's root collation
(https://www.unicode.org/reports/tr10/): punctuation, then digits, then letters whose case counts only between names that are alike otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable

_SIGNS = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"
_WEIGHTS = {sign: number for number, sign in enumerate(_SIGNS + "0123456789abcdefghijklmnopqrstuvwxyz")}


def is_plain(name: str) -> bool:
    """Whether every character of a name is printable ASCII."""
    return name.isascii() and name.isprintable()


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Put plain names into Prisma's order."""
    return tuple(sorted(names, key=_weight))


def _weight(name: str) -> tuple[tuple[int, ...], tuple[bool, ...]]:
    """The letters first, then their case: lower before upper at the first place where two names differ in nothing else."""
    return tuple(_WEIGHTS[letter] for letter in name.lower()), tuple(letter.isupper() for letter in name)
