"""`/approve`: find the plan that the words name, see that it still holds, count the approval, and start the apply when nothing is missing."""

from __future__ import annotations

from workers.core.approval import Approval, ApprovalWords
from workers.core.config import Environment, Module
from workers.core.plan import StoredPlan
from workers.core.policy import Allowed, Blocked, code_required
from workers.core.refusals import Actor, Refusal, RefusalCode
from workers.core.rollout import RolloutState
from workers.messages import ApplyPlan, PlanPull, RecordApproval
from workers.ports import Services
from workers.steps.command import Asked, asked_by, refuse
from workers.steps.guard import mend_report
from workers.steps.judge import Judged, judge
from workers.steps.pulls import read_trees
from workers.steps.target import reach, target_key

_WAITS = frozenset({RefusalCode.NEEDS_APPROVAL})


def record_approval(message: RecordApproval, services: Services) -> None:
    """Count the approval if everything else allows the plan; else say all that is missing. It never fires later by itself."""
    asked = asked_by(message, services)
    if asked is None or asked.module is None or asked.environment is None or asked.command.words is None:
        return
    if mend_report(asked.opened, services):
        refuse(asked.opened, asked.heard, asked.command, (_tampered(),), services)
        services.queue.send(PlanPull(repository=message.repository, pull=message.pull))
        return
    stored = _named_plan(asked, asked.module, asked.environment, services)
    if isinstance(stored, Refusal):
        refuse(asked.opened, asked.heard, asked.command, (stored,), services)
        return
    _count(asked, asked.module, asked.environment, asked.command.words, stored, services)


def _count(
    asked: Asked, module: Module, environment: Environment, words: ApprovalWords, stored: StoredPlan, services: Services
) -> None:
    approval = Approval(
        digest=stored.plan.digest,
        by=asked.person,
        words=words,
        comment=asked.heard.comment,
        body_hash=asked.heard.body_hash,
        text=asked.heard.text,
        at=asked.heard.at,
    )
    services.store.keep_approval(asked.opened.repository.id, asked.opened.pull.number, approval)
    judged = _judge_again(asked, module, environment, stored, services)
    if isinstance(judged.decision, Allowed):
        _start(asked, judged, services)
        return
    left = _said(judged, stored)
    if {item.code for item in left} <= _WAITS:
        services.queue.send(PlanPull(repository=asked.opened.repository.id, pull=asked.opened.pull.number))
        return
    services.store.revoke(stored.plan.digest, approval.comment, "it was refused when it was given")
    refuse(asked.opened, asked.heard, asked.command, left, services, _instead(judged, stored))
    if {item.code for item in left} & {RefusalCode.PLAN_CHANGED, RefusalCode.TARGET_CHANGED}:
        services.queue.send(PlanPull(repository=asked.opened.repository.id, pull=asked.opened.pull.number))


def _judge_again(
    asked: Asked, module: Module, environment: Environment, stored: StoredPlan, services: Services
) -> Judged:
    trees = read_trees(asked.opened, services)
    key = stored.plan.key
    revision = key.pending[-1].id if key.direction.bookkeeping_only and key.pending else ""
    return judge(
        asked.opened,
        trees,
        asked.facts,
        module,
        environment,
        services,
        direction=key.direction,
        revision=revision,
        stored_only=True,
    )


def _start(asked: Asked, judged: Judged, services: Services) -> None:
    _, target = reach(judged.matter.environment, services)
    if judged.stored is None:
        return
    services.store.start_rollout(judged.stored.plan.digest, target_key(target))
    services.queue.send(
        ApplyPlan(
            repository=asked.opened.repository.id,
            pull=asked.opened.pull.number,
            module=judged.matter.module.id,
            environment=judged.matter.environment.name,
        )
    )


def _named_plan(asked: Asked, module: Module, environment: Environment, services: Services) -> StoredPlan | Refusal:
    """The plan that the code names; without a code the one that was shown, if only one was."""
    plans = services.store.plans(asked.opened.repository.id, asked.opened.pull.number, module.id, environment.name)
    code = asked.command.code
    shown = [item for item in plans if item.shown and not item.retired]
    if code:
        named = [item for item in shown if item.code == code]
        return _not_applied(named[0], services) if named else _unknown(environment, code)
    if not shown:
        return _refusal(
            RefusalCode.PLAN_INCOMPLETE,
            f"no plan of {environment.name} was shown yet",
            f"comment `/plan {environment.name}`",
        )
    newest = shown[0]
    if services.store.codes_shown(asked.opened.repository.id, asked.opened.pull.number, environment.name) != 1:
        fix = f"write `/approve {environment.name} {newest.code}` after reading that plan"
        return _refusal(RefusalCode.PLAN_CODE_REQUIRED, "this pull has shown more than one plan for it", fix)
    return _not_applied(newest, services)


def _not_applied(stored: StoredPlan, services: Services) -> StoredPlan | Refusal:
    key = stored.plan.key
    rollouts = services.store.rollouts(key.repository, key.pull)
    done = [item for item in rollouts if item.digest == stored.plan.digest]
    if any(item.state is RolloutState.APPLIED for item in done):
        return _refusal(RefusalCode.ALREADY_APPLIED, f"plan {stored.code} is applied already", "nothing is to be done")
    if any(item.state in {RolloutState.APPROVED, RolloutState.APPLYING, RolloutState.VERIFYING} for item in done):
        return _refusal(RefusalCode.APPLY_IN_PROGRESS, f"plan {stored.code} is being applied", "wait for it to end")
    return stored


def _said(judged: Judged, stored: StoredPlan) -> tuple[Refusal, ...]:
    """Everything that is missing; a code that was left out is said as such, not as a missing approval."""
    left = judged.decision.refusals if isinstance(judged.decision, Blocked) else ()
    given = [item for item in judged.standing.approvals if not item.revoked]
    if judged.stored is None or not code_required(judged.standing) or all(item.words.code for item in given):
        others = tuple(item for item in left if item.code is not RefusalCode.NEEDS_APPROVAL)
        return others or left
    environment = judged.matter.environment.name
    fix = f"write `/approve {environment} {stored.code}` after reading that plan"
    without = _refusal(RefusalCode.PLAN_CODE_REQUIRED, "this plan does more than add", fix)
    return (*(item for item in left if item.code is not RefusalCode.NEEDS_APPROVAL), without)


def _instead(judged: Judged, stored: StoredPlan) -> str:
    actors = {item.actor for item in judged.decision.refusals} if isinstance(judged.decision, Blocked) else set()
    if actors - {Actor.APPROVER} or judged.stored is None:
        return ""
    return f"/approve {judged.matter.environment.name} {stored.code}"


def _unknown(environment: Environment, code: str) -> Refusal:
    fix = f"read the newest report, or comment `/plan {environment.name}`"
    return _refusal(
        RefusalCode.UNKNOWN_PLAN_CODE, f"{code} is no plan of {environment.name} that this pull shows now", fix
    )


def _tampered() -> Refusal:
    message = "the report was edited by somebody else, so its codes no longer count"
    return _refusal(RefusalCode.COMMENT_TAMPERED, message, "read the fresh report and approve its code")


def _refusal(code: RefusalCode, message: str, fix: str) -> Refusal:
    return Refusal(code=code, message=message, fix=fix, actor=Actor.APPROVER)
