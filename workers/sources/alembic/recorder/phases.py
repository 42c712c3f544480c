"""What one run does: up or down, then the models compared, then the way back; and how a failure is told."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

from .attribution import install
from .project import Project
from .tape import Tape

T = TypeVar("T")
_ADDED = re.compile(r"\n\[SQL:|\n\(Background on this error")
_LINES = 12
_LENGTH = 2000


def record(request: dict[str, Any], say: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Run the phases of a request; every outcome, the project's own failure included, is in the answer."""
    tape = Tape(lambda revision: say({"at": revision}))
    answer: dict[str, Any] = {"notes": tape.notes}
    try:
        install(tape)
        project = Project(request)
        answer["tool"] = project.tool
        project.run(tape, request["direction"], tuple(request["to"]))
    except BaseException as error:  # noqa: BLE001 -- the project may raise anything, SystemExit included
        return {**answer, "main": tape.take(failed=True), "failed": tape.revision, "error": _message(error, request)}
    answer["main"] = tape.take()
    if request["declared"]:
        answer["declared"], answer["declared_error"] = declared, _ = _try(project.declared, request)
        answer["uncompared"] = project.uncompared
        if declared:
            found = _try(lambda: project.suggested(declared, request["checkout"]), request)
            answer["suggested"], answer["suggested_error"] = found
    if request["undo_to"] is not None:
        answer |= _way_back(project, tape, request)
    return answer


def _way_back(project: Project, tape: Tape, request: dict[str, Any]) -> dict[str, Any]:
    _, error = _try(lambda: project.run(tape, "downgrade", tuple(request["undo_to"])), request)
    where = f"Revision {tape.revision}: " if error and tape.revision else ""
    statements = tape.take()
    return {"undo": None if error else statements, "undo_error": where + error}


def _try(act: Callable[[], T], request: dict[str, Any]) -> tuple[T | None, str]:
    try:
        return act(), ""
    except BaseException as error:  # noqa: BLE001 -- the same
        return None, _message(error, request)


def _message(error: BaseException, request: dict[str, Any]) -> str:
    """Type and first lines of an error, without the statement that SQLAlchemy adds, and the project's line that led to it."""
    lines = _ADDED.split(str(error), maxsplit=1)[0].strip().splitlines()[:_LINES]
    place = next(
        (
            f" ({frame.filename.removeprefix(request['checkout']).lstrip('/')}, line {frame.lineno})"
            for frame in reversed(traceback.extract_tb(error.__traceback__))
            if frame.filename.startswith(request["checkout"])
        ),
        "",
    )
    words = "\n".join(lines)[:_LENGTH]
    return f"{type(error).__name__}: {words}{place}" if words else f"{type(error).__name__}{place}"
