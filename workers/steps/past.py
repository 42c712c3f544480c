"""What rollouts of ours did to a target before: which pull applied a revision, with which content, and how to rebuild what is not merged yet."""

from __future__ import annotations

from dataclasses import dataclass

from workers.core.names import Direction
from workers.core.plan import Plan, Statement
from workers.ports import History


@dataclass(frozen=True, slots=True)
class Past:
    """The plans that were applied on one target, oldest first."""

    plans: tuple[Plan, ...] = ()

    def applied_by(self) -> dict[str, int]:
        """Revision to the pull whose rollout applied it last; what was rolled back is not there."""
        found: dict[str, int] = {}
        for plan in self.plans:
            for migration in plan.key.pending:
                if plan.key.direction is Direction.ROLLBACK:
                    found.pop(migration.id, None)
                else:
                    found[migration.id] = plan.key.pull
        return found

    def contents(self) -> dict[str, str]:
        """Revision to the hash of the content that we applied."""
        return {
            item.id: item.content
            for plan in self.plans
            if plan.key.direction is not Direction.ROLLBACK
            for item in plan.key.pending
        }

    def roots(self, recorded: tuple[str, ...], base: History) -> tuple[tuple[str, ...], tuple[Statement, ...]] | None:
        """Go back from what is recorded to revisions that the base branch has.

        Returns those revisions and the statements that ran since, None where some recorded revision came from elsewhere, or was
        only recorded by us: then no statement of ours says what it made.
        """
        now = set(recorded)
        since: tuple[Statement, ...] = ()
        for plan in reversed(self.plans):
            if all(base.get(item) for item in now):
                break
            if set(plan.body.recorded_after) == now:
                if plan.key.direction.bookkeeping_only:
                    return None
                since = (*plan.body.statements, *since)
                now = set(plan.key.recorded)
        return (tuple(sorted(now)), since) if all(base.get(item) for item in now) else None

    def before_pull(self, pull: int, recorded: tuple[str, ...]) -> tuple[str, ...] | None:
        """The revisions to go back to when this pull's newest rollout is taken back; None where nothing of it is the newest."""
        for plan in reversed(self.plans):
            if plan.key.direction is Direction.ROLLBACK:
                continue  # what was there before it is told by the rollout that it took back
            if set(plan.body.recorded_after) == set(recorded):
                return plan.key.recorded if plan.key.pull == pull and plan.key.direction is Direction.UPGRADE else None
        return None
