"""`schemagate init`: finds the sources of a checkout, and writes a first config for them."""

from __future__ import annotations

import argparse
import configparser
import os
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from workers.console.output import Parser, tell
from workers.core.config_text import FoundModule, first_config
from workers.core.errors import ExpectedError
from workers.core.names import SourceKind
from workers.core.refusals import RefusalCode

PLACE = ".github/schemagate.yml"
LARGEST = 256 * 1024
_NAMES = frozenset({"alembic.ini", "pyproject.toml", "schema.prisma"})
_NOT_LOOKED_INTO = frozenset({"node_modules", "site-packages", "venv", "build", "dist", "tests", "test"})


def options(name: str, parser: Parser) -> None:
    """What it takes."""
    del name
    parser.add_argument(
        "folder", type=Path, nargs="?", default=Path(), metavar="DIR", help="a checkout; this folder when left out"
    )
    parser.set_defaults(run=_init)


def modules_among(paths: Iterable[str], read: Callable[[str], str]) -> tuple[FoundModule, ...]:
    """The folders of a repository that hold an Alembic project or a Prisma schema, by its paths and what `read` says of them."""
    found: dict[str, list[SourceKind]] = {}
    for path in sorted(map(PurePosixPath, paths)):
        if path.name not in _NAMES or any(_is_aside(part) for part in path.parent.parts):
            continue
        if path.name == "schema.prisma":
            place, kind = path.parent.parent if path.parent.name == "prisma" else path.parent, SourceKind.PRISMA
        elif _tells_of_alembic(path.name, read(str(path))):
            place, kind = path.parent, SourceKind.ALEMBIC
        else:
            continue
        kinds = found.setdefault(str(place), [])
        kinds += [kind] if kind not in kinds else []
    return tuple(FoundModule(path, tuple(kinds)) for path, kinds in found.items())


def _init(found: argparse.Namespace) -> int:
    folder = found.folder.resolve()
    if not folder.is_dir():
        raise ExpectedError(f"{found.folder} is no folder", "name a checkout", RefusalCode.NOT_CONFIGURED)
    target = folder / PLACE
    modules = modules_among(_paths(folder), lambda path: _text(folder / path))
    if not modules:
        advice = "run it in a checkout that has an alembic.ini, a [tool.alembic] in pyproject.toml, or a schema.prisma"
        raise ExpectedError(f"no source was found below {found.folder}", advice, RefusalCode.NOT_CONFIGURED)
    _create(target, first_config(folder.name, modules))
    for module in modules:
        tell(f"found {' and '.join(kind.value for kind in module.sources)} in {module.path}")
    tell(f"wrote {found.folder / PLACE}: read it, correct the approvers, commit it to the default branch")
    return 0


def _create(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        message = f"{path} is there already"
        raise ExpectedError(message, "edit it, or remove it first", RefusalCode.CONFIG_INVALID) from None
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}"
        raise ExpectedError(message, "give this user the right to write there", RefusalCode.NOT_CONFIGURED) from error


def _paths(folder: Path) -> list[str]:
    found = []
    for base, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not _is_aside(name)]
        found += [Path(base, name).relative_to(folder).as_posix() for name in files if name in _NAMES]
    return found


def _is_aside(name: str) -> bool:
    return name.startswith(".") or name in _NOT_LOOKED_INTO


def _text(path: Path) -> str:
    """A small regular file's text, nothing where it is none."""
    try:
        small = path.is_file() and not path.is_symlink() and path.stat().st_size <= LARGEST
        return path.read_text(encoding="utf-8") if small else ""
    except (OSError, UnicodeDecodeError):
        return ""


def _tells_of_alembic(name: str, text: str) -> bool:
    try:
        if name == "pyproject.toml":
            tool = tomllib.loads(text).get("tool", {})
            return "script_location" in (tool.get("alembic") or {})
        parser = configparser.RawConfigParser()
        parser.read_string(text)
    except (configparser.Error, tomllib.TOMLDecodeError, AttributeError, TypeError):
        return False
    return parser.has_option("alembic", "script_location")
