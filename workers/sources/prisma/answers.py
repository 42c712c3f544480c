"""Turns what the engine's program says into values. It is our own program, but what it repeats was written by strangers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from workers.sources.prisma.values import (
    ConfigRead,
    Created,
    Declared,
    Described,
    Diagnosis,
    EngineFault,
    Loss,
    MigrationText,
    Mistake,
    Pushed,
    RowCount,
)

Answer = Mapping[str, Any]
_FOLDERS = re.compile(r'"/(?:[^"/\n]+/)+([^"/\n]+)"')
_WORDS = 4000
"""Enough for any sentence of the engine; a message may repeat a stranger's text of any length."""


def read(said: bytes, migrations: Sequence[MigrationText], tasks: int) -> tuple[Answer, ...] | EngineFault:
    """The answers to every task of a request, or why there are none."""
    try:
        whole = json.loads(said)
        found = tuple(cast("list[Answer]", whole["answers"]))
    except (ValueError, KeyError, TypeError):
        return EngineFault(code="engine_ended", message="Prisma's engine ended without an answer.")
    if "fault" in whole:
        return fault(whole["fault"], migrations)
    if len(found) != tasks:
        return EngineFault(code="engine_ended", message="Prisma's engine ended without an answer.")
    return found


def fault(said: Answer, migrations: Sequence[MigrationText] = ()) -> EngineFault:
    """A fault, pointing into the migration that was running where there was one."""
    name = str(said.get("migration") or "")
    seen = said.get("database")
    running = next((item for item in migrations if item.name == name), None)
    mistakes = tuple(
        Mistake(_short(item["message"]), str(item["path"]), int(item["line"])) for item in said.get("mistakes") or ()
    )
    if mistakes:
        first = mistakes[0]
        return EngineFault(
            code=str(said["code"]), message=first.message, path=first.path, line=first.line, mistakes=mistakes
        )
    return EngineFault(
        code=str(said["code"]),
        message=_short(_placeless(said["message"])) if seen else _short(said["message"]),
        path=running.path if running else "",
        line=int(seen["line"]) if running and seen else 0,
        migration=name,
        database=_words(seen) if seen else "",
        state=str(seen["state"]) if seen else "",
    )


def described(said: Answer) -> Described | EngineFault:
    """What a schema says of itself; with several lines each has its own fault."""
    if "fault" in said:
        return fault(said["fault"])
    return Described(
        provider=str(said["provider"]),
        has_url=bool(said["has_url"]),
        schemas=_texts(said["schemas"]),
        relation_mode=str(said["relation_mode"]),
        preview=_texts(said["preview"]),
        extensions=_texts(said["extensions"]),
        datamodel=str(said["datamodel"]),
    )


def order(said: Answer) -> tuple[str, ...]:
    """Names in their order."""
    return _texts(said["names"])


def config(said: Answer) -> ConfigRead:
    """A configuration file's literal values and the names of the others."""
    return ConfigRead(tuple((str(key), str(value)) for key, value in said["values"]), _texts(said["dynamic"]))


def back(said: Answer) -> Declared | EngineFault:
    """The difference to what was before, or why the engine cannot say it."""
    return fault(said["fault"]) if "fault" in said else declared(said)


def declared(said: Answer) -> Declared:
    """A difference as script and words."""
    return Declared(str(said["sql"]), str(said["summary"]))


def created(said: Answer) -> Created:
    """A migration with its warnings."""
    return Created(
        sql=str(said["sql"]),
        warnings=_losses(said["warnings"]),
        unexecutable=_losses(said["unexecutable"]),
        asked=_asked(said["asked"]),
    )


def pushed(said: Answer) -> Pushed:
    """The statements of a push with its warnings."""
    return Pushed(
        statements=_texts(said["statements"]),
        warnings=_texts(said["warnings"]),
        unexecutable=_texts(said["unexecutable"]),
        asked=_asked(said["asked"]),
    )


def diagnosis(said: Answer) -> Diagnosis:
    """A comparison of a history with its rows."""
    return Diagnosis(
        pending=_texts(said["pending"]),
        edited=_texts(said["edited"]),
        failed=_texts(said["failed"]),
        missing_from_code=_texts(said["missing_from_code"]),
        diverged=bool(said["diverged"]),
        last_common=str(said["last_common"]),
        has_table=bool(said["has_table"]),
    )


def _losses(said: Sequence[Answer]) -> tuple[Loss, ...]:
    return tuple(Loss(str(item["message"]), int(item["step"])) for item in said)


def _asked(said: Sequence[Sequence[Any]]) -> tuple[RowCount, ...]:
    return tuple(
        RowCount(schema=str(schema), table=str(table), column=str(column), rows=int(rows))
        for schema, table, column, rows in said
    )


def _words(seen: Answer) -> str:
    """`ERROR 42P01: relation "x" does not exist. Detail. Hint.`, as far as the database said it."""
    parts = [str(seen[key]).strip() for key in ("message", "detail", "hint") if seen.get(key)]
    return _short(_placeless(f"{seen['state']}: {' '.join(parts)}" if seen.get("state") else " ".join(parts)))


def _placeless(text: object) -> str:
    """Without the folders of the machine, which a server names when it misses a file of its own."""
    return _FOLDERS.sub(r'"…/\1"', str(text))


def _texts(said: Sequence[object]) -> tuple[str, ...]:
    return tuple(map(str, said))


def _short(text: object) -> str:
    words = str(text)
    return words if len(words) <= _WORDS else f"{words[:_WORDS]} …"
