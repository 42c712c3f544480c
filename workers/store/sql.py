"""Our memory in one class, put together from its parts; fills the port `Store`."""

from __future__ import annotations

from workers.store.approvals import Approvals
from workers.store.evidence import EvidenceKept
from workers.store.pulls import Pulls
from workers.store.rollouts import Rollouts


class SqlStore(Pulls, Approvals, Rollouts, EvidenceKept):
    """`SqlStore(connect(url), Seal(keys), clock)`; the tables are made by `workers.store.upgrade`."""
