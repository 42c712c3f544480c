"""What rollouts of ours did to a target before: which pull applied a revision, with which content, and how to rebuild what is not merged yet."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

from workers.core.diff import Change, compose
from workers.core.names import Direction
from workers.core.plan import Migration, Plan, Statement, StatementKind
from workers.core.progress import Left
from workers.ports import History


@dataclass(frozen=True, slots=True)
class Trace:
    """A plan that ran on a target, and what it left there: all of it where `left` is None, else what stuck of one that stopped half way.

    `rollout` is the id under which our state keeps the rest of it.
    """

    plan: Plan
    left: Left | None = None
    rollout: int = 0
    ended_at: str = ""

    @property
    def effect(self) -> tuple[Change, ...]:
        """What it changed: as rehearsed where it went through, else what each statement did that stuck."""
        if self.left is None:
            return self.plan.body.effect
        found: tuple[Change, ...] = ()
        for index in self.left.done:
            found = compose(found, self.plan.body.statements[index].effect)
        return found

    @property
    def after(self) -> tuple[str, ...]:
        """The revisions that were recorded when it had ended."""
        return self.left.recorded if self.left else self.plan.body.recorded_after

    @property
    def migrations(self) -> tuple[Migration, ...]:
        """What it recorded, or took out of the record."""
        if self.left is None:
            return self.plan.key.pending
        booked = {item.migration for item in self._stuck() if item.parsed.kind is StatementKind.BOOKKEEPING}
        return tuple(item for item in self.plan.key.pending if item.id in booked)

    def statements(self, *, rest: bool) -> tuple[Statement, ...]:
        """What stuck; what stuck of migrations that it did not get to record only with `rest`."""
        whole = {item.id for item in self.migrations}
        return tuple(item for item in self._stuck() if rest or item.migration in whole)

    def rest(self) -> tuple[Statement, ...]:
        """What stuck of migrations that it did not get to record."""
        whole = {item.id for item in self.migrations}
        return tuple(item for item in self._stuck() if item.migration not in whole) if self.left else ()

    def _stuck(self) -> tuple[Statement, ...]:
        """The statements of the source that are there; what a continuation removed first was never a migration's."""
        statements, first = self.plan.body.statements, self.plan.first_own
        return statements[first:] if self.left is None else tuple(statements[index] for index in self.left.done)


@dataclass(frozen=True, slots=True)
class Past:
    """The rollouts that left something on one target, oldest first."""

    traces: tuple[Trace, ...] = ()

    def applied_by(self) -> dict[str, int]:
        """Revision to the pull whose rollout applied it last; what was rolled back is not there."""
        found: dict[str, int] = {}
        for trace in self.traces:
            for migration in trace.migrations:
                if trace.plan.key.direction is Direction.ROLLBACK:
                    found.pop(migration.id, None)
                else:
                    found[migration.id] = trace.plan.key.pull
        return found

    def newest(self) -> tuple[str, ...]:
        """What the newest rollout was about, where all of it went through: of a pushed schema the next push leaves nothing else."""
        return tuple(item.id for item in self.pushed())

    def pushed(self, pull: int = 0) -> tuple[Migration, ...]:
        """The same as migrations, () where another pull than this one did it; what was taken back is not there."""
        last = self.traces[-1] if self.traces else None
        if last is None or last.left is not None or last.plan.key.direction is Direction.ROLLBACK:
            return ()
        return last.plan.key.pending if pull in {0, last.plan.key.pull} else ()

    def contents(self) -> dict[str, str]:
        """Revision to the hash of the content that we applied."""
        return {
            item.id: item.content
            for trace in self.traces
            if trace.plan.key.direction is not Direction.ROLLBACK
            for item in trace.migrations
        }

    def unverified(self) -> dict[str, int]:
        """The revisions that half-done rollouts recorded, with no rollout after them that was verified; and which pull's they were."""
        newest = max((number for number, item in enumerate(self.traces) if item.left is None), default=-1)
        forward = (item for item in self.traces[newest + 1 :] if item.plan.key.direction is not Direction.ROLLBACK)
        return {migration.id: trace.plan.key.pull for trace in forward for migration in trace.migrations}

    def ran(self, migration: str) -> tuple[str, ...] | None:
        """The statements of a migration that ran since it was taken back last; None where no rollout of ours ran it, or one only recorded it."""
        found: tuple[str, ...] | None = None
        for trace in self.traces:
            key, mine = trace.plan.key, [item for item in trace.statements(rest=True) if item.migration == migration]
            if not mine:
                continue
            if key.direction is Direction.UPGRADE:
                told = (item.sql for item in mine if item.parsed.kind is not StatementKind.BOOKKEEPING)
                found = (*(found or ()), *told)
            else:
                found = None
        return found

    def roots(self, recorded: tuple[str, ...], base: History) -> tuple[tuple[str, ...], tuple[Statement, ...]] | None:
        """Go back from what is recorded to revisions that the base branch has.

        Returns those revisions and the statements that ran since, None where some recorded revision came from elsewhere, or was
        only recorded by us: then no statement of ours says what it made. What a rollout left of a migration that it did not get to
        record belongs to it until another plan than its continuation ran.
        """
        now, newest = set(recorded), True
        since: list[tuple[Statement, ...]] = []
        for trace in reversed(self.traces):
            known = all(base.get(item) for item in now)
            if known and not newest:
                break
            if set(trace.after) == now and known:
                since.append(trace.rest())
            elif set(trace.after) == now:
                if trace.plan.key.direction.bookkeeping_only:
                    return None
                since.append(trace.statements(rest=newest))
                now = set(trace.plan.key.recorded)
            newest = newest and trace.plan.key.continues is not None
        return (tuple(sorted(now)), _in_a_row(since[::-1])) if all(base.get(item) for item in now) else None

    def as_found(self, plan: Plan, left: Left) -> Past:
        """The same where the newest trace of a half-done plan is what is there of it now."""
        last = max((number for number, item in enumerate(self.traces) if item.plan.digest == plan.digest), default=-1)
        found = (replace(item, left=left) if number == last else item for number, item in enumerate(self.traces))
        return Past(tuple(found))

    def since_adoption(self) -> tuple[Trace, ...]:
        """The newest plan that took the schema as it was for a start, and what ran after it; () where none did."""
        newest = max((number for number, item in enumerate(self.traces) if item.plan.adopts), default=len(self.traces))
        return self.traces[newest:]

    def before_pull(self, pull: int, recorded: tuple[str, ...]) -> tuple[str, ...] | None:
        """The revisions to go back to when this pull's newest rollout is taken back; None where nothing of it is the newest."""
        for trace in reversed(self.traces):
            key = trace.plan.key
            if key.direction is Direction.ROLLBACK:
                continue  # what was there before it is told by the rollout that it took back
            if set(trace.after) == set(recorded):
                return self._start(trace.plan) if key.pull == pull and key.direction is Direction.UPGRADE else None
        return None

    def way_back(self, pull: int, recorded: tuple[str, ...]) -> tuple[Statement, ...]:
        """The rehearsed way back of this pull's newest rollout, for a tool that has no downgrade of its own."""
        if self.before_pull(pull, recorded) is None:
            return ()
        plans = (item.plan for item in reversed(self.traces) if item.plan.key.direction is Direction.UPGRADE)
        return next(plans).body.way_back.statements

    def _start(self, plan: Plan) -> tuple[str, ...]:
        """What was recorded before a plan; before the one that it carries on, where it does."""
        continues = plan.key.continues
        first = next((item.plan for item in self.traces if continues and item.plan.digest == continues.digest), None)
        return self._start(first) if first else plan.key.recorded


def _in_a_row(runs: list[tuple[Statement, ...]]) -> tuple[Statement, ...]:
    """The statements of several plans with groups that stay apart: each plan counts its own from 0."""
    found: list[Statement] = []
    for run in runs:
        for _, group in itertools.groupby(run, key=lambda item: item.group):
            number = found[-1].group + 1 if found else 0
            found.extend(replace(item, group=number) for item in group)
    return tuple(found)
