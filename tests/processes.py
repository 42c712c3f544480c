"""Which processes this run of the tests started and has not ended."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    pid: int
    parent: int
    command: str


def left_behind(folders: Iterable[Path]) -> tuple[Process, ...]:
    """Living descendants of this process, and orphans that speak of one of the run's `folders`."""
    everybody = tuple(process for process in map(_read, _pids()) if process)
    ours = {os.getpid()}
    while found := {p.pid for p in everybody if p.parent in ours} - ours:
        ours |= found
    places = tuple(str(folder).encode() for folder in folders)
    ours |= {p.pid for p in everybody if any(place in _traces(p.pid) for place in places)}
    return tuple(process for process in everybody if process.pid in ours - {os.getpid()})


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _read(pid: int) -> Process | None:
    """Nothing for a process that ended while we looked, or that ended and was not waited for."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return None
    state, parent = stat.rpartition(")")[2].split()[:2]
    if state == "Z":
        return None
    return Process(pid, int(parent), command.replace(b"\0", b" ").decode(errors="replace").strip())


def _traces(pid: int) -> bytes:
    """Arguments, environment and working folder: where an orphan still says where it comes from."""
    place = Path(f"/proc/{pid}")
    try:
        words = (place / "cmdline").read_bytes() + (place / "environ").read_bytes()
        return words + bytes((place / "cwd").readlink())
    except OSError:
        return b""
