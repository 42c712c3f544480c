"""Heal whatever a lost event, a dead worker or an empty queue left: at start, and every half minute."""

from __future__ import annotations

from workers.core.errors import ExpectedError
from workers.core.rollout import UNFINISHED
from workers.messages import CommitWorkdocs, PlanPull, Reconcile, RecoverRollout, Triage
from workers.ports import Pull, PullMemory, Repository, Services
from workers.steps.unheard import ask_again, iso

KEPT_SECONDS = 30 * 86_400.0  # longer than GitHub delivers again, and than comments are looked through


def reconcile(message: Reconcile, services: Services) -> None:
    """Send what was not sent, recover what was not ended, and look at pulls that moved without our hearing of it."""
    del message
    _send_outbox(services)
    services.queue.rescue()
    _recover_rollouts(services)
    services.inbox.forget(iso(services.clock.now() - KEPT_SECONDS))
    for repository in services.host.repositories(services.configs.repositories()):
        try:
            pulls = services.host.open_pulls(repository)
            _look_at_pulls(repository, pulls, services)
            ask_again(repository, pulls, services)
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


def _look_at_pulls(repository: Repository, pulls: tuple[Pull, ...], services: Services) -> None:
    """A lost event shows as a head or a base that nobody planned; a plan that died as a wish that nobody fulfilled."""
    known = {item.number: item for item in services.store.pulls(repository.id)}
    tips: dict[str, str] = {}
    for pull in pulls:
        memory = known.get(pull.number)
        if memory is not None and memory.planned_base and pull.base_branch not in tips:
            tips[pull.base_branch] = services.host.branch_tip(repository, pull.base_branch)
        if memory is None or memory.seen_head != pull.head or _base_moved(memory, pull, tips):
            services.queue.send(Triage(repository=repository.id, pull=pull.number))
    for number in services.store.unplanned(repository.id):
        services.queue.send(PlanPull(repository=repository.id, pull=number))


def _base_moved(memory: PullMemory, pull: Pull, tips: dict[str, str]) -> bool:
    return bool(memory.planned_base) and memory.planned_base != tips.get(pull.base_branch, memory.planned_base)
