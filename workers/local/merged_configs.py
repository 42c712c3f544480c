"""The operator's config, merged with each repository's own."""

from __future__ import annotations

from dataclasses import dataclass

from workers.core.config_files import SERVER_CONFIG, ServerFile
from workers.core.config_rules import merge, read_repository, read_server
from workers.core.refusals import Actor, Refusal, RefusalCode
from workers.ports import Loaded, Repository
from workers.reading import positions

REPO_PATH = ".github/schemagate.yml"


@dataclass(frozen=True, slots=True)
class MergedConfigs:
    """The `Configs` of the service."""

    server: ServerFile

    def load(self, repository: Repository, commit: str, text: bytes | None) -> Loaded:
        """Merge the server config with the repo config's bytes (None where the default branch has none)."""
        served = self.server.repository(repository.full_name)
        if text is None:
            return Loaded(None, found=False)
        if served is None:
            return Loaded(None, (_not_served(repository.full_name),))
        if served.id not in {None, repository.id}:
            return Loaded(None, (_other_repository(repository),))
        node = positions.read(text, REPO_PATH)
        file = node if isinstance(node, Refusal) else read_repository(node, REPO_PATH)
        if isinstance(file, Refusal):
            return Loaded(None, (file,))
        if isinstance(file, tuple):
            return Loaded(None, file)
        merged = merge(served, file, repository.default_branch, commit)
        return Loaded(None, merged) if isinstance(merged, tuple) else Loaded(merged)

    def repositories(self) -> tuple[str, ...]:
        """The full names that the server config serves."""
        return tuple(item.name for item in self.server.repositories)


def read_server_config(content: bytes) -> ServerFile | tuple[Refusal, ...]:
    """Read the operator's file; every fault of it at once."""
    node = positions.read(content, SERVER_CONFIG)
    return (node,) if isinstance(node, Refusal) else read_server(node)


def _not_served(name: str) -> Refusal:
    return Refusal(
        code=RefusalCode.NOT_CONFIGURED,
        message=f"{name} is not in the server config",
        fix="add it under `repositories:`",
        actor=Actor.OPERATOR,
    )


def _other_repository(repository: Repository) -> Refusal:
    return Refusal(
        code=RefusalCode.REPOSITORY_CHANGED,
        message=f"{repository.full_name} has another id than the server config pins",
        fix="correct `id:` in the server config if the repository was made anew on purpose",
        actor=Actor.OPERATOR,
    )
