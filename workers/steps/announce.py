"""Fill the views of the short comments about a rollout."""

from __future__ import annotations

from datetime import datetime

from workers.core.names import Direction
from workers.core.plan import StatementKind
from workers.core.rollout import Rollout
from workers.ports import Pull, Repository, Services
from workers.rendering.views import EndedView
from workers.steps.approvers import approvers
from workers.steps.ending import stuck
from workers.steps.evidence import Context


def ended_view(rollout: Rollout, repository: Repository, pull: Pull, context: Context, services: Services) -> EndedView:
    """What people learn when an apply has ended."""
    stored = services.store.plan(rollout.digest)
    base = f"{services.server_url.rstrip('/')}/{repository.full_name}"
    there = stuck(rollout, stored.plan, services) if stored else frozenset()
    statements = stored.plan.body.statements if stored else ()
    titles = [
        (index in there, item.parsed.title)
        for index, item in enumerate(statements)
        if item.parsed.kind is not StatementKind.BOOKKEEPING
    ]
    others = [item for item in services.store.pulls(rollout.repository) if item.number != rollout.pull]
    return EndedView(
        environment=rollout.environment,
        module=rollout.module,
        rollout=rollout,
        direction=stored.plan.key.direction if stored else Direction.UPGRADE,
        seconds=_seconds(rollout),
        by=approvers(rollout, services),
        author=context.author,
        merged=pull.merged,
        report_url=f"{base}/pull/{rollout.pull}",
        commit_url=f"{base}/commit/{rollout.workdocs_commit}" if rollout.workdocs_commit else "",
        stuck=tuple(title for ran, title in titles if ran),
        missing=tuple(title for ran, title in titles if not ran),
        waiting_pulls=len(others),
        carries_on=stored is not None and stored.plan.key.continues is not None,
    )


def _seconds(rollout: Rollout) -> float:
    if not rollout.started_at or not rollout.finished_at:
        return 0.0
    span = datetime.fromisoformat(rollout.finished_at) - datetime.fromisoformat(rollout.started_at)
    return span.total_seconds()
