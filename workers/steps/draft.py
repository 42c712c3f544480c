"""What an examination has found out so far, and how it stops."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

from workers.core.examination import Drift, Preflight, Unlike, Unmerged
from workers.core.names import Direction, SourceKind
from workers.core.plan import Migration
from workers.core.progress import Unverified
from workers.core.refusals import Actor, Refusal, RefusalCode
from workers.core.schema import Name, Snapshot
from workers.ports import RowsJudged
from workers.steps.propose import Proposal
from workers.steps.question import Question
from workers.steps.rest import Rest


@dataclass(slots=True)
class Draft:
    question: Question
    refusals: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    preflight: Preflight | None = None
    recorded: tuple[str, ...] = ()
    applied: int = 0
    unmerged: tuple[Unmerged, ...] = ()
    heads: tuple[str, ...] = ()
    pending: tuple[Migration, ...] = ()
    back_to: tuple[str, ...] = ()
    rest: Rest | None = None
    drift: tuple[Drift, ...] = ()
    drift_known: bool = False
    drifted: bool = False
    adopted: bool = False
    live: Snapshot | None = None
    seen: Snapshot | None = None
    expected: Snapshot | None = None
    waits_for: tuple[str, ...] = ()
    unverified: tuple[Unverified, ...] = ()
    unlike: tuple[Unlike, ...] = ()
    version_table: tuple[Name, tuple[str, ...]] = ((), ())
    source: SourceKind | None = None
    proposal: Proposal = field(default_factory=Proposal)


def hear(draft: Draft, judged: RowsJudged) -> None:
    """Take in what speaks against the version table's rows; a failed migration is what `/mark-applied` and a continuation are about."""
    mends = draft.question.direction is Direction.MARK_APPLIED or draft.question.stalled is not None
    draft.refusals += [item for item in judged.refusals if not (mends and item.code is RefusalCode.FAILED_MIGRATION)]
    draft.notes += judged.notes


class StopError(Exception):
    """Nothing further can be found out; what was found is in the draft."""


def stop(draft: Draft, code: RefusalCode, message: str, fix: str, actor: Actor = Actor.AUTHOR) -> NoReturn:
    draft.refusals.append(Refusal(code=code, message=message, fix=fix, actor=actor))
    raise StopError
