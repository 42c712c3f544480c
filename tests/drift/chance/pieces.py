"""What a schema by chance is made of, engine aside: pieces that need each other, and the orders in which they can come to be."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

HOSTILE = (
    *[""] * 6,
    " two words",
    ' "quoted"',
    "`ticked`",
    "[framed]",
    ".dotted.name",
    "'s",
    "; --",
    " /* ",
    " %s {0} :x ?",
    "\\n",
    "\\\\",
    " é漢字",
    "$$",
    "$1",
    "UPPER",
    "\n\\connect",
    "\ttab",
    "@x",
    "#",
)
TAME = ("", " two words", "UPPER", "é", "s's", ' "quoted"')
COMMENTS = (
    "plain",
    "it's",
    "-- no */ end /* ; $$ \\",
    'two\nlines; and "quotes" `here`',
    "\\connect x\n\\! true",
    "é 漢字 \t end ",
    "%s {0} :name ?",
    "'",
    "DELIMITER ;;",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Something of a schema: the statements that make it and take it away, and (there, back) statements that change it and undo that.

    `detour` makes the same in a roundabout way, each of `variants` something else under the same name; `needs` names other pieces.
    """

    name: str
    made: tuple[str, ...]
    gone: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    changes: tuple[tuple[str, str], ...] = ()
    detour: tuple[str, ...] = ()
    variants: tuple[tuple[str, ...], ...] = ()


class Draw:
    """Chance by a seed: names that nothing else has, texts and choices. `tame`: no more than what other people's programs bear."""

    def __init__(self, seed: int, *, longest: int = 60, tame: bool = False) -> None:
        self.random = random.Random(seed)  # noqa: S311 -- schemas, not secrets
        self._count = 0
        self._longest = longest
        self.tame = tame

    def name(self, prefix: str) -> str:
        """A new name; now and then one that nobody likes to quote."""
        self._count += 1
        return f"{prefix}{self._count}{self.one(*(TAME if self.tame else HOSTILE))}"[: self._longest].rstrip(" ")

    def one(self, *choices: str) -> str:
        return self.random.choice(choices)

    def some(self, choices: Iterable[str], least: int = 1) -> list[str]:
        """Several of them, in an order by chance."""
        listed = list(choices)
        return self.random.sample(listed, self.random.randint(min(least, len(listed)), len(listed)))

    def maybe(self, text: str, odds: float = 0.5) -> str:
        return text if self.random.random() < odds else ""

    def yes(self, odds: float = 0.5) -> bool:
        return self.random.random() < odds

    def number(self, low: int, high: int) -> int:
        return self.random.randint(low, high)

    def comment(self) -> str:
        # mariadb-dump never ends where a text holds the mark by which it parts statements.
        return self.one(*(text for text in COMMENTS if not self.tame or ";;" not in text))


def made(pieces: Iterable[Piece]) -> tuple[str, ...]:
    """The statements that make pieces, in the order in which they stand."""
    return tuple(statement for piece in pieces for statement in piece.made)


def roundabout(pieces: Iterable[Piece], draw: Draw) -> tuple[str, ...]:
    """The statements that make the same in another order, with columns and objects that come and go on the way."""
    found: list[str] = []
    for piece in shuffled(pieces, draw):
        found += piece.detour or piece.made
        if piece.gone and draw.yes(0.2):
            found += (*piece.gone, *piece.made)
    return tuple(found)


def shuffled(pieces: Iterable[Piece], draw: Draw) -> list[Piece]:
    """Another order in which each finds what it needs."""
    waiting = list(pieces)
    draw.random.shuffle(waiting)
    found: list[Piece] = []
    there: set[str] = set()
    while waiting:
        ready = next(piece for piece in waiting if there.issuperset(piece.needs))
        waiting.remove(ready)
        found.append(ready)
        there.add(ready.name)
    return found


def leaves(pieces: Iterable[Piece]) -> list[Piece]:
    """Those that nothing needs."""
    listed = list(pieces)
    needed = {name for piece in listed for name in piece.needs}
    return [piece for piece in listed if piece.name not in needed]


def ways(pieces: Iterable[Piece]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Every further change that can be undone: what leads there, and what leads back."""
    listed = list(pieces)
    changed = [((there,), (back,)) for piece in listed for there, back in piece.changes]
    return [*changed, *((piece.gone, piece.made) for piece in leaves(listed) if piece.gone)]
