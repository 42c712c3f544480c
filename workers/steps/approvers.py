"""Who let a rollout run, as it was written down at its start: what is said of approvals later changes nothing of it."""

from __future__ import annotations

import json

from workers.core.approval import Approval
from workers.core.codec import from_json
from workers.core.plan import StoredPlan
from workers.core.rollout import Rollout
from workers.ports import Services


def approvers(rollout: Rollout, services: Services) -> tuple[str, ...]:
    """Their logins, once each; nobody for a rollout that never began."""
    return tuple(dict.fromkeys(item.by.login for item in _counted(rollout, services)))


def unused(stored: StoredPlan, services: Services) -> tuple[Approval, ...]:
    """The approvals of a plan that no rollout has begun on: an approval lets one rollout run, and the next needs its own."""
    key = stored.plan.key
    begun = (item for item in services.store.rollouts(key.repository, key.pull) if item.digest == stored.plan.digest)
    used = {item.comment for rollout in begun for item in _counted(rollout, services)}
    return tuple(item for item in services.store.approvals(stored.plan.digest) if item.comment not in used)


def _counted(rollout: Rollout, services: Services) -> tuple[Approval, ...]:
    kept = dict(services.store.documents(rollout.id)).get("approvals.json", "[]")
    return from_json(tuple[Approval, ...], json.loads(kept))
