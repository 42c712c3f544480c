"""A git tree read from the object database: regular files of a permitted size and name, never a path of a work tree."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.github.git import Git, Limits
from workers.ports import TreeEntry

_MIB = 1024 * 1024
_REGULAR = {"100644", "100755"}
_KINDS = {"120000": "a symbolic link", "160000": "a submodule"}
_STRANGE = frozenset(
    {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
)  # controls, invisible and bidirectional marks, and what has no meaning


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeLimits:
    """What is read of a tree: the longest file, the most names listed, and what an export may hold."""

    file: int = _MIB
    names: int = 200_000
    exported_files: int = 20_000
    exported_bytes: int = 64 * _MIB


class GitTree:
    """The tree of a commit, or one that a merge computed (then `commit` is empty)."""

    def __init__(self, git: Git, oid: str, commit: str = "", limits: TreeLimits | None = None) -> None:
        self.git, self.oid, self.commit = git, oid, commit
        self.limits = limits or TreeLimits()
        self._blobs: dict[str, bytes] = {}
        self._kept: dict[str, bytes] = {}

    def entries(self, under: str = "") -> tuple[TreeEntry, ...]:
        """List the regular files below a folder, sorted by path."""
        return tuple(entry for entry in self._listed[0] if _below(entry.path, under))

    def oddities(self, under: str = "") -> tuple[tuple[str, str], ...]:
        """List (path, what it is) of everything else."""
        return tuple(item for item in self._listed[1] if _below(item[0], under))

    def read(self, path: str) -> bytes | None:
        """Return a regular file's bytes; its folder is read along with it, since the neighbours are asked for next."""
        entry = self._by_path.get(path)
        if entry is None:
            return None
        if entry.oid in self._kept:
            return self._kept[entry.oid]
        if entry.oid not in self._blobs:
            folder = path.rpartition("/")[0]
            neighbours = [item for item in self._listed[0] if item.path.rpartition("/")[0] == folder]
            small = sum(item.size for item in neighbours) <= 8 * _MIB
            self._blobs = dict(self._load(neighbours if small else [entry]))
        return self._blobs[entry.oid]

    def contents(self, under: str) -> tuple[tuple[str, bytes], ...]:
        """(path, bytes) of every regular file below a folder, sorted by path, read in one run and kept: each is asked for again."""
        entries = self.entries(under)
        if sum(entry.size for entry in entries) > self.limits.exported_bytes:
            raise _too_large(f"{under} holds more than is read at once")
        missing = [entry for entry in entries if entry.oid not in self._kept]
        self._kept |= self._load(missing) if missing else ()
        return tuple((entry.path, self._kept[entry.oid]) for entry in entries)

    def export(self, directory: Path, under: str = "") -> None:
        """Write the files below `under` to an empty directory, keeping their paths from the root, readable by every uid."""
        entries = self.entries(under)
        if (
            len(entries) > self.limits.exported_files
            or sum(entry.size for entry in entries) > self.limits.exported_bytes
        ):
            raise _too_large(f"{len(entries)} files are more than a sandbox is given")
        blobs = dict(self._load(entries))
        made = {directory}
        for entry in entries:
            place = directory / entry.path
            _make_folder(place.parent, made)
            with place.open("xb") as file:
                os.fchmod(file.fileno(), 0o755 if entry.oid in self._executable else 0o644)
                file.write(blobs[entry.oid])

    @cached_property
    def _by_path(self) -> dict[str, TreeEntry]:
        return {entry.path: entry for entry in self._listed[0]}

    @cached_property
    def _rows(self) -> tuple[tuple[str, str, str, bytes], ...]:
        """(mode, oid, size, path) of every name, as git lists them."""
        out = self.git.run("ls-tree", "-r", "-z", "--long", "--full-tree", self.oid).out
        if out.count(b"\0") > self.limits.names:
            raise _too_large("the repository holds more files than are read")
        rows = (record.split(b"\t", 1) for record in out.split(b"\0") if record)
        return tuple((*_fields(head), path) for head, path in rows)

    @cached_property
    def _listed(self) -> tuple[tuple[TreeEntry, ...], tuple[tuple[str, str], ...]]:
        paths = Counter(path for _, _, _, path in self._rows)
        folders = {parent for path in paths for parent in _parents(path)}
        good, odd = [], []
        for mode, oid, size, path in self._rows:
            wrong = _KINDS.get(mode) or (None if mode in _REGULAR else f"an entry of mode {mode}")
            wrong = wrong or _wrong_name(path) or _wrong_place(path, paths, folders)
            if wrong is None and int(size) > self.limits.file:
                wrong = f"larger than {self.limits.file // 1024} KiB"
            if wrong is None:
                good.append(TreeEntry(path.decode(), oid, int(size)))
            else:
                odd.append((_printable(path), wrong))
        return tuple(sorted(good, key=lambda entry: entry.path)), tuple(sorted(odd))

    @cached_property
    def _executable(self) -> frozenset[str]:
        return frozenset(oid for mode, oid, _, _ in self._rows if mode == "100755")

    def _load(self, entries: Iterable[TreeEntry]) -> Iterator[tuple[str, bytes]]:
        """Read blobs by object id in one run."""
        wanted = {entry.oid: entry.size for entry in entries}
        room = sum(wanted.values()) + 100 * len(wanted) + _MIB
        out = self.git.run(
            "cat-file", "--batch", stdin="".join(f"{oid}\n" for oid in wanted).encode(), limits=Limits(bytes=room)
        ).out
        place = 0
        for oid, size in wanted.items():
            header = f"{oid} blob {size}\n".encode()
            if out[place : place + len(header)] != header:
                raise ExpectedError(
                    "an object is missing from the mirror", "comment `/plan` to try again", RefusalCode.CHECKOUT_FAILED
                )
            place += len(header)
            yield oid, out[place : place + size]
            place += size + 1


def _fields(head: bytes) -> tuple[str, str, str]:
    mode, _, oid, size = head.decode().split()
    return mode, oid, size


def _below(path: str, under: str) -> bool:
    return under in {"", "."} or path.startswith(under.rstrip("/") + "/")


def _parents(path: bytes) -> Iterator[bytes]:
    while b"/" in path:
        path = path.rpartition(b"/")[0]
        yield path


def _wrong_name(path: bytes) -> str | None:
    """A name that some file system would take for another, or that would hide in a report."""
    try:
        text = path.decode()
    except UnicodeDecodeError:
        return "a name that is not UTF-8"
    if any(unicodedata.category(letter) in _STRANGE for letter in text):
        return "a name with control or invisible characters"
    if len(path) > 1024 or any(len(part) > 255 for part in path.split(b"/")):
        return "a name that is too long"
    parts = [part.rstrip(". ").casefold() for part in text.split("/")]
    if "\\" in text or any(part in {"", ".git", "git~1"} for part in parts):
        return "a hostile name"
    return None


def _wrong_place(path: bytes, paths: Counter[bytes], folders: set[bytes]) -> str | None:
    return "a name that stands twice" if paths[path] > 1 or path in folders else None


def _printable(path: bytes) -> str:
    text = path.decode(errors="backslashreplace")
    return "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text)[:300]


def _make_folder(folder: Path, made: set[Path]) -> None:
    """A folder that every uid may pass, whatever the umask, and those above it."""
    if folder not in made:
        _make_folder(folder.parent, made)
        folder.mkdir()
        folder.chmod(0o755)
        made.add(folder)


def _too_large(message: str) -> ExpectedError:
    return ExpectedError(message, "set `path:` of the module to the folder of its own project", RefusalCode.TOO_LARGE)
