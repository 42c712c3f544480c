"""Take an approved rollout back while it has not begun; one that has begun is not stopped by anybody's word."""

from __future__ import annotations

from workers.core.rollout import IllegalMoveError, Rollout, RolloutState, advance
from workers.ports import Services


def withdraw(rollout: Rollout, why: str, services: Services) -> bool:
    """Supersede the rollout; False where a worker was faster and has begun."""
    try:
        services.store.save_rollout(advance(rollout, RolloutState.SUPERSEDED, why))
    except IllegalMoveError:
        return False
    return True


def revoke_all(digest: str, why: str, services: Services) -> None:
    """No approval of a plan that was given until now counts any more."""
    for approval in services.store.approvals(digest):
        services.store.revoke(digest, approval.comment, why)
