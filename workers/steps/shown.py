"""What a database shows of a plan whose run did not come to its end: schema and version table decide, not what we remember of it."""

from __future__ import annotations

from workers.core.diff import Change, compose, diff
from workers.core.names import Direction
from workers.core.plan import Plan, StatementKind
from workers.core.schema import Snapshot
from workers.core.version_rows import applied_revisions
from workers.ports import Target
from workers.steps.carry_out import Ending, Run

VersionTable = tuple[tuple[str, ...], tuple[str, ...]]


def shown(plan: Plan, before: Snapshot, target: Target, version_table: VersionTable) -> Run:
    """Judge by effects how far a plan got."""
    with target.reading() as reader:
        now, rows = reader.snapshot(), reader.rows(*version_table)
    recorded = applied_revisions(version_table[1], rows)
    groups, total = groups_done(plan, before, now, recorded), len(plan.body.group_effects)
    if groups is None:
        why = "the schema is in none of the states that the rehearsal went through"
        return Run(ending=Ending.SOME, groups=0, why=why)
    if groups == total:
        return Run(ending=Ending.DONE, groups=groups)
    why = f"the run was cut off; {groups} of {total} transaction groups are committed"
    return Run(ending=Ending.SOME if groups else Ending.NOTHING, groups=groups, why=why)


def groups_done(plan: Plan, before: Snapshot, now: Snapshot, recorded: tuple[str, ...]) -> int | None:
    """Return how many groups of a plan are there, None where schema and version table are in none of the states it goes through.

    Groups that change no object look alike in the schema: there the version table tells.
    """
    found = diff(before, now)
    effect: tuple[Change, ...] = ()
    matching = [0] if not found else []
    for number, group in enumerate(plan.body.group_effects, 1):
        effect = compose(effect, group)
        if effect == found:
            matching.append(number)
    fitting = [number for number in matching if _records(plan, number, recorded)]
    return max(fitting, default=None)


def _records(plan: Plan, groups: int, recorded: tuple[str, ...]) -> bool:
    """Whether the version table looks as it does after so many groups."""
    bookings = [item for item in plan.body.statements if item.parsed.kind is StatementKind.BOOKKEEPING]
    done = [item for item in bookings if item.group < groups]
    if len(done) == len(bookings):
        return recorded == plan.body.recorded_after
    if not done:
        return recorded == plan.key.recorded
    return plan.key.direction is not Direction.UPGRADE or done[-1].migration in recorded
