"""Heal whatever a lost event, a dead worker or an empty queue left: at start, and every half minute."""

from __future__ import annotations

from workers.core.errors import ExpectedError
from workers.core.rollout import UNFINISHED
from workers.messages import CommitWorkdocs, PlanPull, Reconcile, RecoverRollout, Triage
from workers.ports import Repository, Services


def reconcile(message: Reconcile, services: Services) -> None:
    """Send what was not sent, recover what was not ended, and look at pulls that moved without our hearing of it."""
    del message
    _send_outbox(services)
    services.queue.rescue()
    _recover_rollouts(services)
    for repository in services.host.repositories(services.configs.repositories()):
        try:
            _look_at_pulls(repository, services)
        except ExpectedError:
            continue


def _send_outbox(services: Services) -> None:
    for job_id, message in services.inbox.unsent():
        services.queue.send(message, job_id)
        services.inbox.mark_sent(job_id)


def _recover_rollouts(services: Services) -> None:
    for rollout in services.store.unfinished():
        if rollout.state in UNFINISHED:
            services.queue.send(RecoverRollout(repository=rollout.repository, pull=rollout.pull, rollout=rollout.id))
        else:
            services.queue.send(CommitWorkdocs(rollout=rollout.id))


def _look_at_pulls(repository: Repository, services: Services) -> None:
    """An event that never came shows as a head that nobody looked at; a plan that died as a wish that nobody fulfilled."""
    known = {item.number: item for item in services.store.pulls(repository.id)}
    for pull in services.host.open_pulls(repository):
        memory = known.get(pull.number)
        if memory is None or memory.seen_head != pull.head:
            services.queue.send(Triage(repository=repository.id, pull=pull.number))
    for number in services.store.unplanned(repository.id):
        services.queue.send(PlanPull(repository=repository.id, pull=number))
