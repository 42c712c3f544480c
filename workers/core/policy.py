"""The gate: a pure function from what is known to `Allowed`, or to `Blocked` with every reason."""

from __future__ import annotations

from dataclasses import dataclass, field

from workers.core.approval import Approval, Person
from workers.core.config import CodeRule, DestructiveRule, DriftRule, Environment, Mode
from workers.core.listed import approver_names, is_listed
from workers.core.names import Direction
from workers.core.plan import Need, Plan
from workers.core.progress import Unverified
from workers.core.refusals import Actor, Refusal, RefusalCode

_SEAL = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """Proof that the gate let this digest through; only `decide` can make one, and `execute` cannot be called without it."""

    digest: str
    approvals: tuple[Approval, ...]
    _seal: object = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse to be made anywhere but in this module."""
        if self._seal is not _SEAL:
            msg = "Allowed is made by policy.decide alone"
            raise TypeError(msg)


@dataclass(frozen=True, slots=True)
class Blocked:
    """Everything that is missing, in the order in which people should read it."""

    refusals: tuple[Refusal, ...]


Decision = Allowed | Blocked


@dataclass(frozen=True, slots=True, kw_only=True)
class PullFacts:
    """What the gate knows of a pull, read from GitHub just now. `unmapped` counts the commits that GitHub maps to nobody."""

    number: int
    open: bool
    draft: bool
    fork: bool
    base_branch: str
    author: int
    excluded: tuple[int, ...] = ()
    unseen_push: bool = False
    logins: tuple[tuple[int, str], ...] = ()
    unmapped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftItem:
    """One numbered drift item: its number (`drift-1`), what people read, whether the plan touches the object, and the hash of the change."""

    number: str
    label: str
    touches_plan: bool
    identity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All facts about one plan on one environment. `now` is in seconds since the epoch; `within_hours` is None where no window is set.

    `held_for` is the half-done rollout of this very pull that holds the target: its number there, and the digest of its plan.
    """

    pull: PullFacts
    environment: Environment
    branches: tuple[str, ...]
    plan: Plan | None
    code: str
    findings: tuple[Refusal, ...]
    drift: tuple[DriftItem, ...]
    approvals: tuple[Approval, ...]
    now: float
    approved_at: tuple[float, ...] = ()
    waits_for: tuple[str, ...] = ()
    unverified: tuple[Unverified, ...] = ()
    unlike: bool = False
    held_by: str = ""
    held_for: tuple[int, str] | None = None
    in_progress: bool = False
    rejected_by: str = ""
    rejected_why: str = ""
    within_hours: bool | None = None
    codes_shown: int = 1
    modules_concerned: int = 1


def decide(standing: Standing) -> Decision:
    """Judge everything and return all reasons; without a plan nothing is ever allowed."""
    refusals = (
        *standing.findings,
        *_pull_refusals(standing),
        *_environment_refusals(standing),
        *_drift_refusals(standing),
        *_destructive_refusals(standing),
        *_push_refusals(standing),
        *_approval_refusals(standing),
    )
    if standing.plan is None or refusals:
        return Blocked(refusals or (_refuse(RefusalCode.PLAN_INCOMPLETE, "there is no plan", "comment `/plan`"),))
    return Allowed(digest=standing.plan.digest, approvals=counted(standing), _seal=_SEAL)


def may_approve(person: Person, environment: Environment, pull: PullFacts) -> Refusal | None:
    """Return why this person's approval does not count for this environment and pull, None where it does."""
    if not person.is_person or not person.role.writes or not is_listed(person, environment):
        return _refuse(
            RefusalCode.NOT_AUTHORISED,
            f"{person.login} may not approve {environment.name}",
            "ask one of: " + ", ".join(approver_names(environment)),
            Actor.APPROVER,
        )
    if not environment.author_may_approve and person.id in {pull.author, *pull.excluded}:
        return _refuse(
            RefusalCode.AUTHOR_MAY_NOT_APPROVE,
            f"{person.login} wrote or pushed part of this pull",
            "ask another approver, or set `author_may_approve: true` on the default branch",
            Actor.APPROVER,
        )
    return None


def to_accept(drift: tuple[DriftItem, ...], rule: DriftRule, direction: Direction) -> tuple[DriftItem, ...]:
    """The drift that blocks until it is accepted by number: all of it where a plan says that the schema is what a revision leaves."""
    rule = DriftRule.ANY if direction is Direction.BASELINE else rule
    return tuple(item for item in drift if rule is DriftRule.ANY or (rule is DriftRule.TOUCHED and item.touches_plan))


def needed_approvals(standing: Standing) -> int:
    """How many people must approve: one more where a push of watched files was never seen and nobody can be excluded for it."""
    return max(
        standing.environment.approvals,
        2 if standing.pull.unseen_push and not standing.environment.author_may_approve else 1,
    )


def _pull_refusals(standing: Standing) -> list[Refusal]:
    pull, found = standing.pull, []
    if not pull.open:
        found.append(_refuse(RefusalCode.PULL_CLOSED, "this pull is closed", "reopen it, or open a new one"))
    if pull.draft:
        found.append(_refuse(RefusalCode.DRAFT_PULL, "this pull is a draft", "mark it ready for review"))
    if pull.fork:
        found.append(
            _refuse(RefusalCode.FORK_PULL, "this pull comes from a fork", "push the branch to this repository")
        )
    if pull.base_branch not in standing.branches:
        names = ", ".join(standing.branches)
        found.append(
            _refuse(
                RefusalCode.BASE_NOT_ALLOWED,
                f"pulls against {pull.base_branch} may not apply",
                f"retarget to one of: {names}",
            )
        )
    return found


def _environment_refusals(standing: Standing) -> list[Refusal]:
    environment, found = standing.environment, []
    if environment.mode is Mode.REPORT:
        message = f"{environment.name} is only watched here; another pipeline applies"
        found.append(
            _refuse(
                RefusalCode.COMMAND_NOT_ALLOWED,
                message,
                "apply there, or set `mode: apply` in the server config",
                Actor.OPERATOR,
            )
        )
    if standing.rejected_by:
        why = f' ("{standing.rejected_why}")' if standing.rejected_why else ""
        fix = f"change the migration, or comment `/plan {environment.name}` to ask again"
        found.append(_refuse(RefusalCode.REJECTED, f"rejected by {standing.rejected_by}{why}", fix))
    if missing := sorted({*standing.waits_for} - {item.environment for item in standing.unverified}):
        names = ", ".join(missing)
        message = f"{environment.name} waits for {names}"
        found.append(_refuse(RefusalCode.ENVIRONMENT_ORDER, message, f"apply it on {names} first", Actor.APPROVER))
    found += [item.refusal(environment.name) for item in standing.unverified]
    if standing.in_progress:
        message = f"an apply is running on {environment.name}"
        found.append(_refuse(RefusalCode.APPLY_IN_PROGRESS, message, "wait for it to end", Actor.NOBODY))
    elif standing.held_by and not _carries_on(standing):
        found.append(
            _refuse(
                RefusalCode.ENVIRONMENT_HELD,
                standing.held_by,
                f"{'' if standing.held_for else 'carry it on in its own pull, or '}"
                f'look at it, then `/unlock {environment.name} "why"`',
                Actor.APPROVER,
            )
        )
    if standing.within_hours is False:
        window = "; ".join(environment.apply_hours)
        message = f"{environment.name} is applied only {window}"
        found.append(
            _refuse(
                RefusalCode.OUTSIDE_HOURS,
                message,
                "comment again within these hours; an approval never fires later by itself",
                Actor.APPROVER,
            )
        )
    return found


def _drift_refusals(standing: Standing) -> list[Refusal]:
    accepted = {identity for approval in counted(standing) for identity in approval.acknowledged}
    direction = standing.plan.key.direction if standing.plan else Direction.UPGRADE
    by_hand = (
        "bring it to that state by hand" if direction is Direction.BASELINE else "write it as a migration, revert it"
    )
    return [
        _refuse(
            RefusalCode.DRIFT_PRESENT,
            f"{item.number}: {item.label} differs from what the migrations make",
            f"{by_hand}, or approve with `--accept {item.number}`",
            Actor.APPROVER,
        )
        for item in to_accept(standing.drift, standing.environment.block_on_drift, direction)
        if item.identity not in accepted
    ]


def _destructive_refusals(standing: Standing) -> list[Refusal]:
    plan = standing.plan
    if plan is None or Need.ALLOW_DESTRUCTIVE not in plan.body.needs:
        return []
    what = ", ".join(plan.destroys) or "rows"
    if standing.environment.destructive is DestructiveRule.REFUSE:
        return [
            _refuse(
                RefusalCode.DESTRUCTIVE_NOT_ALLOWED,
                f"{what} would be lost, and the config refuses that here",
                "keep it, or apply it by hand",
            )
        ]
    words = [approval.words for approval in counted(standing)]
    found = []
    if not any(item.allow_destructive for item in words):
        found.append(
            _refuse(
                RefusalCode.DESTRUCTIVE_NOT_ALLOWED,
                f"{what} would be lost",
                "approve with `--allow-destructive`",
                Actor.APPROVER,
            )
        )
    if not any(item.backup or item.accept_risk for item in words):
        fix = 'approve with `--backup "which one"` or `--accept-risk "why"`'
        found.append(
            _refuse(RefusalCode.BACKUP_NOT_CONFIRMED, "no backup is named for what would be lost", fix, Actor.APPROVER)
        )
    return found


def _push_refusals(standing: Standing) -> list[Refusal]:
    plan = standing.plan
    said = any(approval.words.allow_push for approval in counted(standing))
    if plan is None or Need.ALLOW_PUSH not in plan.body.needs or said:
        return []
    fix = 'approve with `--allow-push "why"`'
    message = "this plan pushes a schema without a migration"
    return [_refuse(RefusalCode.STRATEGY_NOT_ALLOWED, message, fix, Actor.APPROVER)]


def _approval_refusals(standing: Standing) -> list[Refusal]:
    approving = {approval.by.id for approval in counted(standing)}
    missing = needed_approvals(standing) - len(approving)
    if standing.plan is None or missing <= 0:
        return []
    names = ", ".join(approver_names(standing.environment))
    message = f"{missing} more approval{'s are' if missing > 1 else ' is'} needed, of: {names}"
    fix = f"comment `/approve {standing.environment.name} {standing.code}`"
    lapsed = {item.by.id: _lapsed(item, standing) for item in standing.approvals if item.by.id not in approving}
    return [
        *(refusal for refusal in lapsed.values() if refusal is not None),
        _refuse(RefusalCode.NEEDS_APPROVAL, message, fix, Actor.APPROVER),
    ]


def _lapsed(approval: Approval, standing: Standing) -> Refusal | None:
    """Why an approval that was given does not count any more; None where it never did."""
    by, fix = approval.by.login, "approve again in a new comment"
    if approval.revoked:
        message = f"the approval of {by} no longer counts: {approval.revoked}"
        return _refuse(RefusalCode.APPROVAL_REVOKED, message, fix, Actor.APPROVER)
    if approval.words.code not in {"", standing.code}:
        message = f"the approval of {by} names the code {approval.words.code}, which was retired"
        return _refuse(RefusalCode.APPROVAL_REVOKED, message, fix, Actor.APPROVER)
    if not _is_fresh(approval, standing):
        message = f"the approval of {by} is older than {standing.environment.name} accepts"
        return _refuse(RefusalCode.APPROVAL_EXPIRED, message, fix, Actor.APPROVER)
    return None


def counted(standing: Standing) -> tuple[Approval, ...]:
    """Approvals of exactly this digest, not revoked, not expired, with the code where the code is needed, and no code that was retired."""
    return tuple(
        approval
        for approval in standing.approvals
        if standing.plan is not None
        and approval.digest == standing.plan.digest
        and not approval.revoked
        and _is_fresh(approval, standing)
        and (approval.words.code == standing.code if approval.words.code else not code_required(standing))
    )


def _is_fresh(approval: Approval, standing: Standing) -> bool:
    lifetime = standing.environment.approval_expires
    given = dict(zip((item.comment for item in standing.approvals), standing.approved_at, strict=False))
    return lifetime is None or standing.now - given.get(approval.comment, float("-inf")) <= lifetime


def code_required(standing: Standing) -> bool:
    """Whether a plain `/approve <env>` cannot count here."""
    plan = standing.plan
    return (
        plan is None
        or standing.environment.approve_needs_code is CodeRule.ALWAYS
        or not plan.body.additive
        or plan.key.continues is not None
        or Need.CODE in plan.body.needs
        or standing.unlike
        or standing.codes_shown != 1
        or standing.modules_concerned != 1
    )


def _carries_on(standing: Standing) -> bool:
    """Whether the plan is the rest of the very rollout that holds the target."""
    continues = standing.plan.key.continues if standing.plan else None
    return continues is not None and (continues.sequence, continues.digest) == standing.held_for


def _refuse(code: RefusalCode, message: str, fix: str, actor: Actor = Actor.AUTHOR) -> Refusal:
    return Refusal(code=code, message=message, fix=fix, actor=actor)
