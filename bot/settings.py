"""What the webhook service is told by its environment: a webhook secret, Redis, the state, and which repositories are served.

It reads names and ids of repositories from the server config and nothing else: no App key, no URL of a target.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

DEFAULT_REDIS_URL = "redis://127.0.0.1:6379/0"
_FULL_NAME = re.compile(r"[A-Za-z0-9_.*?-]+/[A-Za-z0-9_.*?-]+")


class SettingsError(Exception):
    """The environment or the server config does not say what is needed; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Served:
    """An entry under `repositories:`. The name may be a glob; `id` is 0 where the config leaves it out."""

    name: str
    id: int = 0

    def covers(self, repository: int, name: str) -> bool:
        """Whether an event of this repository is ours; a pinned id decides alone, whatever the name is now."""
        return self.id == repository if self.id else fnmatchcase(name.lower(), self.name.lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that the service needs to know."""

    webhook_secret: str
    redis_url: str
    state_url: str
    repositories: tuple[Served, ...]

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Settings:
        """Read the names of the documentation. Raises SettingsError with what to set."""
        return cls(
            webhook_secret=_secret(environment),
            redis_url=environment.get("SCHEMAGATE_REDIS_URL") or DEFAULT_REDIS_URL,
            state_url=environment.get("SCHEMAGATE_STATE_URL") or _default_state(environment),
            repositories=read_served(_config(environment)),
        )

    def serves(self, repository: int, name: str) -> bool:
        """Whether the server config names this repository."""
        return any(entry.covers(repository, name) for entry in self.repositories)

    def __repr__(self) -> str:
        """Say what is served and no secret."""
        return f"Settings({', '.join(entry.name for entry in self.repositories)})"


def read_served(text: str) -> tuple[Served, ...]:
    """Read names and ids below `repositories:` of the server config. Raises SettingsError; the rest is the workers' to check."""
    try:
        config = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise SettingsError("the server config (SCHEMAGATE_CONFIG) is not YAML") from error
    entries = config.get("repositories") if isinstance(config, dict) else None
    if not isinstance(entries, dict) or not entries:
        raise SettingsError("the server config (SCHEMAGATE_CONFIG) lists nothing under `repositories:`")
    return tuple(_served(name, entry) for name, entry in entries.items())


def _served(name: object, entry: object) -> Served:
    if not isinstance(name, str) or not _FULL_NAME.fullmatch(name):
        raise SettingsError("a key under `repositories:` of the server config is no owner/name")
    number = entry.get("id", 0) if isinstance(entry, dict) else 0
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise SettingsError(f"`id` of {name} in the server config is no repository id")
    return Served(name, number)


def _secret(environment: Mapping[str, str]) -> str:
    value = environment.get("SCHEMAGATE_WEBHOOK_SECRET", "")
    if value.startswith("file:"):
        value = _read(Path(value.removeprefix("file:")), "SCHEMAGATE_WEBHOOK_SECRET").strip()
    if not value:
        raise SettingsError("set SCHEMAGATE_WEBHOOK_SECRET to the App's webhook secret, or to file:PATH")
    return value


def _config(environment: Mapping[str, str]) -> str:
    path = environment.get("SCHEMAGATE_CONFIG", "")
    if not path:
        raise SettingsError("set SCHEMAGATE_CONFIG to the path of the server config")
    return _read(Path(path), "SCHEMAGATE_CONFIG")


def _read(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name} names a file that cannot be read: {path}") from error


def _default_state(environment: Mapping[str, str]) -> str:
    """The SQLite file that `schemagate up` makes, below the data directory; the same rule as in workers/settings.py."""
    if folder := environment.get("SCHEMAGATE_DATA_DIR"):
        return f"sqlite:///{Path(folder).absolute() / 'state.db'}"
    if base := environment.get("XDG_DATA_HOME"):
        return f"sqlite:///{Path(base).absolute() / 'schemagate' / 'state.db'}"
    if home := environment.get("HOME"):
        return f"sqlite:///{Path(home).absolute() / '.local' / 'share' / 'schemagate' / 'state.db'}"
    raise SettingsError("set SCHEMAGATE_STATE_URL, or SCHEMAGATE_DATA_DIR for an SQLite file in it")
