"""A database that is not empty and records nothing: which revision made it, where one did."""

from __future__ import annotations

from dataclasses import replace

from workers.core.names import Direction, SourceKind
from workers.core.refusals import Actor, Refusal, RefusalCode
from workers.ports import Services
from workers.steps.draft import Draft
from workers.steps.drifting import Replaying, differences
from workers.steps.replay import ReplayQuestion, replay
from workers.steps.sight import seen

_WITHOUT_CODE = frozenset({RefusalCode.SANDBOX_UNAVAILABLE, RefusalCode.DEPENDENCIES_UNAVAILABLE})


def needed(draft: Draft, *, empty: bool, table_there: bool) -> Refusal | None:
    """The refusal of a target that has objects and no record of any migration."""
    environment = draft.question.environment.name
    if draft.recorded or empty or table_there or draft.question.direction is Direction.BASELINE:
        return None
    prismas = " (Prisma's P3005)" if draft.source is SourceKind.PRISMA else ""
    return Refusal(
        code=RefusalCode.BASELINE_NEEDED,
        message=f"{environment} is not empty and records no migration{prismas}",
        fix=f"find the revision that made it, then comment `/baseline {environment} REVISION`",
        actor=Actor.APPROVER,
    )


def name_revision(draft: Draft, services: Services, replaying: Replaying) -> None:
    """Where the base branch's whole history makes just what is live, the refusal says so and names its last revision."""
    codes = [item.code for item in draft.refusals]
    heads, question = replaying.base.heads, draft.question
    if RefusalCode.BASELINE_NEEDED not in codes or _WITHOUT_CODE & set(codes) or not heads or draft.seen is None:
        return
    asked = ReplayQuestion(
        repository=question.repository,
        module=question.module,
        source=replaying.source,
        tree=question.checkout.base,
        revisions=heads,
        then=(),
        like=replaying.dump,
        python=replaying.python,
    )
    made = replay(asked, replaying.database.scratch(None), services.replays).snapshot
    if made is None or differences(seen(made, question.environment), draft.seen, replaying.table):
        return
    fix = f"its schema is exactly what {heads[-1]} leaves: comment `/baseline {question.environment.name} {heads[-1]}`"
    place = codes.index(RefusalCode.BASELINE_NEEDED)
    draft.refusals[place] = replace(draft.refusals[place], fix=fix)
