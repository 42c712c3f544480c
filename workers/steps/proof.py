"""Prove a recording: run it on a second copy, in a server that no code of the pull ever reached, and then its way back."""

from __future__ import annotations

from dataclasses import dataclass

from workers.core.authority import authority_effect
from workers.core.diff import compose, diff
from workers.core.effects import way_back
from workers.core.names import Direction
from workers.core.plan import Undo, WayBack
from workers.core.schema import Name, Snapshot
from workers.core.version_rows import Row, applied_revisions, marks
from workers.ports import RecordDirection, RecordedStatement, Recording, RecordRequest, ScratchDatabase
from workers.steps.failing import placed
from workers.steps.question import Known
from workers.steps.rehearse import Rehearsal, rehearse

Checksums = tuple[tuple[Name, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What the project's own tool did on the first copy: its statements, the schema and rows it left, its way back, the rows the server saw read.

    `marks` is what the version table's rows say, times aside; its own checksum is not among `rows`.
    """

    recording: Recording
    after: Snapshot
    rows: Checksums
    marks: tuple[Row, ...]
    undo: Recording | None
    served: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    forward: Rehearsal
    rows: Checksums
    marks: tuple[Row, ...]
    recorded_after: tuple[str, ...]
    back: WayBack
    doubt: str


def prove(known: Known, statements: tuple[RecordedStatement, ...], undo: Recording | None) -> Proof:
    """Run the statements on a second copy, in a server that no code of the pull ever reached, and then the way back."""
    with known.database.scratch(None).clone(known.dump) as copy:
        forward = placed(known, rehearse(known.database, copy, statements, known.version_table, known.columns))
        rows = checksums(known, copy)
        with copy.reading() as reader:
            left = reader.rows(known.version_table, known.columns)
        taken_back = known.question.module.pushes and known.question.direction is Direction.ROLLBACK
        doubt = "" if forward.refusals or taken_back else known.source.confirm(_question(known, copy))
        back = _way_back(known, copy, forward, undo)
    recorded_after = applied_revisions(known.columns, left)
    said = marks(known.columns, left)
    return Proof(forward=forward, rows=rows, marks=said, recorded_after=recorded_after, back=back, doubt=doubt)


def _question(known: Known, copy: ScratchDatabase) -> RecordRequest:
    return RecordRequest(
        tree=known.merge,
        module=known.question.module,
        address=copy.address,
        engine=known.database.engine,
        direction=RecordDirection.UPGRADE,
        to=known.to,
        done=known.recorded,
        python=known.python,
    )


def checksums(known: Known, copy: ScratchDatabase) -> Checksums:
    """A checksum of the rows of every table but the version table, whose times and ids differ from run to run."""
    return tuple(item for item in copy.checksums() if item[0][-1] != known.version_table[-1])


def _way_back(known: Known, copy: ScratchDatabase, forward: Rehearsal, undo: Recording | None) -> WayBack:
    if forward.refusals or undo is None:
        note = (
            "comment `/plan` to apply it again"
            if known.question.direction is Direction.ROLLBACK
            else "the version table is put back by hand"
            if known.pending and forward.statements
            else "nothing is to be taken back"
        )
        return WayBack(undo=Undo.NONE, note=note)
    if undo.error:
        tried = "nothing leads back" if known.history.separate else f"downgrade of {undo.failed or 'the plan'} fails"
        return WayBack(undo=Undo.NONE, note=f"{tried}: {undo.error}")
    back = rehearse(known.database, copy, undo.statements, known.version_table, back=True)
    equal = not back.refusals and not _differences(known, forward, back)
    first = known.rest.plan.destroys if known.rest else ()
    lost = tuple(dict.fromkeys((*first, *(item for each in forward.statements for item in each.destroys))))
    why = back.refusals[0].message if back.refusals else ""
    return way_back(back.statements if not back.refusals else None, why, equal=equal, destroyed_before=lost)


def _differences(known: Known, forward: Rehearsal, back: Rehearsal) -> list[str]:
    """What the way back does not bring back; that of a continuation leads to where the plan began that it carries on."""
    changes = (*diff(forward.before, back.after), *authority_effect(forward.before, back.after))
    if known.rest is not None:
        changes = compose(known.rest.plan.body.effect, diff(forward.after, back.after))
    return [item.label for item in changes if item.parent[-1] != known.version_table[-1]]
