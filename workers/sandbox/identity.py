"""Which user sandboxed processes are on this machine, and what that user can reach."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

UNPRIVILEGED = 65533
"""Nobody's number: above what distributions and systemd give out, below `nobody`, so no other service shares it."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a sandboxed process is for the machine. `dropped`: the worker is root and changes to this user."""

    uid: int
    gid: int
    dropped: bool

    def __post_init__(self) -> None:
        if self.uid == 0 or self.gid == 0:
            raise ValueError("a sandbox never runs as root")

    def owns(self, path: Path) -> None:
        """Gives a file or a whole folder to this user. Without root everything is its own already."""
        if not self.dropped:
            return
        for folder, names, files in os.walk(path):
            for name in (*names, *files):
                os.lchown(Path(folder, name), self.uid, self.gid)
        os.lchown(path, self.uid, self.gid)

    def reaches(self, path: Path) -> bool:
        """Whether this user can open `path`: every folder above it can be passed, and it can be read itself."""
        if not self.dropped:
            return os.access(path, os.R_OK)
        real = path.resolve()
        above = all(self._may(parent, stat.S_IXOTH) for parent in real.parents)
        return above and self._may(real, stat.S_IROTH)

    def _may(self, path: Path, bit: int) -> bool:
        found = path.stat()
        if found.st_uid == self.uid:
            return bool(found.st_mode & (bit << 6))
        if found.st_gid == self.gid:
            return bool(found.st_mode & (bit << 3))
        return bool(found.st_mode & bit)


def identity(effective_uid: int, effective_gid: int) -> Identity:
    """Who runs what a worker with these numbers starts in a sandbox: itself, or for root an unprivileged number."""
    if effective_uid == 0:
        return Identity(UNPRIVILEGED, UNPRIVILEGED, dropped=True)
    return Identity(effective_uid, effective_gid, dropped=False)
