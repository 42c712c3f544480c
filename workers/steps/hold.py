"""Claim a target twice: durably in our state, and with the database's own lock. Both together are the proof that `writing` wants."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from workers.core.errors import ExpectedError, InterruptedWorkError
from workers.core.refusals import RefusalCode
from workers.core.rollout import UNFINISHED, Rollout, RolloutState
from workers.ports import Held, Hold, Services, Target

SOON = 15.0


@contextmanager
def hold_and_lock(target: Target, rollout: Rollout, services: Services) -> Iterator[Held]:
    """Give the proof while both are ours.

    The lock comes first, so that a second worker with the same rollout never touches the hold of the first. A rollout that did not begin in
    the block leaves no hold behind, however the block ends; who ends one that began lets go of its hold, or keeps it on purpose.
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
                let_go(rollout, hold.fence, services)


def let_go(rollout: Rollout, fence: int, services: Services) -> None:
    """Give the hold back: to nobody, or to the half-done rollout that this one was to carry on and did not."""
    first = carried_on(rollout, services)
    if first is None:
        services.store.release_hold(rollout.target, fence)
    else:
        services.store.take_hold(first.target, first.id, first.pull, _reason(first), instead_of=rollout.id)


def carried_on(rollout: Rollout, services: Services) -> Rollout | None:
    """The half-done rollout whose rest this one's plan is; None where it is no such plan, or that one is half done no more."""
    stored = services.store.plan(rollout.digest)
    continues = stored.plan.key.continues if stored else None
    if continues is None:
        return None
    half_done = services.store.rollouts_of_target(rollout.target, RolloutState.PARTIAL)
    return next(
        (item for item in half_done if (item.sequence, item.digest) == (continues.sequence, continues.digest)), None
    )


def stalled(target: str, services: Services) -> Rollout | None:
    """The half-done rollout that a target is held for, also while its continuation runs; None where there is none."""
    found = binding(target, services)
    if found is None or found[1] is None:
        return None
    return found[1] if found[1].state is RolloutState.PARTIAL else carried_on(found[1], services)


def binding(target: str, services: Services) -> tuple[Hold, Rollout | None] | None:
    """The hold of a target and its rollout; None for one that a worker left which died between the end of its rollout and the release.

    One that a continuation left which came to nothing is the half-done rollout's again.
    """
    hold = services.store.hold(target)
    if hold is None:
        return None
    rollout = services.store.rollout(hold.rollout)
    if rollout is None or rollout.state in UNFINISHED | {RolloutState.PARTIAL}:
        return hold, rollout
    first = carried_on(rollout, services)
    return (replace(hold, rollout=first.id, pull=first.pull, reason=_reason(first)), first) if first else None


def _take(rollout: Rollout, services: Services) -> Hold:
    known, bound = services.store.hold(rollout.target), binding(rollout.target, services)
    if known is not None and bound is None:
        services.store.release_hold(rollout.target, known.fence)
    first = carried_on(rollout, services)
    instead_of = known.rollout if known and bound and first and bound[1] == first else None
    hold = services.store.take_hold(rollout.target, rollout.id, rollout.pull, _reason(rollout), instead_of=instead_of)
    if hold is not None:
        return hold
    other = services.store.hold(rollout.target)
    why = f"held by #{other.pull}: {other.reason}" if other else "held by another rollout"
    advice = f'look at it, then `/unlock {rollout.environment} "why"`'
    raise ExpectedError(f"{rollout.environment} is {why}", advice, RefusalCode.ENVIRONMENT_HELD)


def _reason(rollout: Rollout) -> str:
    return f"rollout {rollout.sequence} of #{rollout.pull}"


def _busy(rollout: Rollout, services: Services) -> Exception:
    hold = services.store.hold(rollout.target)
    if hold is not None and hold.rollout == rollout.id:
        return InterruptedWorkError("another worker is at this rollout", SOON)
    return ExpectedError(
        f"somebody else holds the migration lock of {rollout.environment}",
        "wait until that migration has ended, then approve again",
        RefusalCode.APPLY_IN_PROGRESS,
    )
