"""Claim a target twice: durably in our state, and with the database's own lock. Both together are the proof that `writing` wants."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.core.rollout import Rollout
from workers.ports import Held, Services, Target


@contextmanager
def hold_and_lock(target: Target, rollout: Rollout, services: Services) -> Iterator[Held]:
    """Give the proof while both are ours. The hold stays after the block: whoever ends the rollout releases it, or keeps it on purpose.

    Raises ExpectedError(environment_held) or ExpectedError(apply_in_progress).
    """
    reason = f"rollout {rollout.sequence} of #{rollout.pull}"
    hold = services.store.take_hold(rollout.target, rollout.id, rollout.pull, reason)
    if hold is None:
        other = services.store.hold(rollout.target)
        why = f"held by #{other.pull}: {other.reason}" if other else "held by another rollout"
        message = f"{rollout.environment} is {why}"
        raise ExpectedError(
            message, f'look at it, then `/unlock {rollout.environment} "why"`', RefusalCode.ENVIRONMENT_HELD
        )
    with target.lock() as lock:
        if lock is None:
            services.store.release_hold(rollout.target, hold.fence)
            message = f"somebody else holds the migration lock of {rollout.environment}"
            raise ExpectedError(
                message, "wait until that migration has ended, then approve again", RefusalCode.APPLY_IN_PROGRESS
            )
        yield Held(hold, lock)
