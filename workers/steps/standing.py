"""Gather the facts that the gate judges: the pull as GitHub shows it now, who wrote it, what is held, what is approved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from workers.core import hours
from workers.core.approval import Approval
from workers.core.config import ApproverKind, Configuration, Environment, Module
from workers.core.examination import Examination
from workers.core.plan import StoredPlan
from workers.core.policy import PullFacts, Standing, may_approve
from workers.core.refusals import Refusal
from workers.core.rollout import UNFINISHED
from workers.ports import Pull, Rejection, Repository, Services
from workers.steps.approvers import unused
from workers.steps.hold import binding
from workers.steps.target import reach, target_key
from workers.steps.written import counted_pushes, written


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """One module on one environment of one pull: what every question of rights is about."""

    repository: Repository
    pull: Pull
    configuration: Configuration
    module: Module
    environment: Environment


def pull_facts(repository: Repository, pull: Pull, services: Services) -> PullFacts:
    """Who may not approve this pull: authenticated pushers and mapped authors of its commits, our own commits and clean merges left out."""
    commits = services.host.commit_authors(repository, pull.number)
    theirs = written(repository, pull, commits or (), services)
    pushes = counted_pushes(repository, pull, commits or (), theirs, services)
    named = {person for item in theirs for person in (item.author, item.committer) if person is not None}
    newest = next((item.sha for item in reversed(theirs)), pull.head)
    seen = any(push.sha in {newest, pull.head} for push in pushes)
    return PullFacts(
        number=pull.number,
        open=pull.open,
        draft=pull.draft,
        fork=pull.fork,
        base_branch=pull.base_branch,
        author=pull.author,
        excluded=tuple(sorted({push.sender for push in pushes} | named)),
        unseen_push=commits is None or (not seen and not named),
        unmapped=sum(1 for item in commits or () if item.author is None),
        logins=tuple(
            {
                **{item.author: item.author_login for item in theirs if item.author is not None},
                **{push.sender: push.sender_login for push in pushes},
            }.items()
        ),
    )


def standing(
    matter: Matter, facts: PullFacts, examination: Examination, stored: StoredPlan | None, services: Services
) -> Standing:
    """Put together everything `policy.decide` wants to know about a plan."""
    approvals = unused(stored, services) if stored else ()
    now = services.clock.now()
    rejection = _rejection(matter, services)
    held_by, held_for, in_progress = _hold(matter, services)
    return Standing(
        pull=facts,
        environment=matter.environment,
        branches=matter.configuration.branches,
        plan=examination.plan,
        code=stored.code if stored else "",
        findings=examination.refusals,
        drift=tuple(item.item for item in examination.drift),
        approvals=approvals,
        now=now,
        approved_at=tuple(_seconds(item.at) for item in approvals),
        waits_for=examination.waits_for,
        unverified=examination.unverified,
        unlike=bool(examination.unlike),
        held_by=held_by,
        held_for=held_for,
        in_progress=in_progress,
        rejected_by=rejection.by if rejection else "",
        rejected_why=rejection.why if rejection else "",
        within_hours=hours.within(matter.environment.apply_hours, now),
        codes_shown=services.store.codes_shown(matter.repository.id, matter.pull.number, matter.environment.name),
        modules_concerned=_modules(matter),
    )


def with_approvals(facing: Standing, approvals: tuple[Approval, ...]) -> Standing:
    """The same facts with these approvals."""
    return replace(facing, approvals=approvals, approved_at=tuple(_seconds(item.at) for item in approvals))


def look_up_again(
    matter: Matter, facts: PullFacts, approvals: tuple[Approval, ...], services: Services
) -> tuple[tuple[Approval, ...], tuple[Refusal, ...]]:
    """Read every counted comment and every approver's rights from GitHub again; returns the approvals that still count, with fresh rights."""
    counted, refusals = [], []
    for approval in approvals:
        if approval.revoked:
            continue
        comment = services.host.comment(matter.repository, approval.comment)
        if (
            comment is None
            or comment.edited
            or comment.body.strip() != approval.text.strip()
            or comment.author != approval.by.id
        ):
            why = "its comment is gone" if comment is None else "its comment was edited"
            services.store.revoke(approval.digest, approval.comment, why)
            continue
        person = services.host.person(matter.repository, approval.by.id, team_names(matter.environment))
        refusal = may_approve(person, matter.environment, facts)
        if refusal is None:
            counted.append(replace(approval, by=person))
        else:
            refusals.append(refusal)
    return tuple(counted), tuple(refusals)


def team_names(environment: Environment) -> tuple[str, ...]:
    """The teams that the lists of approvers name."""
    return tuple(
        dict.fromkeys(
            item.name for group in environment.approver_sets for item in group if item.kind is ApproverKind.TEAM
        )
    )


def _hold(matter: Matter, services: Services) -> tuple[str, tuple[int, str] | None, bool]:
    """(why the target is held, for which half-done rollout of this pull, whether an apply is running)."""
    if matter.environment.url is None:
        return "", None, False
    _, target = reach(matter.environment, services)
    found = binding(target_key(target), services)
    if found is None:
        return "", None, False
    hold, rollout = found
    if rollout is not None and rollout.state in UNFINISHED:
        return "", None, True
    own = rollout is not None and (rollout.repository, rollout.pull) == (matter.repository.id, matter.pull.number)
    held_for = (rollout.sequence, rollout.digest) if rollout is not None and own else None
    return f"{matter.environment.name} is held by #{hold.pull}: {hold.reason}", held_for, False


def _rejection(matter: Matter, services: Services) -> Rejection | None:
    memory = services.store.pull(matter.repository.id, matter.pull.number)
    place = (matter.module.id, matter.environment.name)
    return next((item for item in memory.rejections if (item.module, item.environment) == place), None)


def _modules(matter: Matter) -> int:
    """How many modules of this repository have an environment of that name: a plain approval must not be ambiguous."""
    return sum(1 for module in matter.configuration.modules if module.environment(matter.environment.name) is not None)


def _seconds(iso: str) -> float:
    return datetime.fromisoformat(iso).timestamp()
