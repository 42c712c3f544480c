"""Look whether a target's schema moved since the open pulls were planned, and plan those again."""

from __future__ import annotations

from workers.core.config import Environment, Module
from workers.core.errors import ExpectedError
from workers.messages import CheckDrift, PlanPull
from workers.ports import PullMemory, Services
from workers.steps.pulls import read_config
from workers.steps.target import reach


def check_drift(message: CheckDrift, services: Services) -> None:
    """Compare each environment's fingerprint with the one that the open pulls were shown."""
    repository = services.host.repository(message.repository)
    _, loaded = read_config(repository, services)
    if loaded.configuration is None:
        return
    stale: dict[int, PullMemory] = {}
    for module in loaded.configuration.modules:
        for environment in module.environments:
            if message.module in {"", module.id} and message.environment in {"", environment.name}:
                stale.update(_stale(message.repository, module, environment, services))
    for number in sorted(stale):
        services.store.want_plan(message.repository, number)
        services.queue.send(PlanPull(repository=message.repository, pull=number))


def _stale(repository: int, module: Module, environment: Environment, services: Services) -> dict[int, PullMemory]:
    """The pulls whose last report saw another schema than the target has now."""
    known = [item for item in services.store.pulls(repository) if item.report_comment and not item.closed]
    seen = {item.number: services.store.view(repository, item.number, module.id, environment.name) for item in known}
    if not any(seen.values()):
        return {}
    try:
        _, target = reach(environment, services)
        with target.reading() as reader:
            now = reader.snapshot().fingerprint
    except ExpectedError:
        return {}
    return {item.number: item for item in known if seen[item.number] not in {None, now}}
