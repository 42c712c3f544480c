"""Where a SQLite file is, whose it is, and what its first bytes say; it is never opened as a database here."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import unquote

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.sandbox.identity import Identity

_MAGIC = b"SQLite format 3\0"
_HEADER = 100


class Mode(StrEnum):
    """How a file is opened."""

    READ = "ro"
    WRITE = "rw"
    CREATE = "rwc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A file by its real path. `wal`: its header says write-ahead log."""

    path: Path
    owner: int
    group: int
    permissions: int
    size: int
    wal: bool

    @property
    def folder(self) -> Path:
        return self.path.parent

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def identity(self) -> str:
        """Names the file without telling its path, and goes on when the file is restored from a backup."""
        return "file:" + hashlib.sha256(os.fsencode(self.path)).hexdigest()[:32]

    def user(self, ours: Identity) -> Identity:
        """Who opens the file: ourselves, or for root the file's owner. Raises ExpectedError for a file of root's."""
        if not ours.dropped:
            return ours
        if self.owner == 0:
            raise ExpectedError(
                f"{self.name} belongs to root, and no process of ours opens a file as root.",
                "Give the file and its folder to the application's user (chown), or run the worker as that user.",
                RefusalCode.TARGET_UNREACHABLE,
            )
        return Identity(self.owner, self.group or ours.gid, dropped=True)


def path_of(url: str) -> Path:
    """The path of `sqlite:///relative`, `sqlite:////absolute` or with a driver's name. Raises ExpectedError."""
    scheme, separator, rest = url.partition("://")
    text = unquote(rest.partition("?")[0])
    if scheme.partition("+")[0] != "sqlite" or not separator or not text.startswith("/") or text in {"/", "/:memory:"}:
        raise ExpectedError(
            "This URL names no SQLite file.",
            "Write it as sqlite:///folder/file.db, or sqlite:////folder/file.db for a path from the root.",
            RefusalCode.CONFIG_INVALID,
        )
    return Path(text[1:])


def find(path: Path) -> Place:
    """Look at a file without opening it as a database. Raises ExpectedError(target_unreachable) with what to do."""
    real = path.resolve()
    try:
        number = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise _unreachable(path, error) from error
    try:
        found = os.fstat(number)
        header = os.read(number, _HEADER) if stat.S_ISREG(found.st_mode) else b"no file"
    finally:
        os.close(number)
    # A file without a byte is an empty database: SQLite writes the header with the first table.
    if header and not header.startswith(_MAGIC):
        raise ExpectedError(
            f"{path.name} is not a SQLite database.",
            "Correct the URL: the first bytes of a SQLite file say so, and these do not (is it encrypted?).",
            RefusalCode.TARGET_UNREACHABLE,
        )
    return Place(
        path=real,
        owner=found.st_uid,
        group=found.st_gid,
        permissions=stat.S_IMODE(found.st_mode),
        size=found.st_size,
        wal=header[18:20] == b"\x02\x02",
    )


def new(folder: Path, name: str, identity: Identity) -> Place:
    """A file of ours that is not there yet. Strangers may make it a WAL database, so it is opened as one."""
    return Place(path=folder / name, owner=identity.uid, group=identity.gid, permissions=0o600, size=0, wal=True)


def writable(place: Place, user: Identity) -> bool:
    """Whether a user can write a file and make a journal beside it."""
    if not user.dropped:
        return os.access(place.path, os.W_OK) and os.access(place.folder, os.W_OK)
    folder = place.folder.stat()
    beside = _may_write(folder.st_mode, user, folder.st_uid, folder.st_gid)
    return beside and _may_write(place.permissions, user, place.owner, place.group)


def _may_write(mode: int, user: Identity, owner: int, group: int) -> bool:
    bit = stat.S_IWUSR if owner == user.uid else stat.S_IWGRP if group == user.gid else stat.S_IWOTH
    return bool(mode & bit)


def _unreachable(path: Path, error: OSError) -> ExpectedError:
    reason = {
        FileNotFoundError: ("There is no file", "Correct the URL, or create the database with the application first."),
        PermissionError: ("The worker may not open", "Let the worker's user read the file and pass its folders."),
    }.get(type(error), (f"{error.strerror or 'Something'} in place of", "Correct the URL."))
    return ExpectedError(f"{reason[0]} {path.name}.", reason[1], RefusalCode.TARGET_UNREACHABLE)
