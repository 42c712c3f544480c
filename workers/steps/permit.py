"""Under the lock: read pull, comments, people, policy, records and schema again, recompute the key, and let the gate decide once more."""

from __future__ import annotations

from dataclasses import dataclass, replace

from workers.core.approval import Approval
from workers.core.config import Environment, Module
from workers.core.examination import Examination
from workers.core.plan import StoredPlan
from workers.core.policy import Allowed, Blocked, PullFacts, decide
from workers.core.refusals import Refusal, RefusalCode
from workers.ports import Services
from workers.steps.guard import mend_report
from workers.steps.judge import judge
from workers.steps.pulls import OpenPull, Trees
from workers.steps.standing import look_up_again, pull_facts, with_approvals


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """The gate's word, and what it was given on."""

    allowed: Allowed
    examination: Examination
    environment: Environment
    facts: PullFacts
    merge_tree: str


def permit(
    opened: OpenPull, trees: Trees, module: Module, environment: Environment, stored: StoredPlan, services: Services
) -> Permit | tuple[Refusal, ...]:
    """Return the permit, or every reason why the approved plan may not run now."""
    if mend_report(opened, services):
        message = "the report was edited by somebody else, so its codes no longer count"
        return (
            Refusal(code=RefusalCode.COMMENT_TAMPERED, message=message, fix="approve the code of the fresh report"),
        )
    key = stored.plan.key
    revision = key.pending[-1].id if key.direction.bookkeeping_only and key.pending else ""
    facts = pull_facts(opened.repository, opened.pull, services)
    judged = judge(
        opened,
        trees,
        facts,
        module,
        environment,
        services,
        direction=key.direction,
        revision=revision,
        stored_only=True,
    )
    if judged.stored is None or judged.stored.plan.digest != stored.plan.digest:
        return judged.examination.refusals or (_other_plan(),)
    approvals, denied = look_up_again(judged.matter, facts, judged.standing.approvals, services)
    facing = replace(with_approvals(judged.standing, approvals), in_progress=False, held_by="")
    decision = decide(facing)
    if isinstance(decision, Blocked):
        given_before = {item.comment for item in judged.standing.approvals if not item.revoked}
        known = services.store.approvals(stored.plan.digest)
        revoked = tuple(_revoked(item) for item in known if item.revoked and item.comment in given_before)
        return (*denied, *revoked, *decision.refusals)
    merge = trees.checkout.merge
    return Permit(
        allowed=decision,
        examination=judged.examination,
        environment=environment,
        facts=facts,
        merge_tree=merge.oid if merge else "",
    )


def _other_plan() -> Refusal:
    message = "what would run now is not what was approved"
    return Refusal(code=RefusalCode.PLAN_CHANGED, message=message, fix="read the new report and approve its code")


def _revoked(approval: Approval) -> Refusal:
    message = f"the approval of {approval.by.login} no longer counts: {approval.revoked}"
    return Refusal(code=RefusalCode.APPROVAL_REVOKED, message=message, fix="approve again")
