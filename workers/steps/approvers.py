"""Who let a rollout run, as it was written down at its start: what is said of approvals later changes nothing of it."""

from __future__ import annotations

import json

from workers.core.approval import Approval
from workers.core.codec import from_json
from workers.core.rollout import Rollout
from workers.ports import Services


def approvers(rollout: Rollout, services: Services) -> tuple[str, ...]:
    """Their logins, once each; nobody for a rollout that never began."""
    kept = dict(services.store.documents(rollout.id)).get("approvals.json", "[]")
    return tuple(dict.fromkeys(item.by.login for item in from_json(tuple[Approval, ...], json.loads(kept))))
