"""A rollout whose worker died is judged by what the database shows, never run again; `/unlock` gives a kept hold back."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

from workers.core.errors import ExpectedError
from workers.core.names import CommandName
from workers.core.refusals import Actor, Refusal, RefusalCode
from workers.core.rollout import Rollout, RolloutState, Step
from workers.core.schema import snapshot_from_json
from workers.messages import ApplyPlan, PlanPull, RecoverRollout
from workers.ports import Hold, Reaction, Services, Target
from workers.steps.command import Asked, asked_by, overtaken, refuse
from workers.steps.diagnosis import diagnosed
from workers.steps.ending import finish, follow, tell_deployment, version_table_of
from workers.steps.hold import binding, carried_on
from workers.steps.pulls import OpenPull, read_pull
from workers.steps.shown import shown
from workers.steps.target import reach, target_key
from workers.steps.withdraw import revoke_all, withdraw


def recover_rollout(message: RecoverRollout, services: Services) -> None:
    """Recover one rollout, or act on `/unlock`."""
    if message.delivery:
        asked = asked_by(message, services)
        if asked is not None and asked.command.name is CommandName.UNLOCK:
            _unlock(asked, services)
        return
    rollout = services.store.rollout(message.rollout)
    if rollout is None:
        return
    if rollout.state is RolloutState.APPROVED:
        services.queue.send(
            ApplyPlan(
                repository=rollout.repository,
                pull=rollout.pull,
                module=rollout.module,
                environment=rollout.environment,
            )
        )
    elif rollout.state in {RolloutState.APPLYING, RolloutState.VERIFYING}:
        _recover(rollout, services)


def _recover(rollout: Rollout, services: Services) -> None:
    opened = read_pull(rollout.repository, rollout.pull, services)
    target = _target(opened, rollout, services)
    stored = services.store.plan(rollout.digest)
    if target is None or stored is None:
        return
    with target.lock() as lock:
        if lock is None:
            return
        current = services.store.rollout(rollout.id)
        if current is None or current.state not in {RolloutState.APPLYING, RolloutState.VERIFYING}:
            return
        before = snapshot_from_json(json.loads(dict(services.store.documents(rollout.id))["before.json"]))
        steps = services.store.steps(rollout.id)
        run = shown(stored.plan, before, target, version_table_of(current, services), steps)
        text = f"the database shows {run.groups} of {len(stored.plan.body.groups)} transaction groups"
        note = Step(at=services.clock.iso(), command="recovery: the worker had died", result=text)
        services.store.journal(rollout.id, note)
        fence = _claim(current, services)
        current = replace(current, fence=fence or current.fence)
        ask = partial(diagnosed, opened, current, stored.plan, target, services)
        ended = finish(current, stored.plan, before, run, target, fence, ask, services)
    follow(ended, services)
    tell_deployment(ended, services.host.repository(ended.repository), services)


def _target(opened: OpenPull, rollout: Rollout, services: Services) -> Target | None:
    """The rollout's database; None while the configuration does not lead to it: another one would say nothing about it."""
    module = opened.configuration.module(rollout.module) if opened.configuration else None
    environment = module.environment(rollout.environment) if module else None
    target = reach(environment, services)[1] if environment else None
    return target if target is not None and target_key(target) == rollout.target else None


def _claim(rollout: Rollout, services: Services) -> int:
    """Raise the fence of this rollout's own hold, so that a worker that only seemed dead can end nothing; 0 where it is unlocked."""
    known = services.store.hold(rollout.target)
    if known is None or known.rollout != rollout.id:
        return 0
    hold = services.store.take_hold(rollout.target, rollout.id, rollout.pull, known.reason)
    return hold.fence if hold is not None else 0


def _unlock(asked: Asked, services: Services) -> None:
    """Give the hold back; never while the database's own lock is held."""
    if asked.environment is None:
        return
    _, target = reach(asked.environment, services)
    found = binding(target_key(target), services)
    if found is None:
        refuse(asked.opened, asked.heard, asked.command, (_not_held(asked.environment.name),), services)
        return
    late = overtaken(asked, services)
    if late is not None:
        refuse(asked.opened, asked.heard, asked.command, (late,), services)
        return
    if not _free(target, found[0].rollout, services):
        refuse(asked.opened, asked.heard, asked.command, (_running(asked.environment.name),), services)
        return
    hold = (binding(found[0].target, services) or found)[0]  # one that had died is judged by now
    why = f"unlocked by {asked.heard.sender_login}: {asked.command.text}"
    services.store.journal(hold.rollout, Step(at=services.clock.iso(), command="/unlock", result=why))
    services.store.release_hold(hold.target, hold.fence)
    _withdraw_continuations(hold, services)
    services.host.react(asked.opened.repository, asked.heard.comment, Reaction.YES)
    services.queue.send(PlanPull(repository=asked.opened.repository.id, pull=asked.opened.pull.number))


def _withdraw_continuations(hold: Hold, services: Services) -> None:
    """Who unlocks looked at what is there; a rest that was approved before must not run any more."""
    for rollout in services.store.rollouts_of_target(hold.target, RolloutState.APPROVED):
        first = carried_on(rollout, services)
        if first is not None and first.id == hold.rollout and withdraw(rollout, "unlocked", services):
            revoke_all(rollout.digest, "the rollout that it carries on was unlocked", services)


def _free(target: Target, rollout: int, services: Services) -> bool:
    """Whether nobody is at work there; a rollout that died is judged first, because afterwards nobody could tell its work from drift."""
    died = services.store.rollout(rollout)
    if died is not None and died.state in {RolloutState.APPLYING, RolloutState.VERIFYING}:
        _recover(died, services)
    try:
        with target.lock() as lock:
            return lock is not None
    except ExpectedError:
        return False


def _not_held(name: str) -> Refusal:
    message = f"{name} is not held"
    return Refusal(
        code=RefusalCode.COMMAND_NOT_ALLOWED, message=message, fix="nothing is to be done", actor=Actor.NOBODY
    )


def _running(name: str) -> Refusal:
    message = f"the database lock of {name} is held: an apply is running"
    return Refusal(code=RefusalCode.APPLY_IN_PROGRESS, message=message, fix="wait for it to end", actor=Actor.APPROVER)
