"""Which release of Prisma a repository has locked, as its own lockfile or package.json says; only the number before the first dot matters."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator

from workers.ports import Tree

LOCKFILES = ("package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock")
_PACKAGES = ("prisma", "@prisma/client")
_NAME = r"(?:prisma|@prisma/client)"
_MOST_BYTES = 32 * 1024 * 1024
# pnpm writes `prisma@6.1.0:` or `/prisma/5.0.0:`, bun `["prisma@6.1.0", …]`.
_PNPM = re.compile(rf"^\s+['\"]?/?{_NAME}[@/](\d+)\.\d", re.MULTILINE)
_BUN = re.compile(rf"\[\s*\"{_NAME}@(\d+)\.\d")
# yarn writes the ranges that asked, and the version on a line of its own, with or without a colon.
_YARN = re.compile(rf"^\"?{_NAME}@[^\n]*:\n(?:\s+[^\n]*\n)*?\s+version:? \"?(\d+)\.\d", re.MULTILINE)
_RANGE = re.compile(r"(\d+)(?:\.|$)")


def locked_major(tree: Tree, folder: str) -> int | None:
    """The major release, from the folder upwards: a lockfile before a package.json's range; None where nothing names one."""
    folders = tuple(_upwards(folder))
    found = (_in_lockfile(tree, place, name) for place in folders for name in LOCKFILES)
    locked = next((major for major in found if major is not None), None)
    if locked is not None:
        return locked
    ranges = (_in_package(tree, posixpath.join(place, "package.json")) for place in folders)
    return next((major for major in ranges if major is not None), None)


def lock_paths(folder: str) -> tuple[str, ...]:
    """Every path that may tell the release."""
    names = (*LOCKFILES, "package.json")
    return tuple(posixpath.join(place, name) for place in _upwards(folder) for name in names)


def _upwards(folder: str) -> Iterator[str]:
    place = folder
    while place:
        yield place
        place = posixpath.dirname(place)
    yield ""


def _in_lockfile(tree: Tree, folder: str, name: str) -> int | None:
    text = _text(tree, posixpath.join(folder, name))
    if text is None:
        return None
    if name.endswith(".json"):
        return _in_npm(text)
    pattern = {"pnpm-lock.yaml": _PNPM, "yarn.lock": _YARN, "bun.lock": _BUN}[name]
    found = pattern.search(text)
    return int(found[1]) if found else None


def _in_npm(text: str) -> int | None:
    document = _json(text)
    for part, prefix in (("packages", "node_modules/"), ("dependencies", "")):
        listed = document.get(part)
        for name in _PACKAGES:
            entry = listed.get(prefix + name) if isinstance(listed, dict) else None
            version = entry.get("version") if isinstance(entry, dict) else None
            if isinstance(version, str) and (found := _RANGE.match(version)):
                return int(found[1])
    return None


def _in_package(tree: Tree, path: str) -> int | None:
    document = _json(_text(tree, path) or "{}")
    for part in ("devDependencies", "dependencies"):
        listed = document.get(part)
        for name in _PACKAGES:
            wanted = listed.get(name) if isinstance(listed, dict) else None
            if isinstance(wanted, str) and (found := _RANGE.search(wanted)):
                return int(found[1])
    return None


def _json(text: str) -> dict[str, object]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _text(tree: Tree, path: str) -> str | None:
    content = tree.read(path)
    return content.decode("utf-8", "replace") if content is not None and len(content) <= _MOST_BYTES else None
