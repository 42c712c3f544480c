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
    """Values for every environment of the repositories that a pattern matches."""

    repositories: str
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFile:
    """The operator's file."""

    repositories: tuple[ServerRepository, ...]
    defaults: tuple[Default, ...] = ()

    def repository(self, full_name: str) -> ServerRepository | None:
        """Return one repository by owner/name, its defaults laid under every environment; None where it is not served."""
        found = next((item for item in self.repositories if item.name.lower() == full_name.lower()), None)
        return (
            None
            if found is None
            else replace(found, modules=tuple(self._with_defaults(found.name, item) for item in found.modules))
        )

    def _with_defaults(self, name: str, module: ModuleFile) -> ModuleFile:
        """The nearest word wins: the environment's own, then the patterns from the last to the first."""
        under = [
            said
            for item in reversed(self.defaults)
            if fnmatchcase(name.lower(), item.repositories.lower())
            for said in item.said
        ]
        return replace(
            module,
            environments=tuple(
                replace(item, said=_first_of_each((*item.said, *under))) for item in module.environments
            ),
        )


def find(said: tuple[Said, ...], key: str) -> Said | None:
    """Return what was said of one key."""
    return next((item for item in said if item.key == key), None)


def _first_of_each(said: tuple[Said, ...]) -> tuple[Said, ...]:
    first: dict[str, Said] = {}
    for item in said:
        first.setdefault(item.key, item)
    return tuple(first.values())
