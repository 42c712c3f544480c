"""How a rollout ends: verified, or told exactly; the hold goes only when the target is as somebody approved it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from workers.core.codec import canonical, from_json, to_json
from workers.core.plan import Plan
from workers.core.progress import Left, progress
from workers.core.rollout import Rollout, RolloutState, Step, advance
from workers.core.schema import Snapshot, snapshot_to_json
from workers.messages import CheckDrift, CommitWorkdocs, PlanPull
from workers.ports import DeploymentState, Repository, Services, Target
from workers.steps.carry_out import Ending, Run
from workers.steps.hold import carried_on, let_go
from workers.steps.journal import ran
from workers.steps.sight import look_of
from workers.steps.verify import Row, Verification, verify
from workers.steps.withdraw import revoke_all

_DEPLOYMENT = "deployment"
_GROUPS = "groups"
_LEFT = "left.json"


Ask = Callable[[], Row | None]


def finish(
    rollout: Rollout, plan: Plan, before: Snapshot, run: Run, target: Target, fence: int, ask: Ask, services: Services
) -> Rollout:
    """Bring a rollout whose statements ran, or stopped, to its end; everything that the evidence needs is kept.

    `ask` puts the tool's own question where everything ran.
    """
    table, columns = version_table_of(rollout, services)
    seen = verify(plan, before, target, table, columns, look_of(before, services.store.documents(rollout.id)))
    row = ask() if run.ending is Ending.DONE else None
    seen = replace(seen, rows=(*seen.rows, row)) if row is not None else seen
    _keep(rollout, plan, seen, run, services)
    if rollout.state is RolloutState.APPLYING and run.ending is Ending.NOTHING:
        return _end(rollout, RolloutState.FAILED, run.why, services, release=fence)
    if run.ending is not Ending.DONE:
        return _end(rollout, RolloutState.PARTIAL, run.why, services)
    if rollout.state is RolloutState.APPLYING:
        rollout = advance(rollout, RolloutState.VERIFYING)
        services.store.save_rollout(rollout)
    if seen.good:
        return _end(rollout, RolloutState.APPLIED, "applied and verified", services, release=fence)
    bad = "; ".join(row.question for row in seen.rows if not row.good)
    return _end(rollout, RolloutState.PARTIAL, f"verify_mismatch: {bad}", services)


def version_table_of(rollout: Rollout, services: Services) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The source's version table and its columns, as the rollout wrote them down at its start."""
    kept = dict(services.store.documents(rollout.id))
    value = json.loads(kept["version_table.json"])
    return tuple(value["table"]), tuple(value["columns"])


def open_deployment(rollout: Rollout, repository: Repository, head: str, services: Services) -> None:
    """Show GitHub that we are at work; whoever ends the rollout finds the deployment again."""
    deployment = services.host.create_deployment(repository, head, rollout.environment)
    services.store.keep_document(rollout.id, _DEPLOYMENT, str(deployment))
    services.host.set_deployment(repository, deployment, DeploymentState.IN_PROGRESS, "applying")


def tell_deployment(rollout: Rollout, repository: Repository, services: Services) -> None:
    """Show GitHub how the rollout ended; one that died before it was shown has nothing to end."""
    kept = dict(services.store.documents(rollout.id)).get(_DEPLOYMENT)
    if kept is not None:
        state = DeploymentState.SUCCESS if rollout.state is RolloutState.APPLIED else DeploymentState.FAILURE
        services.host.set_deployment(repository, int(kept), state, rollout.state.value)


def follow(rollout: Rollout, services: Services) -> None:
    """Queue what comes after an end: the evidence, a fresh report here, and a look at the other pulls of this environment."""
    services.queue.send(CommitWorkdocs(rollout=rollout.id))
    services.queue.send(PlanPull(repository=rollout.repository, pull=rollout.pull))
    services.queue.send(
        CheckDrift(repository=rollout.repository, module=rollout.module, environment=rollout.environment)
    )


def stuck(rollout: Rollout, plan: Plan, services: Services) -> frozenset[int]:
    """The indexes of the statements of an ended rollout that stayed, as the database showed it."""
    if rollout.state in {RolloutState.PARTIAL, RolloutState.SUPERSEDED}:
        left = left_by(rollout, services)
        return frozenset(left.done) if left else frozenset()
    groups = int(dict(services.store.documents(rollout.id)).get(_GROUPS, "0"))
    return frozenset(index for index, item in enumerate(plan.body.statements) if item.group < groups)


def left_by(rollout: Rollout, services: Services) -> Left | None:
    """What a rollout that stopped half way left, as the database showed it then; None for any other."""
    kept = dict(services.store.documents(rollout.id)).get(_LEFT)
    half = rollout.state in {RolloutState.PARTIAL, RolloutState.SUPERSEDED}
    return from_json(Left, json.loads(kept)) if kept is not None and half else None


def _keep(rollout: Rollout, plan: Plan, seen: Verification, run: Run, services: Services) -> None:
    told = ran(plan.body.statements, services.store.steps(rollout.id))
    found = progress(plan, seen.after, seen.recorded, told)
    left = Left(done=found.done, recorded=seen.recorded)
    services.store.keep_document(rollout.id, _LEFT, canonical(left).decode())
    services.store.keep_document(rollout.id, _GROUPS, str(run.groups))
    services.store.keep_document(rollout.id, "after.json", json.dumps(snapshot_to_json(seen.after)))
    services.store.keep_document(rollout.id, "sheet.json", canonical(seen.rows).decode())
    services.store.keep_document(rollout.id, "differences.json", json.dumps(to_json(seen.differences)))


def _end(
    rollout: Rollout, state: RolloutState, outcome: str, services: Services, release: int | None = None
) -> Rollout:
    services.store.journal(rollout.id, Step(at=services.clock.iso(), command=f"rollout {state.value}", result=outcome))
    ended = replace(advance(rollout, state, outcome), finished_at=services.clock.iso())
    revoke_all(rollout.digest, f"rollout {rollout.sequence} has used it ({state.value})", services)
    if state in {RolloutState.APPLIED, RolloutState.PARTIAL}:
        _supersede(ended, services)
    services.store.save_rollout(ended)
    if release is not None:
        let_go(ended, release, services)
    return ended


def _supersede(ended: Rollout, services: Services) -> None:
    """What the rollout carried on is its own by now; before its own end is written down, so that one of them always holds the target."""
    first = carried_on(ended, services)
    if first is not None:
        note = f"carried on by rollout {ended.sequence}, which is {ended.state.value}"
        services.store.journal(first.id, Step(at=services.clock.iso(), command="rollout superseded", result=note))
        services.store.save_rollout(advance(first, RolloutState.SUPERSEDED))
