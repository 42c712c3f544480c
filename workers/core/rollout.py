"""The life of one plan on one environment: its states, and which may follow which."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class RolloutState(StrEnum):
    """Where a rollout stands."""

    PLANNED = "planned"
    APPROVED = "approved"
    APPLYING = "applying"
    VERIFYING = "verifying"
    APPLIED = "applied"
    FAILED = "failed"
    PARTIAL = "partial"
    SUPERSEDED = "superseded"


_FOLLOWS = {
    RolloutState.PLANNED: {RolloutState.APPROVED, RolloutState.SUPERSEDED},
    RolloutState.APPROVED: {RolloutState.APPLYING, RolloutState.SUPERSEDED, RolloutState.FAILED},
    RolloutState.APPLYING: {RolloutState.VERIFYING, RolloutState.FAILED, RolloutState.PARTIAL},
    RolloutState.VERIFYING: {RolloutState.APPLIED, RolloutState.PARTIAL},
    RolloutState.PARTIAL: {RolloutState.SUPERSEDED},
    RolloutState.APPLIED: set(),
    RolloutState.FAILED: set(),
    RolloutState.SUPERSEDED: set(),
}
UNFINISHED = frozenset({RolloutState.APPROVED, RolloutState.APPLYING, RolloutState.VERIFYING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the journal: when (ISO 8601, UTC), what was run, what came of it. `statement` is its index in the plan, if it is one."""

    at: str
    command: str
    result: str
    statement: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """One plan on one environment. `sequence` numbers the rollouts of a database; `fence` orders the holders of its hold."""

    id: int
    digest: str
    repository: int
    pull: int
    module: str
    environment: str
    target: str
    sequence: int
    fence: int
    state: RolloutState
    started_at: str = ""
    finished_at: str = ""
    outcome: str = ""
    workdocs_commit: str = ""


class IllegalMoveError(ValueError):
    """A move that the table above does not have: a bug, or another worker was faster."""


def advance(rollout: Rollout, state: RolloutState, outcome: str = "") -> Rollout:
    """Return the rollout in its next state. Raises IllegalMoveError for a move that the table above does not have."""
    if state not in _FOLLOWS[rollout.state]:
        msg = f"rollout {rollout.id}: {rollout.state} cannot become {state}"
        raise IllegalMoveError(msg)
    return replace(rollout, state=state, outcome=outcome or rollout.outcome)
