"""Git: commits and trees of a repository, and the values that pass."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Bind:
    """A host path made visible in a sandbox at `inside`."""

    host: Path
    inside: str


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """A regular file of a git tree: its path, blob id and size in bytes."""

    path: str
    oid: str
    size: int


class Tree(Protocol):
    """A git tree, read by object id; symlinks, submodules and oversize files are not entries but `oddities`."""

    @property
    def oid(self) -> str:
        """The tree's object id."""
        ...

    @property
    def commit(self) -> str:
        """The commit it came from; empty for a computed merge result."""
        ...

    def entries(self, under: str = "") -> tuple[TreeEntry, ...]:
        """List the regular files below a folder, sorted by path."""
        ...

    def oddities(self, under: str = "") -> tuple[tuple[str, str], ...]:
        """List (path, what it is) of everything that is not a regular file of a permitted size: never read, named in the report."""
        ...

    def read(self, path: str) -> bytes | None:
        """Return a regular file's bytes, None where there is none of that path."""
        ...

    def contents(self, under: str) -> tuple[tuple[str, bytes], ...]:
        """(path, bytes) of every regular file below a folder, sorted by path and read at once."""
        ...

    def export(self, directory: Path, under: str = "") -> None:
        """Write the regular files below `under` to an empty directory, from blobs, readable by every uid."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """The trees of a pull: the base branch's tip, the head, and their merge result (None with the paths in `conflicts`)."""

    base: Tree
    head: Tree
    merge: Tree | None
    conflicts: tuple[str, ...] = ()
    merge_base: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository on GitHub by numeric id."""

    id: int
    full_name: str
    default_branch: str
    installation: int = 0

    @property
    def owner(self) -> str:
        """The account before the slash."""
        return self.full_name.split("/", 1)[0]

    @property
    def name(self) -> str:
        """The name after the slash."""
        return self.full_name.split("/", 1)[1]


class Code(Protocol):
    """Commits and trees of a repository, from a local mirror."""

    def checkout(self, repository: Repository, base: str, head: str) -> Checkout:
        """Fetch two commits and compute their merge result. Raises ExpectedError(checkout_failed)."""
        ...

    def tree(self, repository: Repository, commit: str) -> Tree:
        """Return the tree of one commit, fetching it."""
        ...

    def changed(self, repository: Repository, old: str, new: str) -> tuple[str, ...]:
        """Return the paths that differ between two commits or trees."""
        ...

    def authors(self, repository: Repository, base: str, head: str) -> tuple[str, ...]:
        """Return the commits of head that base lacks, clean merges left out, newest first."""
        ...
