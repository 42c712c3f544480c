"""Rollouts, their journal, and who holds a target: where two workers meet, a constraint of the database decides."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, and_, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from workers.core.errors import ExpectedError
from workers.core.plan import Plan
from workers.core.refusals import RefusalCode
from workers.core.rollout import UNFINISHED, Rollout, RolloutState, Step, advance
from workers.ports import Hold
from workers.store.ground import add
from workers.store.inbox import reading
from workers.store.plans import Plans
from workers.store.tables import documents, holds, rollouts, steps

_ENDED = (RolloutState.APPLIED, RolloutState.FAILED, RolloutState.PARTIAL, RolloutState.SUPERSEDED)
_CHANGING = ("fence", "state", "started_at", "finished_at", "outcome", "workdocs_commit")


class Rollouts(Plans):
    """The part of the store that knows rollouts."""

    def start_rollout(self, digest: str, target: str) -> Rollout:
        """Raises ExpectedError(apply_in_progress) where this plan's rollout is open already: of two workers one goes on."""
        stored = self.plan(digest)
        if stored is None:
            raise LookupError(f"no plan {digest}")
        try:
            with self._engine.begin() as connection:
                _lock_target(connection, target)
                last = connection.scalar(select(func.max(rollouts.c.sequence)).where(rollouts.c.target == target))
                row = _first_row(stored.plan, target, (last or 0) + 1)
                added = connection.execute(insert(rollouts).values(row).returning(*rollouts.c)).mappings().one()
                return _rollout(added)
        except IntegrityError as error:
            raise ExpectedError(
                "this plan is being applied already",
                "wait for it to end; `/status` says where it stands",
                RefusalCode.APPLY_IN_PROGRESS,
            ) from error

    def save_rollout(self, rollout: Rollout) -> None:
        """Raises ValueError for a move that the table does not have, and for a worker whose hold a newer one has taken over."""
        this = rollouts.c.id == rollout.id
        with self._engine.begin() as connection:
            row = connection.execute(select(rollouts).where(this).with_for_update()).mappings().one()
            known = _rollout(row)
            if rollout.fence < known.fence:
                raise ValueError(f"rollout {rollout.id} belongs to a newer holder")
            if rollout.state is not known.state:
                advance(known, rollout.state)
            values = {name: getattr(rollout, name) for name in _CHANGING}
            connection.execute(update(rollouts).where(this).values({**values, "state": rollout.state.value}))

    def rollout(self, rollout: int) -> Rollout | None:
        return next(iter(self._rollouts(select(rollouts).where(rollouts.c.id == rollout))), None)

    def rollouts(self, repository: int, pull: int) -> tuple[Rollout, ...]:
        of_pull = (rollouts.c.repository == repository) & (rollouts.c.pull == pull)
        return self._rollouts(select(rollouts).where(of_pull))

    def unfinished(self) -> tuple[Rollout, ...]:
        """One that was superseded before it began left nothing to commit."""
        begun = or_(rollouts.c.state != RolloutState.SUPERSEDED.value, rollouts.c.started_at != "")
        told = select(documents.c.rollout).where(documents.c.rollout == rollouts.c.id, documents.c.name == "told")
        untold = and_(rollouts.c.state.in_(_ENDED), begun, ~told.exists())
        return self._rollouts(select(rollouts).where(or_(rollouts.c.state.in_(UNFINISHED), untold)))

    def rollouts_of_target(self, target: str, state: RolloutState) -> tuple[Rollout, ...]:
        wanted = (rollouts.c.target == target) & (rollouts.c.state == state.value)
        return self._rollouts(select(rollouts).where(wanted))

    def journal(self, rollout: int, step: Step) -> None:
        row = {field.name: getattr(step, field.name) for field in fields(Step)}
        with self._engine.begin() as connection:
            connection.execute(insert(steps).values(rollout=rollout, **row))

    def steps(self, rollout: int) -> tuple[Step, ...]:
        columns = [steps.c[field.name] for field in fields(Step)]
        query = select(*columns).where(steps.c.rollout == rollout).order_by(steps.c.number)
        with reading(self._engine) as connection:
            return tuple(Step(**row) for row in connection.execute(query).mappings())

    def take_hold(
        self, target: str, rollout: int, pull: int, reason: str, instead_of: int | None = None
    ) -> Hold | None:
        """Every claim raises the fence, also a second one of the same rollout: the first claimer may be a worker that only seems dead."""
        allowed = {rollout} if instead_of is None else {rollout, instead_of}
        free = or_(holds.c.rollout.is_(None), holds.c.rollout.in_(allowed))
        mine = and_(holds.c.target == target, free)
        values = {"fence": holds.c.fence + 1, "rollout": rollout, "pull": pull, "reason": reason}
        with self._engine.begin() as connection:
            _lock_target(connection, target)
            fence = connection.scalar(update(holds).where(mine).values(values).returning(holds.c.fence))
        return None if fence is None else Hold(target, rollout, pull, reason, fence)

    def hold(self, target: str) -> Hold | None:
        held = (holds.c.target == target) & holds.c.rollout.is_not(None)
        with reading(self._engine) as connection:
            row = connection.execute(select(holds).where(held)).mappings().first()
        return Hold(row["target"], row["rollout"], row["pull"], row["reason"], row["fence"]) if row else None

    def release_hold(self, target: str, fence: int) -> None:
        this = (holds.c.target == target) & (holds.c.fence == fence)
        with self._engine.begin() as connection:
            connection.execute(update(holds).where(this).values(rollout=None, pull=0, reason=""))

    def _rollouts(self, query: Select[Any]) -> tuple[Rollout, ...]:
        with reading(self._engine) as connection:
            return tuple(_rollout(row) for row in connection.execute(query.order_by(rollouts.c.id)).mappings())


def _lock_target(connection: Connection, target: str) -> None:
    """Make the target's row and keep it locked to the end of the transaction."""
    add(connection, holds, {"target": target, "fence": 0, "rollout": None, "pull": 0, "reason": ""})
    connection.execute(select(holds.c.fence).where(holds.c.target == target).with_for_update())


def _first_row(plan: Plan, target: str, sequence: int) -> dict[str, Any]:
    return {
        "digest": plan.digest,
        "repository": plan.key.repository,
        "pull": plan.key.pull,
        "module": plan.key.module,
        "environment": plan.key.environment,
        "target": target,
        "sequence": sequence,
        "fence": 0,
        "state": RolloutState.APPROVED.value,
        "started_at": "",
        "finished_at": "",
        "outcome": "",
        "workdocs_commit": "",
    }


def _rollout(row: RowMapping) -> Rollout:
    return Rollout(**{**row, "state": RolloutState(row["state"])})
