"""Claim a target twice: durably in our state, and with the database's own lock. Both together are the proof that `writing` wants."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from workers.core.errors import ExpectedError, InterruptedWorkError
from workers.core.refusals import RefusalCode
from workers.core.rollout import UNFINISHED, Rollout, RolloutState
from workers.ports import Held, Hold, Services, Target

SOON = 15.0


@contextmanager
def hold_and_lock(target: Target, rollout: Rollout, services: Services) -> Iterator[Held]:
    """Give the proof while both are ours.

    The lock comes first, so that a second worker with the same rollout never touches the hold of the first. A rollout that did not begin in
    the block leaves no hold behind, however the block ends; who ends one that began releases its hold, or keeps it on purpose.
    Raises ExpectedError (environment_held, apply_in_progress), and InterruptedWorkError where this very rollout is at work elsewhere.
    """
    with target.lock() as lock:
        if lock is None:
            raise _busy(rollout, services)
        hold = _take(rollout, services)
        try:
            yield Held(hold, lock)
        finally:
            current = services.store.rollout(rollout.id)
            if current is None or not current.started_at:
                services.store.release_hold(rollout.target, hold.fence)


def binding(target: str, services: Services) -> tuple[Hold, Rollout | None] | None:
    """The hold of a target and its rollout; None for one that a worker left which died between the end of its rollout and the release."""
    hold = services.store.hold(target)
    if hold is None:
        return None
    rollout = services.store.rollout(hold.rollout)
    if rollout is not None and rollout.state not in UNFINISHED | {RolloutState.PARTIAL}:
        return None
    return hold, rollout


def _take(rollout: Rollout, services: Services) -> Hold:
    known = services.store.hold(rollout.target)
    if known is not None and binding(rollout.target, services) is None:
        services.store.release_hold(rollout.target, known.fence)
    reason = f"rollout {rollout.sequence} of #{rollout.pull}"
    hold = services.store.take_hold(rollout.target, rollout.id, rollout.pull, reason)
    if hold is not None:
        return hold
    other = services.store.hold(rollout.target)
    why = f"held by #{other.pull}: {other.reason}" if other else "held by another rollout"
    advice = f'look at it, then `/unlock {rollout.environment} "why"`'
    raise ExpectedError(f"{rollout.environment} is {why}", advice, RefusalCode.ENVIRONMENT_HELD)


def _busy(rollout: Rollout, services: Services) -> Exception:
    hold = services.store.hold(rollout.target)
    if hold is not None and hold.rollout == rollout.id:
        return InterruptedWorkError("another worker is at this rollout", SOON)
    return ExpectedError(
        f"somebody else holds the migration lock of {rollout.environment}",
        "wait until that migration has ended, then approve again",
        RefusalCode.APPLY_IN_PROGRESS,
    )
