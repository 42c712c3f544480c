"""Which other way than forward an environment is planned: as a person asked, until `/plan` takes that back or a rollout begins."""

from __future__ import annotations

from dataclasses import replace

from workers.core.config import Environment, Module
from workers.core.names import Direction
from workers.ports import Services, Turn
from workers.steps.command import Asked
from workers.steps.pulls import OpenPull


def take_turn(asked: Asked, direction: Direction, services: Services) -> None:
    """Remember what a command of this direction asks for; `/plan` asks for the usual one."""
    opened, command = asked.opened, asked.command
    memory = services.store.pull(opened.repository.id, opened.pull.number)
    kept = tuple(item for item in memory.turns if not command.concerns(item.module, item.environment))
    if direction is not Direction.UPGRADE and asked.module is not None and asked.environment is not None:
        turn = Turn(
            module=asked.module.id,
            environment=asked.environment.name,
            direction=direction,
            revision=command.revision,
            begun=_begun(opened, asked.module, asked.environment, services),
        )
        kept = (*kept, turn)
    services.store.remember_pull(replace(memory, turns=kept))


def turn_of(opened: OpenPull, module: Module, environment: Environment, services: Services) -> Turn | None:
    """What was asked for here and has not begun yet."""
    turns = services.store.pull(opened.repository.id, opened.pull.number).turns
    found = next((item for item in turns if (item.module, item.environment) == (module.id, environment.name)), None)
    return found if found and found.begun == _begun(opened, module, environment, services) else None


def drop_turn(opened: OpenPull, turn: Turn, services: Services) -> None:
    """Forget what cannot be planned."""
    memory = services.store.pull(opened.repository.id, opened.pull.number)
    services.store.remember_pull(replace(memory, turns=tuple(item for item in memory.turns if item != turn)))


def _begun(opened: OpenPull, module: Module, environment: Environment, services: Services) -> int:
    """How many rollouts of this pull have begun here."""
    rollouts = services.store.rollouts(opened.repository.id, opened.pull.number)
    here = (item for item in rollouts if (item.module, item.environment) == (module.id, environment.name))
    return sum(1 for item in here if item.started_at)
