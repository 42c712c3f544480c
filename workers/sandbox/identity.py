"""Which user sandboxed processes are on this machine, and what that user can reach."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

UNPRIVILEGED = 65533
"""A number above what distributions and systemd give out and below `nobody`, so no other service shares it."""

NOBODY = 65534


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
        return self.passes(real.parent) and self._may(real, stat.S_IROTH)

    def passes(self, folder: Path) -> bool:
        """Whether this user can pass through `folder` to what it knows by name there."""
        if not self.dropped:
            return os.access(folder, os.X_OK)
        real = folder.resolve()
        return all(self._may(each, stat.S_IXOTH) for each in (real, *real.parents))

    def _may(self, path: Path, bit: int) -> bool:
        found = path.stat()
        if found.st_uid == self.uid:
            return bool(found.st_mode & (bit << 6))
        if found.st_gid == self.gid:
            return bool(found.st_mode & (bit << 3))
        return bool(found.st_mode & bit)


def identity(effective_uid: int, effective_gid: int) -> Identity:
    """Who runs what a worker with these numbers starts in a sandbox: itself, or for root an unprivileged number."""
    return _changed(effective_uid, effective_gid, UNPRIVILEGED)


def named_identity(effective_uid: int, effective_gid: int) -> Identity:
    """The same for a worker without a sandbox: there nothing but the machine knows a user's name, and initdb asks for it.

    Other services may be `nobody`, too. Without a sandbox everything that is served is trusted anyway.
    """
    return _changed(effective_uid, effective_gid, NOBODY)


def _changed(uid: int, gid: int, number: int) -> Identity:
    return Identity(number, number, dropped=True) if uid == 0 else Identity(uid, gid, dropped=False)
