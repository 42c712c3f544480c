"""Folders that live as long as the process that claimed them, and the removal of those whose process died."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def claimed_folder(parent: Path) -> Iterator[Path]:
    """A new folder below `parent`, removed at the end. The kernel drops the claim when this process dies."""
    parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    folder, claim = _claimed(parent)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(claim)


def sweep(parent: Path) -> int:
    """Removes every folder below `parent` that no living process claims; says how many.

    A lock tells the living from the dead, not a process number: those mean nothing between containers that share a
    volume, and come again.
    """
    if not parent.is_dir():
        return 0
    return sum(_removed(folder) for folder in parent.iterdir() if folder.is_dir() and not folder.is_symlink())


def _claimed(parent: Path) -> tuple[Path, int]:
    while True:
        folder = parent / secrets.token_hex(4)
        folder.mkdir(mode=0o711)
        # A sweep may come between making and claiming: then another name is taken.
        with contextlib.suppress(FileNotFoundError, BlockingIOError):
            claim = _lock(folder)
            if folder.exists():
                return folder, claim
            os.close(claim)


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
