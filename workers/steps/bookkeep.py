"""Plans that write nothing but the source's version table: `/mark-applied` and `/baseline`, each allowed only where the live schema bears it out."""

from __future__ import annotations

from dataclasses import dataclass, replace

from workers.core.authority import authority_effect, lacking, rights_changed
from workers.core.diff import Change, diff
from workers.core.names import Direction
from workers.core.refusals import Actor, Refusal, RefusalCode
from workers.core.schema import Snapshot
from workers.ports import Dump, RecordDirection, RecordedStatement, RecordRequest, Services
from workers.steps.extensions import with_extensions
from workers.steps.question import Known
from workers.steps.replay import Replayed, ReplayQuestion, replay, run_replay


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """The bookkeeping statements, or what the live schema lacks for them. Neither: the schema is taken as it is."""

    statements: tuple[RecordedStatement, ...] = ()
    refusals: tuple[Refusal, ...] = ()


def can_be_marked(known: Known) -> bool:
    """Whether the next pending migration is live already, exactly as it would leave things."""
    first = replace(
        known, pending=known.pending[:1], question=replace(known.question, direction=Direction.MARK_APPLIED)
    )
    return _beyond_migration(first) == ()


def bookkeeping(known: Known, services: Services) -> ByHand:
    """Return the statements that record the named revision, if the live schema is as that revision leaves it."""
    if known.question.direction is Direction.BASELINE:
        replayed, recorded_already = replay_named(known, services), set(known.to) == set(known.recorded)
        if replayed.snapshot is None:
            return ByHand() if recorded_already else ByHand(refusals=(_failed(known, replayed.error),))
        if recorded_already:
            return ByHand(refusals=(_stands_there(known),))
    else:
        differences = _beyond_migration(known)
        if isinstance(differences, str):
            return ByHand(refusals=(_failed(known, differences),))
        if differences:
            return ByHand(refusals=tuple(_differs(known, change) for change in differences))
    sql = known.source.bookkeeping(known.merge, known.question.module, known.recorded, known.to)
    revision = known.pending[-1].id
    return ByHand(
        statements=tuple(RecordedStatement(sql=item, revision=revision, group=0, transactional=True) for item in sql)
    )


def replay_named(known: Known, services: Services) -> Replayed:
    """What the revision of a baseline makes of an empty database; what differs from it is drift."""
    return replay(_replay_question(known, known.to), known.database.scratch(None), services.replays)


@dataclass(frozen=True, slots=True)
class _Step:
    """A database as the recorded revisions leave it, and after the next one; or why there is none."""

    before: Snapshot | None = None
    after: Snapshot | None = None
    error: str = ""


def _beyond_migration(known: Known) -> tuple[Change, ...] | str:
    """The objects and rights that the next migration touches and that are not live as it leaves them."""
    step, _ = with_extensions(known.dump, lambda like: _next_step(known, like))
    if step.before is None or step.after is None:
        return step.error
    effect = diff(step.before, step.after)
    rights = rights_changed(authority_effect(step.before, step.after), effect)
    return _not_live(known, effect) + lacking(rights, known.live)


def _next_step(known: Known, like: Dump) -> _Step:
    with known.database.scratch(None).empty(like) as database:
        before = run_replay(_replay_question(known, known.recorded), database)
        if before.snapshot is None:
            return _Step(error=before.error)
        recording = known.source.record(
            RecordRequest(
                tree=known.merge,
                module=known.question.module,
                address=database.address,
                engine=known.database.engine,
                direction=RecordDirection.UPGRADE,
                to=known.to,
                done=known.recorded,
                python=known.python,
            ),
        )
        if recording.error:
            return _Step(error=recording.error)
        with database.reading() as reader:
            return _Step(before.snapshot, reader.snapshot())


def _not_live(known: Known, effect: tuple[Change, ...]) -> tuple[Change, ...]:
    live = {(item.kind, item.name): item for item in known.live.objects}
    table = known.version_table[-1]
    found = []
    for change in effect:
        there = live.get((change.kind, change.name))
        if there != change.after and change.parent[-1] != table:
            found.append(Change(change.kind, change.name, change.after, there))
    return tuple(found)


def _replay_question(known: Known, revisions: tuple[str, ...]) -> ReplayQuestion:
    return ReplayQuestion(
        repository=known.question.repository,
        module=known.question.module,
        source=known.source,
        tree=known.merge,
        revisions=revisions,
        then=(),
        like=known.dump,
        python=known.python,
    )


def _differs(known: Known, change: Change) -> Refusal:
    environment = known.question.environment.name
    message = f"{change.kind.value} {change.label} on {environment} is not as {known.pending[-1].id} leaves it"
    return Refusal(
        code=RefusalCode.DRIFT_PRESENT,
        message=message,
        fix="bring it to that state by hand, or plan the migration normally",
        actor=Actor.APPROVER,
    )


def _stands_there(known: Known) -> Refusal:
    message = (
        f"{known.question.environment.name} records {known.pending[-1].id} already, and its history runs from empty"
    )
    fix = "nothing is to be recorded; what differs from the migrations is drift"
    return Refusal(code=RefusalCode.NOTHING_TO_APPLY, message=message, fix=fix, actor=Actor.NOBODY)


def _failed(known: Known, why: str) -> Refusal:
    """An adopted start is no database that a migration could run on either."""
    environment, revision = known.question.environment.name, known.pending[-1].id
    unless = "" if known.adopted else "mend the history; or, where the tables were made otherwise, "
    start = "a new start" if known.adopted else "the start"
    return Refusal(
        code=RefusalCode.REHEARSAL_FAILED,
        message=f"what {revision} makes cannot be told, because the migrations cannot be replayed from empty: {why}",
        fix=f"{unless}let the tool itself record it (`alembic stamp`, `prisma migrate resolve --applied`) and comment "
        f"`/baseline {environment} {revision}`: then the schema as it is becomes {start}",
        actor=Actor.APPROVER,
    )
