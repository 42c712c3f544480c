"""Plans and the codes that people type for them, sealed."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, and_, func, select, update

from workers.core.codec import from_json, to_json
from workers.core.plan import Key, Plan, StoredPlan
from workers.core.rollout import RolloutState
from workers.store.ground import Ground, add
from workers.store.inbox import reading
from workers.store.tables import codes, plans, pulls, rollouts

_MOST_TRIES = 100
_KEPT = 4
_APPLIED = RolloutState.APPLIED.value


class Plans(Ground):
    """The part of the store that knows plans."""

    def find_plan(self, key: Key) -> StoredPlan | None:
        return self._first(_stored().where(plans.c.key_digest == key.digest).order_by(plans.c.number.desc()))

    def plans(self, repository: int, pull: int, module: str, environment: str) -> tuple[StoredPlan, ...]:
        wanted = and_(
            plans.c.repository == repository,
            plans.c.pull == pull,
            plans.c.module == module,
            plans.c.environment == environment,
        )
        with reading(self._engine) as connection:
            rows = connection.execute(_stored().where(wanted).order_by(plans.c.number.desc())).mappings().all()
        return tuple(stored for row in rows if (stored := self._stored_plan(row)))

    def pulls_with_plans(self, repository: int, module: str, environment: str) -> tuple[int, ...]:
        there = (plans.c.repository == repository, plans.c.module == module, plans.c.environment == environment)
        newest = select(func.max(plans.c.number)).where(*there).group_by(plans.c.pull)
        done = select(rollouts.c.id).where(rollouts.c.digest == plans.c.digest, rollouts.c.state == _APPLIED)
        closed = select(pulls.c.number).where(
            pulls.c.repository == plans.c.repository, pulls.c.number == plans.c.pull, pulls.c.closed
        )
        query = select(plans.c.pull).where(plans.c.number.in_(newest), ~done.exists(), ~closed.exists())
        with reading(self._engine) as connection:
            return tuple(connection.scalars(query.order_by(plans.c.pull)))

    def plan(self, digest: str) -> StoredPlan | None:
        return self._first(_stored().where(plans.c.digest == digest))

    def keep_plan(self, plan: Plan, new_code: Callable[[], str]) -> StoredPlan:
        """The commits and measurements beside a digest are replaced by the newest; a retired code is followed by a new one."""
        with self._engine.begin() as connection:
            row = self._plan_row(plan)
            if not add(connection, plans, row):
                connection.execute(update(plans).where(plans.c.digest == plan.digest).values(row))
            known = connection.execute(_stored().where(plans.c.digest == plan.digest)).mappings().first()
            if known is None or known["retired"]:
                self._assign(connection, plan, new_code)
            row_kept = connection.execute(_stored().where(plans.c.digest == plan.digest)).mappings().one()
            self._check_code(row_kept)
        return _with_code(plan, row_kept)

    def mark_shown(self, digest: str) -> None:
        with self._engine.begin() as connection:
            for row in connection.execute(_current(codes.c.digest == digest)).mappings().all():
                self._check_code(row)
                if not row["shown"]:
                    self._flag(connection, row, shown=True, shown_at=self._clock.iso())

    def retire_codes(self, repository: int, pull: int) -> None:
        of_pull = and_(codes.c.repository == repository, codes.c.pull == pull)
        with self._engine.begin() as connection:
            for row in connection.execute(_current(of_pull)).mappings().all():
                self._flag(connection, row, retired=True)

    def codes_shown(self, repository: int, pull: int, environment: str) -> int:
        wanted = (codes.c.repository == repository, codes.c.pull == pull, codes.c.environment == environment)
        with reading(self._engine) as connection:
            rows = connection.execute(select(codes).where(*wanted)).mappings().all()
        for row in rows:
            self._check_code(row)
        return sum(row["shown"] for row in rows)

    def _first(self, query: Select[Any]) -> StoredPlan | None:
        with reading(self._engine) as connection:
            row = connection.execute(query.limit(1)).mappings().first()
        return self._stored_plan(row) if row else None

    def _stored_plan(self, row: RowMapping) -> StoredPlan | None:
        """None for a sealed plan in the shape of an earlier release: it is planned again, and its approvals count no more."""
        self._seal.check(row["plan_seal"], "plans", row["digest"], row["plan"])
        self._check_code(row)
        plan = _read(row["plan"], row["digest"])
        return _with_code(plan, row) if plan else None

    def _plan_row(self, plan: Plan) -> dict[str, Any]:
        text = json.dumps(to_json(plan))
        return {
            "digest": plan.digest,
            "key_digest": plan.key.digest,
            "repository": plan.key.repository,
            "pull": plan.key.pull,
            "module": plan.key.module,
            "environment": plan.key.environment,
            "plan": text,
            "seal": self._seal.sign("plans", plan.digest, text),
        }

    def _assign(self, connection: Connection, plan: Plan, new_code: Callable[[], str]) -> None:
        """Draw codes until one was never used in this pull; the unique constraint is the judge."""
        for _ in range(_MOST_TRIES):
            row = {
                "repository": plan.key.repository,
                "pull": plan.key.pull,
                "environment": plan.key.environment,
                "code": new_code(),
                "digest": plan.digest,
                "shown": False,
                "shown_at": "",
                "retired": False,
            }
            if add(connection, codes, {**row, "seal": self._code_seal(row)}):
                return
        raise RuntimeError("no unused plan code was drawn")

    def _flag(self, connection: Connection, row: RowMapping, **flags: bool | str) -> None:
        self._check_code(row)
        changed = {**row, **flags}
        values = {**flags, "seal": self._code_seal(changed)}
        connection.execute(update(codes).where(codes.c.number == row["number"]).values(values))

    def _check_code(self, row: RowMapping) -> None:
        self._seal.check(row["seal"], "codes", *_code_values(row))

    def _code_seal(self, row: dict[str, Any]) -> str:
        return self._seal.sign("codes", *_code_values(row))


@functools.lru_cache(maxsize=_KEPT)
def _read(text: str, digest: str) -> Plan | None:
    """The newest are kept: a job asks for the same plan many times, and a long one takes a third of a second to read."""
    try:
        plan = from_json(Plan, json.loads(text))
    except (TypeError, ValueError):
        return None
    return plan if plan.digest == digest else None


def _code_values(row: Any) -> tuple[str | int | bool, ...]:  # noqa: ANN401 -- a row, or one in the making
    names = ("repository", "pull", "environment", "code", "digest", "shown", "shown_at", "retired")
    return tuple(row[name] for name in names)


def _with_code(plan: Plan, row: RowMapping) -> StoredPlan:
    return StoredPlan(plan, row["code"], shown=row["shown"], retired=row["retired"], shown_at=row["shown_at"])


def _newest() -> Any:  # noqa: ANN401 -- a subquery of one number a digest
    return select(func.max(codes.c.number)).group_by(codes.c.digest)


def _current(condition: Any) -> Select[Any]:  # noqa: ANN401 -- a condition
    """The codes that plans have now."""
    return select(codes).where(condition, codes.c.number.in_(_newest()))


def _stored() -> Select[Any]:
    """Plans with the code that they have now."""
    chosen = (plans.c.plan, plans.c.seal.label("plan_seal"), codes)
    return select(*chosen).join(codes, codes.c.digest == plans.c.digest).where(codes.c.number.in_(_newest()))
