"""A schema that is pushed has no history: what is expected is what our newest rollout left, and only that one can be taken back."""

from __future__ import annotations

from workers.core.config import Module
from workers.core.names import Direction, SourceKind
from workers.core.refusals import Refusal, RefusalCode
from workers.ports import Database, RecordDirection, RecordRequest, Services, Source, Target, Tree
from workers.steps.draft import Draft, stop
from workers.steps.drifting import Place, tell_drift
from workers.steps.start import last_seen

_BLIND = "drift cannot be told apart from what is pending: a pushed schema has no history, and no verified rollout of ours left a snapshot"


def check_source(draft: Draft) -> None:
    """Stop where the tool has no push."""
    if draft.question.module.pushes and draft.source is not SourceKind.PRISMA:
        message = "`strategy: push` is Prisma's, and the source of this module is another tool"
        stop(draft, RefusalCode.CONFIG_INVALID, message, "leave `strategy: push` and its reason out")


def check_direction(draft: Draft) -> None:
    """Stop at anything but a push and the way back of the newest: no record says what to take back else, to mark or to start from."""
    direction = draft.question.direction
    if direction is Direction.UPGRADE:
        return
    if direction is Direction.ROLLBACK and draft.question.past.pushed(draft.question.pull):
        return
    message = f"`strategy: push` keeps no record of migrations, so there is nothing for {direction.value}"
    fix = "change the schema back and push that, or leave `strategy: push` for versioned migrations"
    stop(draft, RefusalCode.STRATEGY_NOT_ALLOWED, message, fix)


def is_there(source: Source, module: Module, tree: Tree, database: Database, target: Target) -> bool:
    """Whether a push of this tree's schema would run nothing there; what the engine cannot say is no."""
    if source.faults(tree, module):
        return False
    table, _ = source.version_table(tree, module)
    with database.scratch(None).clone(target.dump((table,))) as copy:
        asked = RecordRequest(
            tree=tree,
            module=module,
            address=copy.address,
            engine=database.engine,
            direction=RecordDirection.UPGRADE,
            to=(),
        )
        told = source.record(asked)
    return not told.error and not told.statements


def compare_with_rollout(draft: Draft, services: Services, place: Place) -> None:
    """Drift: what is live against what our newest verified rollout left; where there is none, that is said."""
    start = last_seen(draft.question.past, draft.recorded, services)
    draft.notes.append(start.said if start.snapshot is not None else _BLIND)
    if start.snapshot is not None:
        tell_drift(draft, start.snapshot, place)


def judge_plan(draft: Draft) -> None:
    """Nothing is pending where there is nothing to run; what the config leaves out of the comparison is not the push's to change."""
    plan, seen = draft.proposal.plan, draft.seen
    if plan is None:
        draft.pending = draft.pending if draft.proposal.refusals else ()
        return
    kept = {(item.kind, item.name) for item in seen.excluded} if seen else set()
    met = [f"{item.kind.value} {item.label}" for item in plan.body.effect if (item.kind, item.name) in kept]
    if met:
        message = f"a push would change what the config leaves to others: {', '.join(met[:5])}"
        fix = "write it into the schema as it is, or commit migrations instead of `strategy: push`"
        draft.refusals.append(Refusal(code=RefusalCode.STRATEGY_NOT_ALLOWED, message=message, fix=fix))
