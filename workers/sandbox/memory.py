"""How much memory a process and all its descendants hold together; limits of the system are for each process alone."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
EVERY_SECONDS = 0.25


def held_bytes(first: int) -> int:
    """Sum the resident memory of a tree of processes. What several share counts for each of them; what has just ended counts nothing."""
    return sum(map(_resident, _tree(first)))


def _tree(first: int) -> Iterator[int]:
    waiting = [first]
    while waiting:
        number = waiting.pop()
        yield number
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{number}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())


def _resident(number: int) -> int:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{number}/statm").read_text().split()[1]) * _PAGE
    return 0
