"""What we ask of Linux about processes: to end with a parent, to inherit orphans, and to show no secret of how we were started."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Set as AbstractSet
from pathlib import Path

_SET_PARENT_DEATH_SIGNAL = 1  # numbers of prctl(2)
_SET_CHILD_SUBREAPER = 36
_ENVIRONMENT_START = 47  # places after the command's name in /proc/PID/stat, see proc(5)
_ENVIRONMENT_END = 48


def end_with(parent: int, number: signal.Signals) -> None:
    """Get this signal when the process that forked us ends, also when it is killed; ends at once where it has already."""
    _control(_SET_PARENT_DEATH_SIGNAL, number)
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of every descendant that loses its own, so that none can outlive us unseen."""
    _control(_SET_CHILD_SUBREAPER, 1)


def children() -> tuple[int, ...]:
    """The processes whose parent we are, adopted ones too."""
    found = ((int(entry.name), _parent(entry)) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return tuple(pid for pid, parent in found if parent == os.getpid())


def strike_out(names: AbstractSet[str]) -> None:
    """Overwrite the values of these variables where /proc/PID/environ shows them: it is memory that every fork inherits.

    They must be out of `os.environ` already; nothing points to that memory then.
    """
    start, end = _environment()
    place = start
    for entry in ctypes.string_at(start, end - start).split(b"\0"):
        name, equals, value = entry.partition(b"=")
        if os.fsdecode(name) in names:
            ctypes.memset(place + len(name) + len(equals), ord("*"), len(value))
        place += len(entry) + 1


def _environment() -> tuple[int, int]:
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        return int(fields[_ENVIRONMENT_START]), int(fields[_ENVIRONMENT_END])
    except (OSError, IndexError):
        return 0, 0


def _parent(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def _control(what: int, value: int) -> None:
    ctypes.CDLL(None).prctl(what, value, 0, 0, 0)
