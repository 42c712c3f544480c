"""Apply what was approved: everything is read again under the hold and the lock, then the stored statements run and are verified."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from workers.core.config import Environment, Module
from workers.core.errors import ExpectedError
from workers.core.plan import StoredPlan
from workers.core.refusals import Refusal, RefusalCode
from workers.core.rollout import IllegalMoveError, Rollout, RolloutState, Step, advance
from workers.messages import ApplyPlan, PlanPull
from workers.ports import Held, Services, Target
from workers.rendering.comments import voided
from workers.rendering.views import VoidedView
from workers.steps.carry_out import carry_out
from workers.steps.diagnosis import diagnosed
from workers.steps.ending import finish, follow, open_deployment, tell_deployment, version_table_of
from workers.steps.evidence import evidence_at_start
from workers.steps.hold import hold_and_lock
from workers.steps.permit import Permit, permit
from workers.steps.pulls import OpenPull, read_pull, read_trees
from workers.steps.shown import shown
from workers.steps.target import reach, target_key
from workers.steps.views import pull_url
from workers.steps.withdraw import revoke_all, withdraw


def apply_plan(message: ApplyPlan, services: Services) -> None:
    """Apply the approved rollout of this environment, if there is one that was not started."""
    rollout = _approved(message, services)
    if rollout is None:
        return
    opened = read_pull(message.repository, message.pull, services)
    try:
        ended = _apply(opened, rollout, services)
    except ExpectedError as error:
        current = services.store.rollout(rollout.id)
        if current is None or current.state is not RolloutState.APPROVED:
            raise
        _void(opened, rollout, (Refusal(code=error.code, message=error.message, fix=error.advice),), services)
        return
    if ended is not None:
        follow(ended, services)
        tell_deployment(ended, opened.repository, services)


def _apply(first: OpenPull, rollout: Rollout, services: Services) -> Rollout | None:
    """Run under hold and lock, on what is read again after they were taken; None where the plan may not run any more."""
    place = _place(first, rollout)
    if place is None:
        _void(first, rollout, (_gone(),), services)
        return None
    _, target = reach(place[1], services)
    with hold_and_lock(target, rollout, services) as held:
        opened, stored = read_pull(rollout.repository, rollout.pull, services), services.store.plan(rollout.digest)
        if stored is None or _place(opened, rollout) != place or target_key(target) != rollout.target:
            given: Permit | tuple[Refusal, ...] = (_gone(),)
        else:
            given = permit(opened, read_trees(opened, services), *place, stored, services)
        if isinstance(given, Permit) and stored is not None:
            return _run(opened, rollout, stored, given, held, target, services)
    if not isinstance(given, Permit):
        _void(opened, rollout, given, services)
    return None


def _place(opened: OpenPull, rollout: Rollout) -> tuple[Module, Environment] | None:
    """Module and environment as the configuration has them now."""
    module = opened.configuration.module(rollout.module) if opened.configuration else None
    environment = module.environment(rollout.environment) if module else None
    return None if module is None or environment is None else (module, environment)


def _approved(message: ApplyPlan, services: Services) -> Rollout | None:
    rollouts = services.store.rollouts(message.repository, message.pull)
    mine = [item for item in rollouts if (item.module, item.environment) == (message.module, message.environment)]
    return next((item for item in reversed(mine) if item.state is RolloutState.APPROVED), None)


def _run(
    opened: OpenPull,
    rollout: Rollout,
    stored: StoredPlan,
    given: Permit,
    held: Held,
    target: Target,
    services: Services,
) -> Rollout | None:
    """Run the statements; None where the approval was taken back while we looked."""
    plan, before = stored.plan, given.examination.live
    if before is None:
        raise ValueError(rollout.id)
    started = _begin(opened, replace(rollout, fence=held.hold.fence), stored, given, services)
    if started is None:
        return None
    open_deployment(started, opened.repository, opened.pull.head, services)
    limits = given.environment
    with target.writing(
        held, given.allowed, lock_timeout=limits.lock_timeout, statement_timeout=limits.statement_timeout
    ) as writer:
        run = carry_out(plan, held, writer, rollout.id, services)
    if run.unsure:
        steps = services.store.steps(rollout.id)
        judged = shown(plan, before, target, version_table_of(started, services), steps)
        run = replace(judged, why="; ".join(why for why in (run.why, judged.why) if why))
    ask = partial(diagnosed, opened, started, plan, target, services)
    return finish(started, plan, before, run, target, held.hold.fence, ask, services)


def _begin(opened: OpenPull, rollout: Rollout, stored: StoredPlan, given: Permit, services: Services) -> Rollout | None:
    """Write down everything that an auditor wants to know, before the first statement; None where the rollout was withdrawn."""
    for name, text in evidence_at_start(opened, given, stored):
        services.store.keep_document(rollout.id, name, text)
    started = replace(advance(rollout, RolloutState.APPLYING), started_at=services.clock.iso())
    try:
        services.store.save_rollout(started)
    except IllegalMoveError:
        return None
    note = f"{len(stored.plan.body.statements)} statements, plan sha256 {stored.plan.digest}"
    services.store.journal(
        rollout.id, Step(at=services.clock.iso(), command="hold and database lock", result=f"taken; {note}")
    )
    return started


def _void(opened: OpenPull, rollout: Rollout, reasons: tuple[Refusal, ...], services: Services) -> None:
    """The approval no longer counts: say so once, and show what is true now."""
    known = services.store.rollout(rollout.id)
    if known is None or known.state is not RolloutState.APPROVED:
        return
    names = ", ".join(dict.fromkeys(item.by.login for item in services.store.approvals(rollout.digest)))
    revoke_all(rollout.digest, reasons[0].message, services)
    if not withdraw(rollout, reasons[0].message, services):
        return
    services.queue.send(PlanPull(repository=rollout.repository, pull=rollout.pull))
    view = VoidedView(
        environment=rollout.environment, by=names, reasons=reasons, report_url=pull_url(opened, services.server_url)
    )
    services.host.post_comment(opened.repository, opened.pull.number, voided(view))


def _gone() -> Refusal:
    message = "the module or environment is not in the configuration as it was"
    return Refusal(code=RefusalCode.UNKNOWN_ENVIRONMENT, message=message, fix="read the new report")
