"""A pull was closed or merged: forget its wishes, commit what is left of its evidence, and look at the others again."""

from __future__ import annotations

from dataclasses import replace

from workers.core.rollout import RolloutState
from workers.messages import ClosePull, CommitWorkdocs, Triage
from workers.ports import Services
from workers.steps.publish import nothing_touched
from workers.steps.pulls import read_pull
from workers.steps.withdraw import withdraw


def close_pull(message: ClosePull, services: Services) -> None:
    """End what was approved and not started; a pull that is open again by now is left alone."""
    opened = read_pull(message.repository, message.pull, services)
    if opened.pull.open:
        return
    memory = services.store.pull(message.repository, message.pull)
    for rollout in services.store.rollouts(message.repository, message.pull):
        if rollout.state is RolloutState.APPROVED:
            withdraw(rollout, "the pull was closed", services)
        elif (
            rollout.state in {RolloutState.APPLIED, RolloutState.PARTIAL, RolloutState.FAILED}
            and not rollout.workdocs_commit
        ):
            services.queue.send(CommitWorkdocs(rollout=rollout.id))
    services.store.remember_pull(replace(memory, closed=True))
    if not memory.report_comment:
        return
    if not opened.pull.merged:
        nothing_touched(opened, "The pull is closed", services)
    for other in services.store.pulls(message.repository):
        if other.number != message.pull:
            services.queue.send(Triage(repository=message.repository, pull=other.number))
