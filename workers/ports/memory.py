"""Our memory: pulls, plans, approvals, rollouts, evidence."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from workers.core.approval import Approval
from workers.core.names import Direction
from workers.core.plan import Key, Plan, StoredPlan
from workers.core.rollout import Rollout, RolloutState, Step
from workers.ports.code import Repository
from workers.ports.databases import Hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Another direction than forward that a person asked for, and how many rollouts had begun there before."""

    module: str
    environment: str
    direction: Direction
    revision: str
    begun: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """Somebody's word that this pull is not to be applied on an environment."""

    module: str
    environment: str
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PullMemory:
    """What we remember of a pull between jobs.

    `report_hash` is of the report without its time, `report_text` of the comment as we wrote it last (two hashes, a blank between, while
    it is being replaced).
    """

    repository: int
    number: int
    report_comment: int = 0
    report_hash: str = ""
    report_text: str = ""
    seen_head: str = ""
    planned_head: str = ""
    planned_base: str = ""
    rejections: tuple[Rejection, ...] = ()
    turns: tuple[Turn, ...] = ()
    closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPush:
    """An authenticated push to a pull's head branch."""

    sha: str
    before: str
    sender: int
    sender_login: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The link of a rollout in its database's chain: its number, the hash of its section, and of the one before."""

    target: str
    sequence: int
    rollout: int
    section: str
    previous: str


class Store(Protocol):
    """Our memory. Core types go in and come out; plans and approvals carry an HMAC that is checked on reading (StoreTamperedError)."""

    # pulls
    def want_plan(self, repository: int, pull: int) -> int:
        """Count one more wish to plan this pull; returns the counter."""
        ...

    def take_plan(self, repository: int, pull: int, owner: str, seconds: float) -> AbstractContextManager[int | None]:
        """Take the pull's lease, renewed for as long as this process lives; gives the wanted counter, or None where another job has it."""
        ...

    def planned(self, repository: int, pull: int, counter: int) -> bool:
        """Note that everything up to `counter` is planned; False where more was wanted meanwhile."""
        ...

    def unplanned(self, repository: int) -> tuple[int, ...]:
        """Pulls with a wish that nobody fulfilled and nobody is at work on."""
        ...

    def pull(self, repository: int, pull: int) -> PullMemory:
        """What we remember, empty at first."""
        ...

    def remember_pull(self, memory: PullMemory) -> None:
        """Replace what we remember."""
        ...

    def pulls(self, repository: int) -> tuple[PullMemory, ...]:
        """Every pull we know that is not closed."""
        ...

    def remember_repository(self, repository: Repository) -> None:
        """Pin id and name at first sight; a changed id under the same name raises ExpectedError(repository_changed)."""
        ...

    def comments_read(self, repository: int) -> str:
        """Up to when (ISO 8601) comments were looked through for unheard commands; empty before the first time."""
        ...

    def note_comments_read(self, repository: int, until: str) -> None:
        """Everything written before was looked through; the repository must be remembered."""
        ...

    def pushes(self, repository: int, ref: str) -> tuple[SeenPush, ...]:
        """Authenticated pushes to a branch."""
        ...

    # plans
    def find_plan(self, key: Key) -> StoredPlan | None:
        """The stored plan of exactly this key."""
        ...

    def plans(self, repository: int, pull: int, module: str, environment: str) -> tuple[StoredPlan, ...]:
        """Plans of a pull on an environment, newest first."""
        ...

    def pulls_with_plans(self, repository: int, module: str, environment: str) -> tuple[int, ...]:
        """The open pulls whose newest plan of an environment was not applied."""
        ...

    def keep_plan(self, plan: Plan, new_code: Callable[[], str]) -> StoredPlan:
        """Store a plan, giving it a code never used in its pull; the same digest keeps its code."""
        ...

    def plan(self, digest: str) -> StoredPlan | None:
        """One plan by digest."""
        ...

    def mark_shown(self, digest: str) -> None:
        """Its code has been shown to people."""
        ...

    def retire_codes(self, repository: int, pull: int) -> None:
        """No code of this pull counts any more: give each plan a new one when it is shown again."""
        ...

    def codes_shown(self, repository: int, pull: int, environment: str) -> int:
        """How many different codes this pull has shown for an environment."""
        ...

    # approvals and commands
    def count_command(self, comment: int, line: int, delivery: str) -> bool:
        """Count a command line once, ever; False where another delivery counted it before (the same one is a job run again)."""
        ...

    def keep_approval(self, repository: int, pull: int, approval: Approval) -> None:
        """Store an approval."""
        ...

    def approvals(self, digest: str) -> tuple[Approval, ...]:
        """Approvals of a digest, oldest first, revoked ones too."""
        ...

    def approvals_by_comment(self, comment: int) -> tuple[Approval, ...]:
        """Approvals that came from a comment."""
        ...

    def revoke(self, digest: str, comment: int, why: str) -> None:
        """Make an approval count no more."""
        ...

    def note_refusal(self, repository: int, pull: int, environment: str, text: str) -> None:
        """Remember a quiet refusal for `/status`."""
        ...

    def refusals(self, repository: int, pull: int) -> tuple[tuple[str, str, str], ...]:
        """(when, environment, text) of quiet refusals, newest first."""
        ...

    # rollouts
    def start_rollout(self, digest: str, target: str) -> Rollout:
        """Open a rollout in state APPROVED with the next sequence number of its database."""
        ...

    def save_rollout(self, rollout: Rollout) -> None:
        """Replace a rollout's row; the state must follow the table of core.rollout."""
        ...

    def rollout(self, rollout: int) -> Rollout | None:
        """One rollout."""
        ...

    def rollouts(self, repository: int, pull: int) -> tuple[Rollout, ...]:
        """A pull's rollouts, oldest first."""
        ...

    def unfinished(self) -> tuple[Rollout, ...]:
        """Rollouts that are APPROVED, APPLYING or VERIFYING, and ended ones whose end was not told yet (no document `told`)."""
        ...

    def rollouts_of_target(self, target: str, state: RolloutState) -> tuple[Rollout, ...]:
        """A database's rollouts in a state, oldest first."""
        ...

    def journal(self, rollout: int, step: Step) -> None:
        """Write one line of the journal, durably, before returning."""
        ...

    def steps(self, rollout: int) -> tuple[Step, ...]:
        """The journal of a rollout."""
        ...

    def take_hold(
        self, target: str, rollout: int, pull: int, reason: str, instead_of: int | None = None
    ) -> Hold | None:
        """Claim a target; None where another rollout than `instead_of` holds it. The rollout that holds it may claim it again."""
        ...

    def hold(self, target: str) -> Hold | None:
        """Who holds a target."""
        ...

    def release_hold(self, target: str, fence: int) -> None:
        """Give a claim back; a newer holder's is left alone."""
        ...

    # evidence
    def append_evidence(self, evidence: Evidence) -> None:
        """Add the next link of a database's chain."""
        ...

    def last_evidence(self, target: str) -> Evidence | None:
        """The newest link."""
        ...

    def keep_document(self, rollout: int, name: str, text: str) -> None:
        """Keep a piece of evidence (a snapshot, a rendered document) until it is committed."""
        ...

    def documents(self, rollout: int) -> tuple[tuple[str, str], ...]:
        """(name, text) of what was kept for a rollout."""
        ...

    def our_commit(self, repository: int, sha: str) -> bool:
        """Whether a commit is ours."""
        ...

    def remember_commit(self, repository: int, sha: str) -> None:
        """Remember a commit as ours."""
        ...

    def keep_view(self, repository: int, pull: int, module: str, environment: str, text: str) -> None:
        """Keep the JSON of the latest report of an environment, for `/status` and drift watching."""
        ...

    def view(self, repository: int, pull: int, module: str, environment: str) -> str | None:
        """That JSON."""
        ...
