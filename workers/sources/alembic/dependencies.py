"""What a tree says that its Python code needs: a lock, or requirements read line by line; no address is ever taken from it."""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from workers.core.config import Module
from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.ports import Tree
from workers.sources.alembic import paths

WAYS_OUT = (
    "Commit a `uv.lock`, or a requirements file with hashes (`uv pip compile --generate-hashes`), or let the operator name "
    "a `python_environment` for this module."
)
_FILE_BYTES = 16 * 1024 * 1024
_FILES = 20
_MEMBERS = 200
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_VERSION = r"(?:===?|~=|!=|<=?|>=?)\s*[A-Za-z0-9.*+!_-]+"
_REQUIREMENT = re.compile(
    r"(?!.*\s--(?!hash=sha256:))"  # no option hides in a marker
    rf"(?P<name>{_NAME})\s*(?:\[[A-Za-z0-9._,\s-]*\])?\s*\(?\s*(?:{_VERSION}(?:\s*,\s*{_VERSION})*)?\s*,?\s*\)?"
    r"(?:\s*;[A-Za-z0-9_.'\"<>=!~(),\s+*-]+?)?(?P<hashes>(?:\s+--hash=sha256:[0-9a-f]{64})*)"
)
_INCLUDE = re.compile(r"(?:-r|--requirement|-c|--constraint)[\s=]+(?P<path>[^\s#]+)")
_HARMLESS = re.compile(r"--(?:require-hashes|prefer-binary|only-binary[\s=]+\S+)")


class Form(Enum):
    """How exactly the needs are stated."""

    UV_LOCK = auto()
    HASHES = auto()
    OPEN = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """The needs of a module. `text` are requirements, one a line; of a `uv.lock` they are in `files` (path below `folder`, content)."""

    form: Form
    path: str
    text: str = ""
    constraints: str = ""
    folder: str = ""
    package: str = ""
    files: tuple[tuple[str, bytes], ...] = ()


class _Gathered:
    """What requirements files hold, as far as they are read."""

    def __init__(self) -> None:
        self.requirements: list[str] = []
        self.constraints: list[str] = []
        self.seen: set[tuple[str, bool]] = set()


def dependency_files(tree: Tree, module: Module) -> tuple[str, ...]:
    """The paths that say what a module needs: the lock or requirements that count, and what these include."""
    chosen = _chosen(tree, module)
    found: dict[str, None] = {}
    if chosen is not None:
        _include(tree, chosen, found)
    return tuple(found)


def stated(tree: Tree, module: Module) -> Stated:
    """Read them. Raises ExpectedError (dependencies_unavailable) where there are none, or a line may not be followed."""
    path = _chosen(tree, module)
    if path is None:
        where = module.path if module.path != "." else "the repository"
        raise refused(f"Nothing in {where} says which packages the migrations need.")
    name = posixpath.basename(path)
    if name == "uv.lock":
        return _locked(tree, module, path)
    if name == "pyproject.toml":
        lines = _project_lines(tree, path)
        return _as_requirements(path, lines, [])
    found = _Gathered()
    _gather(tree, path, found)
    return _as_requirements(path, found.requirements, found.constraints)


def strict(line: str, path: str) -> str:
    """One requirement that names a package of the index and nothing else. Raises ExpectedError."""
    found = _REQUIREMENT.fullmatch(line)
    if found is None:
        raise refused(f"`{path}` holds a line that may not be followed here: `{_shown(line)}`.")
    return line


def refused(message: str) -> ExpectedError:
    """The error for needs that cannot be met, with the three ways out."""
    return ExpectedError(message, WAYS_OUT, RefusalCode.DEPENDENCIES_UNAVAILABLE)


def _chosen(tree: Tree, module: Module) -> str | None:
    base = paths.inside(module.path) or ""
    if module.alembic.requirements:
        return paths.inside(base, module.alembic.requirements)
    folders = [base]
    while folders[-1]:
        folders.append(paths.folder_of(folders[-1]))
    for folder in folders:
        lock = posixpath.join(folder, "uv.lock")
        if tree.read(lock) is not None and (folder == base or _member(tree, lock, base)):
            return lock
    for folder in folders:
        for name in ("requirements.txt", "pyproject.toml"):
            path = posixpath.join(folder, name)
            if tree.read(path) is not None and (name != "pyproject.toml" or _project_table(tree, path)):
                return path
    return None


def _locked(tree: Tree, module: Module, path: str) -> Stated:
    folder = paths.folder_of(path)
    projects = [entry.path for entry in tree.entries(folder) if posixpath.basename(entry.path) == "pyproject.toml"]
    files = [(name, _content(tree, name)) for name in (path, *projects[:_MEMBERS])]
    below = tuple((posixpath.relpath(name, folder or "."), content) for name, content in files)
    base = paths.inside(module.path) or ""
    member = _member(tree, path, base) if base != folder else ""
    return Stated(form=Form.UV_LOCK, path=path, folder=folder, package=member, files=below)


def _member(tree: Tree, lock: str, base: str) -> str:
    """The name under which a workspace's lock knows the module's folder, "" where it does not."""
    wanted = posixpath.relpath(base or ".", paths.folder_of(lock) or ".")
    for package in _toml(tree, lock).get("package", []):
        source = package.get("source", {}) if isinstance(package, dict) else {}
        if isinstance(source, dict) and wanted in {
            source.get("editable"),
            source.get("virtual"),
            source.get("directory"),
        }:
            return str(package.get("name", ""))
    return ""


def _project_table(tree: Tree, path: str) -> dict[str, Any]:
    table = _toml(tree, path).get("project", {})
    return table if isinstance(table, dict) and table.get("dependencies") else {}


def _project_lines(tree: Tree, path: str) -> list[str]:
    """The dependencies of a pyproject.toml, its `dev` group included: Alembic often stands there."""
    document = _toml(tree, path)
    groups = document.get("dependency-groups", {})
    project = document.get("project", {})
    lists = [project.get("dependencies", []) if isinstance(project, dict) else []]
    lists.append(groups.get("dev", []) if isinstance(groups, dict) else [])
    found = [item for each in lists if isinstance(each, list) for item in each if isinstance(item, str)]
    return [strict(" ".join(item.split()), path) for item in found]


def _gather(tree: Tree, path: str, found: _Gathered, *, bound: bool = False) -> None:
    """Read a requirements file and those that it includes from the same tree, each once as what it is included for."""
    if (path, bound) in found.seen:
        return
    found.seen.add((path, bound))
    if len(found.seen) > _FILES:
        raise refused(f"`{path}` is one of too many files that include each other.")
    for line in _logical_lines(_content(tree, path).decode("utf-8", "replace")):
        include = _INCLUDE.fullmatch(line)
        if include is not None:
            _gather(tree, _included(tree, path, include["path"]), found, bound=bound or line.startswith(("-c", "--c")))
        elif not _HARMLESS.fullmatch(line):
            (found.constraints if bound else found.requirements).append(strict(line, path))


def _included(tree: Tree, path: str, named: str) -> str:
    inner = paths.inside(paths.folder_of(path), named)
    if inner is None or "://" in named or tree.read(inner) is None:
        raise refused(f"`{path}` includes `{_shown(named)}`, which is no file of this repository.")
    return inner


def _include(tree: Tree, path: str, found: dict[str, None]) -> None:
    """Note a file and what it includes; a file that was noted before is not looked at again."""
    found[path] = None
    content = tree.read(path)
    if content is None or posixpath.basename(path) in {"uv.lock", "pyproject.toml"} or len(found) > _FILES:
        return
    for line in _logical_lines(content[:_FILE_BYTES].decode("utf-8", "replace")):
        include = _INCLUDE.fullmatch(line)
        inner = paths.inside(paths.folder_of(path), include["path"]) if include else None
        if inner is not None and inner not in found:
            _include(tree, inner, found)


def _logical_lines(text: str) -> Iterator[str]:
    """Lines with continuations joined and comments cut, as pip reads them."""
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        plain = " ".join(re.sub(r"(^|\s)#.*$", "", line).split())
        if plain:
            yield plain


def _as_requirements(path: str, lines: list[str], constraints: list[str]) -> Stated:
    found = [_REQUIREMENT.fullmatch(line) for line in lines]
    hashed = bool(lines) and all(item is not None and item["hashes"] for item in found)
    bounds = [line.partition(" --hash=")[0] for line in constraints]
    return Stated(
        form=Form.HASHES if hashed else Form.OPEN,
        path=path,
        text="\n".join(lines if hashed else [line.partition(" --hash=")[0] for line in lines]) + "\n",
        constraints="\n".join(bounds) + "\n" if bounds and not hashed else "",
    )


def _toml(tree: Tree, path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(_content(tree, path).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        return {}


def _content(tree: Tree, path: str) -> bytes:
    content = tree.read(path)
    if content is None or len(content) > _FILE_BYTES:
        raise refused(f"`{path}` cannot be read: it is missing or larger than {_FILE_BYTES // 1024 // 1024} MiB.")
    return content


def _shown(line: str) -> str:
    """The beginning of a line for people; an address in it may carry a password and is cut."""
    return re.sub(r"\S*://\S*", "(address)", line)[:100].replace("`", "'")
