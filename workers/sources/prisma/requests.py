"""What the engine's program is told: a request as JSON, read by `engine/main.mjs`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from workers.core.names import Engine
from workers.ports import ScratchAddress
from workers.sources.prisma.values import NOTHING_EXTERNAL, External, Line, MigrationText, RowCount, SchemaFile

Task = dict[str, object]
_PORT = 5432


@dataclass(frozen=True, slots=True)
class Said:
    """What a project says: its schema, and where it matters its history and what it leaves to others."""

    files: Sequence[SchemaFile]
    line: Line
    lock_text: str | None = None
    migrations: Sequence[MigrationText] = ()
    external: External = NOTHING_EXTERNAL


@dataclass(frozen=True, slots=True)
class Scratch:
    """Where the engine's program finds a scratch database."""

    words: tuple[tuple[str, str | int], ...]


def scratch(address: ScratchAddress, engine: Engine, *, isolated: bool) -> Scratch:
    """Take an address apart; without a sandbox the paths inside do not exist and the machine's own take their place."""
    url = urlsplit(address.url)
    if engine is Engine.SQLITE:
        path = placed(unquote(url.path).removeprefix("/"), address, isolated=isolated)
        return Scratch((("engine", "sqlite"), ("path", path)))
    socket = parse_qs(url.query)["host"][0]
    return Scratch(
        (
            ("engine", "postgresql"),
            ("socket", placed(socket, address, isolated=isolated)),
            ("port", url.port or _PORT),
            ("user", unquote(url.username or "")),
            ("password", unquote(url.password or "")),
            ("name", unquote(url.path).removeprefix("/")),
        )
    )


def placed(path: str, address: ScratchAddress, *, isolated: bool) -> str:
    """A path inside the sandbox, or where that is on the machine when there is no sandbox."""
    for bind in () if isolated else address.writable:
        if path == bind.inside or path.startswith(f"{bind.inside}/"):
            return f"{bind.host}{path.removeprefix(bind.inside)}"
    return path


def describe(line: Line, *, datamodel: bool) -> Task:
    """A task: validate and describe by one line's validator."""
    return {"do": "describe", "line": line.value, "datamodel": datamodel}


def order(names: Sequence[str]) -> Task:
    """A task: put names into the order of a history."""
    return {"do": "order", "names": list(names)}


def config(path: str, text: str) -> Task:
    """A task: read a prisma.config file."""
    return {"do": "config", "path": path, "text": text}


def push(counts: Sequence[RowCount]) -> Task:
    """A task: what `db push` would run."""
    return {"do": "push", "counts": _counts(counts)}


def created(counts: Sequence[RowCount], names: Sequence[str] | None = None, *, if_undeclared: bool = False) -> Task:
    """A task: the migration that the tool itself would write beyond those of these names (all where none are given).

    With `if_undeclared` nothing where the task `undeclared` found nothing before.
    """
    said = None if names is None else list(names)
    return {"do": "created", "counts": _counts(counts), "names": said, "ifUndeclared": if_undeclared}


def plain(name: str) -> Task:
    """A task without words of its own: deploy, undeclared, diagnose."""
    return {"do": name}


def offline(files: Sequence[SchemaFile], tasks: Iterable[Task]) -> bytes:
    """A request that needs no database."""
    return _json({"files": _files(files), "migrations": [], "tasks": list(tasks)})


def online(found: Scratch, said: Said, tasks: Iterable[Task]) -> bytes:
    """A request about a scratch database."""
    return _json(
        {
            "line": said.line.value,
            "files": _files(said.files),
            "lock": said.lock_text,
            "migrations": [{"name": item.name, "sql": item.sql} for item in said.migrations],
            "external": {"externalTables": list(said.external.tables), "externalEnums": list(said.external.enums)},
            "prepare": said.external.script,
            "database": dict(found.words),
            "tasks": list(tasks),
        }
    )


def _files(files: Sequence[SchemaFile]) -> list[dict[str, str]]:
    return [{"path": item.path, "content": item.content} for item in files]


def _counts(counts: Sequence[RowCount]) -> list[list[object]]:
    return [[item.schema, item.table, item.column, item.rows] for item in counts]


def _json(request: dict[str, object]) -> bytes:
    return json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
