"""Folders that live as long as the process that claimed them, and the removal of those whose process died."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

_LIVE = "live"


@contextlib.contextmanager
def claimed_folder(area: Path) -> Iterator[Path]:
    """A new folder in the area, removed at the end. The kernel drops the claim when this process dies."""
    _passable(area / _LIVE)
    folder, claim = _claimed(area / _LIVE)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(claim)


def sweep(area: Path) -> int:
    """Removes every claimed folder of the area whose process is dead; says how many.

    A lock tells the living from the dead, not a process number: those mean nothing between containers that share a
    volume, and come again.
    """
    live = area / _LIVE
    return sum(map(_removed, live.iterdir())) if live.is_dir() else 0


def _claimed(parent: Path) -> tuple[Path, int]:
    while True:
        folder = parent / secrets.token_hex(4)
        _passable(folder)
        # A sweep may come between making and claiming: then another name is taken.
        with contextlib.suppress(FileNotFoundError, BlockingIOError):
            claim = _lock(folder)
            if folder.exists():
                return folder, claim
            os.close(claim)


def _passable(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    folder.chmod(0o711)  # whatever the umask says: the sandbox's user must pass, and only those who know a name do


def _removed(folder: Path) -> bool:
    with contextlib.suppress(FileNotFoundError, BlockingIOError):
        claim = _lock(folder)
        shutil.rmtree(folder, ignore_errors=True)
        os.close(claim)
        return True
    return False


def _lock(folder: Path) -> int:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(number)
        raise
    return number
