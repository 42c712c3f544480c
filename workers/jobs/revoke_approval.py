"""`/reject`, and what follows when a comment is edited or deleted: approvals that were not acted on yet no longer count."""

from __future__ import annotations

from dataclasses import replace

from workers.core.approval import Approval
from workers.core.names import CommandName
from workers.core.refusals import Refusal, RefusalCode
from workers.core.rollout import RolloutState
from workers.messages import Heard, HeardKind, PlanPull, RevokeApproval
from workers.ports import Rejection, Services
from workers.rendering.comments import voided
from workers.rendering.views import VoidedView
from workers.steps.approvers import unused
from workers.steps.command import Asked, asked_by
from workers.steps.guard import withdraw_report
from workers.steps.pulls import OpenPull, read_pull
from workers.steps.views import pull_url
from workers.steps.withdraw import withdraw

_RUNNING = frozenset({RolloutState.APPLYING, RolloutState.VERIFYING})


def revoke_approval(message: RevokeApproval, services: Services) -> None:
    """Act on a rejection or on a changed comment."""
    heard = services.inbox.heard(message.delivery)
    if heard is None:
        return
    if heard.kind is HeardKind.COMMENT:
        asked = asked_by(message, services)
        if asked is not None and asked.command.name is CommandName.REJECT:
            _reject(asked, services)
        return
    opened = read_pull(message.repository, message.pull, services)
    _comment_changed(opened, heard, services)


def _reject(asked: Asked, services: Services) -> None:
    """Stop what has not begun on that environment; approvals given until now count no more, whoever asks again."""
    if asked.module is None or asked.environment is None:
        return
    repository, pull = asked.opened.repository.id, asked.opened.pull.number
    module, environment, by = asked.module.id, asked.environment.name, asked.heard.sender_login
    memory = services.store.pull(repository, pull)
    others = tuple(item for item in memory.rejections if (item.module, item.environment) != (module, environment))
    rejection = Rejection(module=module, environment=environment, by=by, why=asked.command.text)
    services.store.remember_pull(replace(memory, rejections=(*others, rejection)))
    for rollout in services.store.rollouts(repository, pull):
        if (rollout.module, rollout.environment) == (module, environment) and rollout.state is RolloutState.APPROVED:
            withdraw(rollout, "rejected", services)
    for stored in services.store.plans(repository, pull, module, environment):
        for approval in unused(stored, services):
            services.store.revoke(stored.plan.digest, approval.comment, f"rejected by {by}")
    services.queue.send(PlanPull(repository=repository, pull=pull))


def _comment_changed(opened: OpenPull, heard: Heard, services: Services) -> None:
    """Somebody edited or deleted a comment: ours retires the codes, an approver's revokes what it approved."""
    memory = services.store.pull(opened.repository.id, opened.pull.number)
    if heard.comment == memory.report_comment:
        _report_changed(opened, heard, services)
        return
    what = "deleted" if heard.kind is HeardKind.COMMENT_DELETED else "edited"
    running = {
        item.digest
        for item in services.store.rollouts(opened.repository.id, opened.pull.number)
        if item.state in _RUNNING
    }
    for approval in services.store.approvals_by_comment(heard.comment):
        if not approval.revoked and approval.digest not in running:
            _revoke(opened, approval, f"its comment was {what} by {heard.sender_login}", services)


def _report_changed(opened: OpenPull, heard: Heard, services: Services) -> None:
    if heard.kind is HeardKind.COMMENT_DELETED:
        services.store.retire_codes(opened.repository.id, opened.pull.number)
        memory = services.store.pull(opened.repository.id, opened.pull.number)
        services.store.remember_pull(replace(memory, report_comment=0, report_hash="", report_text=""))
    else:
        withdraw_report(opened, services, heard.sender_login)
    services.queue.send(PlanPull(repository=opened.repository.id, pull=opened.pull.number))


def _revoke(opened: OpenPull, approval: Approval, why: str, services: Services) -> None:
    services.store.revoke(approval.digest, approval.comment, why)
    for rollout in services.store.rollouts(opened.repository.id, opened.pull.number):
        if rollout.digest == approval.digest and rollout.state is RolloutState.APPROVED:
            withdraw(rollout, why, services)
    stored = services.store.plan(approval.digest)
    refusal = Refusal(code=RefusalCode.APPROVAL_REVOKED, message=why, fix="approve again in a new comment")
    view = VoidedView(
        environment=stored.plan.key.environment if stored else approval.words.environment,
        by=approval.by.login,
        reasons=(refusal,),
        report_url=pull_url(opened, services.server_url),
    )
    services.host.post_comment(opened.repository, opened.pull.number, voided(view))
    services.queue.send(PlanPull(repository=opened.repository.id, pull=opened.pull.number))
