"""Where each kind of message waits, and how long its job may take."""

from __future__ import annotations

from dataclasses import dataclass

from workers.messages import (
    ApplyPlan,
    CheckDrift,
    ClosePull,
    CommitWorkdocs,
    Message,
    PlanPull,
    Reconcile,
    RecordApproval,
    RecoverRollout,
    Reply,
    RevokeApproval,
    Triage,
)


@dataclass(frozen=True, slots=True)
class Route:
    """Where a kind of message waits, and how many seconds its job may take."""

    message: type[Message]
    queue: str
    seconds: int


QUEUES = ("triage", "plan", "apply")
ROUTES = (
    Route(Triage, "triage", 300),
    Route(Reply, "triage", 300),
    Route(RevokeApproval, "triage", 300),
    Route(ClosePull, "triage", 600),
    Route(Reconcile, "triage", 600),
    Route(PlanPull, "plan", 1_800),
    Route(CheckDrift, "plan", 1_800),
    Route(RecordApproval, "apply", 1_800),
    Route(ApplyPlan, "apply", 8 * 3_600),  # statements have limits of their own; this one only ends what hangs
    Route(RecoverRollout, "apply", 1_800),
    Route(CommitWorkdocs, "apply", 600),
)


def route_of(name: str) -> Route:
    """The route of a message by its name."""
    return next(route for route in ROUTES if route.message.__name__ == name)
