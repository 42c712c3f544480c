"""What a database shows of a plan whose run did not come to its end: schema and version table decide, not what we remember of it."""

from __future__ import annotations

from workers.core.diff import Change, compose, diff
from workers.core.plan import Plan
from workers.core.progress import Ran, progress, whole_groups
from workers.core.rollout import Step
from workers.core.schema import Snapshot
from workers.core.version_rows import applied_revisions
from workers.ports import Target
from workers.steps.carry_out import Ending, Run
from workers.steps.journal import ran

VersionTable = tuple[tuple[str, ...], tuple[str, ...]]


def shown(
    plan: Plan, before: Snapshot, target: Target, version_table: VersionTable, steps: tuple[Step, ...] = ()
) -> Run:
    """Judge by effects how far a plan got; `steps` is the journal, for what shows no effect."""
    with target.reading() as reader:
        now, rows = reader.snapshot(), reader.rows(*version_table)
    recorded = applied_revisions(version_table[1], rows)
    told = ran(plan.body.statements, steps)
    groups, total = groups_done(plan, before, now, recorded, told), len(plan.body.groups)
    if groups is None:
        found = progress(plan, now, recorded, told)
        left = ", ".join(".".join(item.name) for item in found.left)
        other = "the schema is in none of the states that the rehearsal went through"
        why = f"an invalid index is left: {left}" if left else other
        return Run(ending=Ending.SOME, groups=whole_groups(plan, found), why=why)
    if groups == total:
        return Run(ending=Ending.DONE, groups=groups)
    why = f"the run was cut off; {groups} of {total} transaction groups are committed"
    return Run(ending=Ending.SOME if groups else Ending.NOTHING, groups=groups, why=why)


def groups_done(
    plan: Plan, before: Snapshot, now: Snapshot, recorded: tuple[str, ...], told: tuple[Ran, ...] = ()
) -> int | None:
    """Return how many groups of a plan are there, None where schema and version table are in none of the states it goes through.

    Groups that change no object look alike in the schema: there the version table tells, and of those that do not write it the journal.
    """
    found = diff(before, now)
    effect: tuple[Change, ...] = ()
    matching = [0] if not found else []
    for number, group in enumerate(plan.body.group_effects, 1):
        effect = compose(effect, group)
        if effect == found:
            matching.append(number)
    fitting = [number for number in matching if _records(plan, number, recorded)]
    credible = [number for number in fitting if not _denied(plan, number, told)]
    return max(credible, default=min(fitting, default=None))


def _records(plan: Plan, groups: int, recorded: tuple[str, ...]) -> bool:
    """Whether the version table looks as it does after so many groups."""
    told = zip(plan.body.statements, plan.records, strict=True)
    written = (records for item, records in told if records is not None and item.group < groups)
    return recorded == (tuple(sorted(plan.key.recorded)), *written)[-1]


def _denied(plan: Plan, groups: int, told: tuple[Ran, ...]) -> bool:
    """Whether the journal says that a statement without any effect to see, in one of so many groups, did not stay."""
    silent = (
        index
        for index, item in enumerate(plan.body.statements)
        if item.group < groups and not item.effect and item.records is None
    )
    return any(told[index] is Ran.NO for index in silent if index < len(told))
