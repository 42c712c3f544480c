"""Apply what was approved: everything is read again under the hold and the lock, then the stored statements run and are verified."""

from __future__ import annotations

from dataclasses import replace

from workers.core.config import Environment, Module
from workers.core.errors import ExpectedError
from workers.core.plan import StoredPlan
from workers.core.refusals import Refusal, RefusalCode
from workers.core.rollout import Rollout, RolloutState, Step, advance
from workers.messages import ApplyPlan, PlanPull
from workers.ports import Held, Services, Target
from workers.rendering.comments import voided
from workers.rendering.views import VoidedView
from workers.steps.carry_out import carry_out
from workers.steps.ending import finish, follow, open_deployment, tell_deployment, version_table_of
from workers.steps.evidence import evidence_at_start
from workers.steps.hold import hold_and_lock
from workers.steps.permit import Permit, permit
from workers.steps.pulls import OpenPull, read_pull, read_trees
from workers.steps.shown import shown
from workers.steps.target import reach
from workers.steps.views import pull_url


def apply_plan(message: ApplyPlan, services: Services) -> None:
    """Apply the approved rollout of this environment, if there is one that was not started."""
    rollout = _approved(message, services)
    if rollout is None:
        return
    opened = read_pull(message.repository, message.pull, services)
    module = opened.configuration.module(message.module) if opened.configuration else None
    environment = module.environment(message.environment) if module else None
    stored = services.store.plan(rollout.digest)
    if module is None or environment is None or stored is None:
        _void(opened, rollout, (_gone(),), services)
        return
    try:
        ended = _apply(opened, rollout, module, environment, stored, services)
    except ExpectedError as error:
        current = services.store.rollout(rollout.id)
        if current is None or current.state is not RolloutState.APPROVED:
            raise
        _void_for(opened, rollout, error, services)
        return
    if ended is not None:
        follow(ended, services)


def _apply(
    opened: OpenPull, rollout: Rollout, module: Module, environment: Environment, stored: StoredPlan, services: Services
) -> Rollout | None:
    """Run under hold and lock; None where the plan may not run any more."""
    _, target = reach(environment, services)
    with hold_and_lock(target, rollout, services) as held:
        given = permit(opened, read_trees(opened, services), module, environment, stored, services)
        if isinstance(given, Permit):
            return _run(opened, rollout, stored, given, held, target, services)
        services.store.release_hold(rollout.target, held.hold.fence)
    _void(opened, rollout, given, services)
    return None


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
) -> Rollout:
    plan, before = stored.plan, given.examination.live
    if before is None:
        raise ValueError(rollout.id)
    started = _begin(opened, rollout, stored, given, services)
    open_deployment(started, opened.repository, opened.pull.head, services)
    limits = given.environment
    with target.writing(
        held, given.allowed, lock_timeout=limits.lock_timeout, statement_timeout=limits.statement_timeout
    ) as writer:
        run = carry_out(plan, held, writer, rollout.id, services)
    if run.unsure:
        run = shown(plan, before, target, version_table_of(started, services))
    ended = finish(started, plan, before, run, target, held.hold.fence, services)
    tell_deployment(ended, opened.repository, services)
    return ended


def _begin(opened: OpenPull, rollout: Rollout, stored: StoredPlan, given: Permit, services: Services) -> Rollout:
    """Write down everything that an auditor wants to know, before the first statement."""
    for name, text in evidence_at_start(opened, given, stored):
        services.store.keep_document(rollout.id, name, text)
    started = replace(advance(rollout, RolloutState.APPLYING), started_at=services.clock.iso())
    services.store.save_rollout(started)
    note = f"{len(stored.plan.body.statements)} statements, plan sha256 {stored.plan.digest}"
    services.store.journal(
        rollout.id, Step(at=services.clock.iso(), command="hold and database lock", result=f"taken; {note}")
    )
    return started


def _void(opened: OpenPull, rollout: Rollout, reasons: tuple[Refusal, ...], services: Services) -> None:
    """The approval no longer counts: say so once, and show what is true now."""
    services.store.save_rollout(replace(advance(rollout, RolloutState.SUPERSEDED), outcome=reasons[0].message))
    for approval in services.store.approvals(rollout.digest):
        services.store.revoke(rollout.digest, approval.comment, reasons[0].message)
    names = ", ".join(item.by.login for item in services.store.approvals(rollout.digest))
    view = VoidedView(
        environment=rollout.environment, by=names, reasons=reasons, report_url=pull_url(opened, services.server_url)
    )
    services.host.post_comment(opened.repository, opened.pull.number, voided(view))
    services.queue.send(PlanPull(repository=rollout.repository, pull=rollout.pull))


def _void_for(opened: OpenPull, rollout: Rollout, error: ExpectedError, services: Services) -> None:
    _void(opened, rollout, (Refusal(code=error.code, message=error.message, fix=error.advice),), services)


def _gone() -> Refusal:
    message = "the module or environment is no longer in the configuration"
    return Refusal(code=RefusalCode.UNKNOWN_ENVIRONMENT, message=message, fix="restore it on the default branch")
