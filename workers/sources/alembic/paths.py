"""Paths inside a repository: joined without ever leaving it, and matched against watch patterns."""

from __future__ import annotations

import functools
import posixpath
import re


def inside(*parts: str) -> str | None:
    """Join repository paths; "" is the repository's root. None where the result would lie outside it."""
    joined = posixpath.normpath(posixpath.join("", *parts)) if any(parts) else "."
    if joined.startswith(("/", "../")) or joined == ".." or "\0" in joined:
        return None
    return "" if joined == "." else joined


def folder_of(path: str) -> str:
    """The folder that a file lies in; "" is the root."""
    return posixpath.dirname(path)


def is_below(path: str, folder: str) -> bool:
    """Whether a path lies in a folder, at any depth."""
    return not folder or path.startswith(f"{folder}/")


def pattern(folder: str, rest: str) -> str:
    """A watch pattern for `rest` below a folder."""
    return f"{folder}/{rest}" if folder else rest


def matches(path: str, glob: str) -> bool:
    """Whether a path fits a watch pattern: `*` and `?` stay within a folder, `**` crosses folders."""
    return _compiled(glob).fullmatch(path) is not None


@functools.lru_cache(maxsize=512)
def _compiled(glob: str) -> re.Pattern[str]:
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", glob)
    meaning = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(meaning.get(piece, re.escape(piece)) for piece in pieces), re.DOTALL)
