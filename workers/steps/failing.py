"""Why a migration fails on a copy of the live schema, at which of its lines, and what to do about it."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import takewhile

from workers.core.names import Direction
from workers.core.refusals import Refusal, RefusalCode
from workers.ports import Recording
from workers.steps.bookkeep import can_be_marked
from workers.steps.conflicts import definer_conflict, extension_conflict
from workers.steps.question import Known
from workers.steps.rehearse import Rehearsal, rehearse
from workers.steps.stopped import MEND

_TOOLS_CODE = re.compile(r"Prisma's P\d{4}")


def recording_failed(known: Known, recording: Recording) -> Refusal:
    """What the tool said; of statements that stand in files our executor says more exactly which one it is and why."""
    where = f"migration {recording.failed}" if recording.failed else "env.py"
    revision = known.history.get(recording.failed)
    refusal = _by_our_executor(known, recording) or Refusal(
        code=RefusalCode.REHEARSAL_FAILED,
        message=f"{where} fails on a copy of the live schema: {recording.error}",
        fix=MEND,
        path=revision.path if revision else None,
        line=(recording.failed_line or revision.line) if revision else None,
    )
    met = definer_conflict(recording.error) or extension_conflict(known.live, recording.error, known.source.kind)
    first = known.pending[0].id
    if recording.failed == first and known.question.direction is Direction.UPGRADE and can_be_marked(known):
        name = known.question.environment.name
        met = f"it is live already, exactly as it would leave things: comment `/mark-applied {name} {first}`"
    return replace(refusal, fix=met) if met else refusal


def placed(known: Known, rehearsal: Rehearsal) -> Rehearsal:
    """The same with the lines of what stopped it."""
    piece = rehearsal.stopped
    if piece is None:
        return rehearsal
    place = place_of(known, piece.revision, piece.sql)
    if place is None:
        return rehearsal
    path, line = place
    found = (item if item.path else replace(item, path=path, line=line) for item in rehearsal.refusals)
    return replace(rehearsal, refusals=tuple(found))


def place_of(known: Known, migration: str, sql: str) -> tuple[str, int] | None:
    """The line of a migration's file on which a statement begins, its comments aside; of code that made it, where the migration says its name."""
    revision = known.history.get(migration)
    if revision is None:
        return None
    text = (known.merge.read(revision.path) or b"").decode("utf-8", "replace").replace("\r\n", "\n")
    sql = sql.replace("\r\n", "\n")
    at = text.find(sql)
    if at < 0:
        return revision.path, revision.line
    comments = takewhile(lambda line: not line.strip() or line.lstrip().startswith("--"), sql.splitlines())
    return revision.path, text.count("\n", 0, at) + 1 + sum(1 for _ in comments)


def _by_our_executor(known: Known, recording: Recording) -> Refusal | None:
    if not recording.fixed or not recording.statements:
        return None
    with known.database.scratch(None).clone(known.dump) as copy:
        found = placed(known, rehearse(known.database, copy, recording.statements, known.version_table, known.columns))
    code = _TOOLS_CODE.match(recording.error)
    refusal = next(iter(found.refusals), None)
    if refusal is None or code is None or refusal.code is not RefusalCode.REHEARSAL_FAILED:
        return refusal
    return replace(refusal, message=f"{refusal.message} ({code[0]})")
