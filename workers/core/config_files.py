"""The two configuration files as written: every value with its place, nothing merged, no default filled in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from workers.core.config import Origin

SERVER_CONFIG = "server config"


class Approving(StrEnum):
    """What the operator may write instead of a list of approvers."""

    FROM_REPOSITORY = "from_repository"


@dataclass(frozen=True, slots=True)
class Said:
    """A value as a file says it; its type is the one that the key's reader gives."""

    key: str
    value: Any
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentFile:
    """One file's word on an environment."""

    name: str
    origin: Origin
    said: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleFile:
    """One file's word on a module."""

    id: str
    origin: Origin
    said: tuple[Said, ...] = ()
    environments: tuple[EnvironmentFile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RepoFile:
    """`.github/schemagate.yml`. `branches` is empty where the file leaves the default."""

    path: str
    branches: tuple[str, ...]
    modules: tuple[ModuleFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRepository:
    """What the operator says of one repository."""

    name: str
    origin: Origin
    id: int | None
    modules: tuple[ModuleFile, ...]


@dataclass(frozen=True, slots=True)
class Default:
    """Values for every environment that a pattern matches: by the repository where it holds a slash, by its own name elsewhere."""

    pattern: str
    said: tuple[Said, ...]

    def matches(self, repository: str, environment: str) -> bool:
        """Whether an environment gets these values."""
        if "/" in self.pattern:
            return fnmatchcase(repository.lower(), self.pattern.lower())
        return fnmatchcase(environment, self.pattern)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFile:
    """The operator's file."""

    repositories: tuple[ServerRepository, ...]
    defaults: tuple[Default, ...] = ()

    def repository(self, full_name: str) -> ServerRepository | None:
        """Return one repository by owner/name, its defaults laid under every environment; None where it is not served."""
        found = next((item for item in self.repositories if item.name.lower() == full_name.lower()), None)
        if found is None:
            return None
        return replace(found, modules=tuple(self._module(found.name, item) for item in found.modules))

    def _module(self, repository: str, module: ModuleFile) -> ModuleFile:
        return replace(module, environments=tuple(self._environment(repository, item) for item in module.environments))

    def _environment(self, repository: str, own: EnvironmentFile) -> EnvironmentFile:
        """The nearest word wins: the environment's own, then the defaults from the last to the first."""
        under = [said for item in reversed(self.defaults) if item.matches(repository, own.name) for said in item.said]
        return replace(own, said=_first_of_each((*own.said, *under)))


def find(said: tuple[Said, ...], key: str) -> Said | None:
    """Return what was said of one key."""
    return next((item for item in said if item.key == key), None)


def _first_of_each(said: tuple[Said, ...]) -> tuple[Said, ...]:
    first: dict[str, Said] = {}
    for item in said:
        first.setdefault(item.key, item)
    return tuple(first.values())
