"""`/approve`: find the plan that the words name, see that it still holds, count the approval, and start the apply when nothing is missing."""

from __future__ import annotations

from workers.core.approval import Approval, ApprovalWords
from workers.core.config import Environment, Module
from workers.core.plan import StoredPlan
from workers.core.policy import Allowed, Blocked, code_required, counted, decide
from workers.core.refusals import Actor, Refusal, RefusalCode
from workers.core.rollout import UNFINISHED, Rollout, RolloutState
from workers.messages import ApplyPlan, PlanPull, RecordApproval
from workers.ports import Services
from workers.rendering.verdict import next_step
from workers.steps.approvers import unused
from workers.steps.command import Asked, asked_by, overtaken, refuse
from workers.steps.guard import mend_report
from workers.steps.judge import Judged, judge
from workers.steps.propose import changed_since
from workers.steps.pulls import read_trees
from workers.steps.standing import with_approvals
from workers.steps.target import reach, target_key
from workers.steps.views import report_view

_WAITS = frozenset({RefusalCode.NEEDS_APPROVAL, RefusalCode.APPROVAL_REVOKED, RefusalCode.APPROVAL_EXPIRED})
_STALE = frozenset({RefusalCode.PLAN_CHANGED, RefusalCode.TARGET_CHANGED})


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
    if not isinstance(stored, Refusal):
        stored = overtaken(asked, services) or stored
    if isinstance(stored, Refusal):
        refuse(asked.opened, asked.heard, asked.command, (stored,), services)
        return
    _count(asked, asked.module, asked.environment, asked.command.words, stored, services)


def _count(
    asked: Asked, module: Module, environment: Environment, words: ApprovalWords, stored: StoredPlan, services: Services
) -> None:
    judged = _judge_again(asked, module, environment, stored, services)
    if _stands(judged, stored, services):
        done = _refusal(RefusalCode.ALREADY_APPLIED, f"plan {stored.code} is applied already", "nothing is to be done")
        refuse(asked.opened, asked.heard, asked.command, (done,), services)
        return
    approval = Approval(
        digest=stored.plan.digest,
        by=asked.person,
        words=words,
        comment=asked.heard.comment,
        body_hash=asked.heard.body_hash,
        text=asked.heard.text,
        at=asked.heard.at,
        acknowledged=tuple(item.item.identity for item in judged.examination.drift if item.number in words.accept),
    )
    left = _renumbered(judged, words, services) or _left(judged, approval, stored)
    if left:
        refuse(asked.opened, asked.heard, asked.command, left, services, _instead(asked, judged, services))
        if {item.code for item in left} & _STALE:
            _plan_again(asked, services)
        return
    services.store.keep_approval(asked.opened.repository.id, asked.opened.pull.number, approval)
    known = unused(stored, services)  # another one may have come meanwhile
    if isinstance(decide(with_approvals(judged.standing, known)), Allowed):
        _start(asked, judged, services)
    else:
        _plan_again(asked, services)


def _left(judged: Judged, approval: Approval, stored: StoredPlan) -> tuple[Refusal, ...]:
    """What speaks against this approval; other people's approvals may still be missing."""
    facing = with_approvals(judged.standing, (*judged.standing.approvals, approval))
    decision = decide(facing)
    found = decision.refusals if isinstance(decision, Blocked) else ()
    others = tuple(item for item in found if item.code not in _WAITS)
    if judged.stored is not None and judged.stored.plan.digest != stored.plan.digest:
        return (*others, changed_since(stored.plan.key, judged.stored.plan.key))
    if judged.stored is None or approval in counted(facing):
        return others
    if not stored.shown:
        return others or (_not_shown(judged.matter.environment),)
    if approval.words.code or not code_required(facing):
        return found
    environment = judged.matter.environment.name
    fix = f"write `/approve {environment} {stored.code}` after reading that plan"
    return (*others, _refusal(RefusalCode.PLAN_CODE_REQUIRED, "this plan does more than add", fix))


def _renumbered(judged: Judged, words: ApprovalWords, services: Services) -> tuple[Refusal, ...]:
    """`drift-1` means what the report called so; where the target moved since, it may be something else by now."""
    matter, live = judged.matter, judged.examination.live
    place = (matter.repository.id, matter.pull.number, matter.module.id, matter.environment.name)
    if not words.accept or live is None or services.store.view(*place) == live.fingerprint:
        return ()
    message = f"the schema of {matter.environment.name} moved since the report numbered its drift"
    return (_refusal(RefusalCode.TARGET_CHANGED, message, "read the new report and accept by its numbers"),)


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
        return _idle(named[0], services) if named else _unknown(environment, code)
    if not shown:
        return next((item for item in plans if not item.retired), None) or _not_shown(environment)
    newest = shown[0]
    if services.store.codes_shown(asked.opened.repository.id, asked.opened.pull.number, environment.name) != 1:
        fix = f"write `/approve {environment.name} {newest.code}` after reading that plan"
        return _refusal(RefusalCode.PLAN_CODE_REQUIRED, "this pull has shown more than one plan for it", fix)
    return _idle(newest, services)


def _idle(stored: StoredPlan, services: Services) -> StoredPlan | Refusal:
    """The plan, unless it is being applied."""
    if any(item.digest == stored.plan.digest and item.state in UNFINISHED for item in _rollouts(stored, services)):
        return _refusal(RefusalCode.APPLY_IN_PROGRESS, f"plan {stored.code} is being applied", "wait for it to end")
    return stored


def _stands(judged: Judged, stored: StoredPlan, services: Services) -> bool:
    """Whether the plan is what was applied last. Where the target is again as it found it, it was taken back, by us or not, and may run."""
    if judged.stored is not None and judged.stored.plan.digest == stored.plan.digest:
        return False
    done = [item for item in _rollouts(stored, services) if item.state is RolloutState.APPLIED]
    return bool(done) and max(done, key=lambda item: item.sequence).digest == stored.plan.digest


def _rollouts(stored: StoredPlan, services: Services) -> list[Rollout]:
    key = stored.plan.key
    rollouts = services.store.rollouts(key.repository, key.pull)
    return [item for item in rollouts if (item.module, item.environment) == (key.module, key.environment)]


def _instead(asked: Asked, judged: Judged, services: Services) -> str:
    """The line that the report offers, where one is offered."""
    step = next_step(report_view(asked.opened, (judged,), (), services.server_url, services))
    return step.line if step.line.startswith("/approve ") else ""


def _plan_again(asked: Asked, services: Services) -> None:
    services.queue.send(PlanPull(repository=asked.opened.repository.id, pull=asked.opened.pull.number))


def _unknown(environment: Environment, code: str) -> Refusal:
    fix = f"read the newest report, or comment `/plan {environment.name}`"
    return _refusal(
        RefusalCode.UNKNOWN_PLAN_CODE, f"{code} is no plan of {environment.name} that this pull shows now", fix
    )


def _not_shown(environment: Environment) -> Refusal:
    message = f"no plan of {environment.name} was shown yet"
    return _refusal(RefusalCode.PLAN_INCOMPLETE, message, f"comment `/plan {environment.name}`")


def _tampered() -> Refusal:
    message = "the report was edited by somebody else, so its codes no longer count"
    return _refusal(RefusalCode.COMMENT_TAMPERED, message, "read the fresh report and approve its code")


def _refusal(code: RefusalCode, message: str, fix: str) -> Refusal:
    return Refusal(code=code, message=message, fix=fix, actor=Actor.APPROVER)
