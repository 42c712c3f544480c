"""Extensions that a target's operator made by hand: a history that uses them without making them is replayed where they are there."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, TypeVar

from workers.ports import Dump

_LACKS = re.compile(r"does not exist|permission denied to create extension")
_THERE = re.compile(r'extension "([^"]+)" already exists')


class Told(Protocol):
    """What a run gave, with why it failed."""

    @property
    def error(self) -> str:
        """Empty where it did not."""
        ...


R = TypeVar("R", bound=Told)


def with_extensions(like: Dump, run: Callable[[Dump], R]) -> tuple[R, Dump]:
    """Run on a database that begins empty; where that fails for want of something, on one with the target's extensions.

    Those that the history makes itself are left to it. The second value says what the database was like in the end.
    """
    result = run(like)
    given = like.extensions if _LACKS.search(result.error) else ()
    while given:
        like = replace(like, given=given)
        result = run(like)
        there = _THERE.search(result.error)
        left = tuple(item for item in given if there is None or item[0] != there[1])
        if left == given:
            break
        given = left
    return result, like
