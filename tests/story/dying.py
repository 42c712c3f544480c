"""A worker that dies at a chosen place: what it wrote until then stays, and nothing after it happens."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.story.house import House
from workers.core.rollout import Step


class Died(BaseException):
    """No job catches this, as none hears of a kill -9; only the operating system's own tidying up follows."""


class DyingStore:
    """The house's store, until a step of the journal whose command begins so is to be written for the so-manyeth time."""

    def __init__(self, store: Any, command: str, times: int) -> None:
        self._store = store
        self._command = command
        self._left = times

    def __getattr__(self, name: str) -> Any:
        if self._left == 0:
            raise Died
        return getattr(self._store, name)

    def journal(self, rollout: int, step: Step) -> None:
        """Write it, or die instead."""
        self._left -= step.command.startswith(self._command)
        self.__getattr__("journal")(rollout, step)


def let_die(house: House, command: str, times: int = 1) -> None:
    """The next worker of the house dies when it is to journal that; `revive` before anything else is asked of the house."""
    dying: Any = DyingStore(house.services.store, command, times)
    house.services = replace(house.services, store=dying)


def revive(house: House) -> None:
    """Another worker takes over."""
    dying: Any = house.services.store
    house.services = replace(house.services, store=dying._store)
