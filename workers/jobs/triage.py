"""Find out what a pull touches, by asking GitHub only: no checkout, no database; what does not concern us gets a green check."""

from __future__ import annotations

from dataclasses import replace

from workers.messages import PlanPull, Triage
from workers.ports import Services
from workers.steps.groups import judge_group
from workers.steps.publish import in_progress, nothing_touched
from workers.steps.pulls import CONFIG_PATH, OpenPull, read_pull, touched


def triage(message: Triage, services: Services) -> None:
    """Look at one pull, at every open pull, or at the commit of a merge group."""
    if message.pull:
        _triage_pull(message.repository, message.pull, services)
        return
    repository = services.host.repository(message.repository)
    pulls = services.host.open_pulls(repository)
    mine = [pull for pull in pulls if not message.head or pull.head == message.head]
    for pull in mine:
        _triage_pull(message.repository, pull.number, services)
    if message.head and not mine:
        judge_group(repository, message.head, services)


def _triage_pull(repository_id: int, number: int, services: Services) -> None:
    opened = read_pull(repository_id, number, services)
    if not opened.pull.open:
        return
    memory = services.store.pull(repository_id, number)
    services.store.remember_pull(replace(memory, seen_head=opened.pull.head, closed=False))
    if not opened.loaded.found and not opened.loaded.problems:
        nothing_touched(opened, "No configuration on the default branch", services)
        return
    if not _concerns_us(opened, services):
        nothing_touched(opened, "No schema change", services)
        return
    in_progress(opened, services)
    services.store.want_plan(repository_id, number)
    services.queue.send(PlanPull(repository=repository_id, pull=number))


def _concerns_us(opened: OpenPull, services: Services) -> bool:
    """Whether a watched path or our config differs, or we have reported on this pull before."""
    paths = services.host.paths_changed(opened.repository, opened.pull.base_branch, opened.pull.head)
    if paths is None or CONFIG_PATH in paths or opened.loaded.problems:
        return True
    if services.store.pull(opened.repository.id, opened.pull.number).report_comment:
        return True
    return opened.configuration is not None and bool(touched(opened.configuration, paths, services))
