"""The rules of the two configuration files: what each may say, with file and line of everything that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import TypeVar

from workers.core import config_keys as keys
from workers.core.config import AlembicSettings, Origin, PrismaSettings
from workers.core.config_files import (
    SERVER_CONFIG,
    Default,
    EnvironmentFile,
    ModuleFile,
    RepoFile,
    Said,
    ServerFile,
    ServerRepository,
    find,
)
from workers.core.config_keys import Key
from workers.core.config_merge import merge
from workers.core.config_nodes import Entry, Listing, Mapping, Node, Scalar
from workers.core.config_values import WrongValueError, environment_name, module_id, quoted, repository_name, shown
from workers.core.names import SourceKind, Strategy
from workers.core.refusals import Actor, Refusal, RefusalCode

__all__ = ["merge", "read_repository", "read_server"]

T = TypeVar("T")
Problems = tuple[Refusal, ...]


def read_repository(node: Node, path: str) -> RepoFile | Problems:
    """Read `.github/schemagate.yml`; every fault of the file at once, each a Refusal(config_invalid) with its line."""
    reading = _Reading(path, Actor.AUTHOR)
    said = reading.said(node, keys.REPO_FILE, "the file")
    modules = tuple(reading.module(item) for item in reading.items(node, "modules"))
    reading.once("module", tuple((item.id, item.origin) for item in modules if item.id))
    branches = find(said, "branches")
    file = RepoFile(path=path, branches=branches.value if branches else (), modules=modules)
    return tuple(reading.problems) or file


def read_server(node: Node) -> ServerFile | Problems:
    """Read the operator's file, in the same way."""
    reading = _Reading(SERVER_CONFIG, Actor.OPERATOR)
    reading.said(node, keys.SERVER_FILE, "the file")
    repositories = tuple(reading.repository(entry) for entry in reading.entries(node, "repositories"))
    reading.once("repository", tuple((item.name, item.origin) for item in repositories))
    names = {item.name for repository in repositories for module in repository.modules for item in module.environments}
    file = ServerFile(repositories=repositories, defaults=reading.defaults(node, names))
    return tuple(reading.problems) or file


class _Reading:
    """One pass over one file; collects the faults and goes on, so that people learn of all of them at once."""

    def __init__(self, path: str, actor: Actor) -> None:
        self.path, self.actor = path, actor
        self.problems: list[Refusal] = []

    def module(self, node: Node) -> ModuleFile:
        """One entry of the repository's `modules`."""
        said = self.said(node, keys.REPO_MODULE, "a module")
        name = find(said, "id")
        settings = (
            *self.settings(node, "alembic", keys.ALEMBIC, AlembicSettings),
            *self.settings(node, "prisma", keys.PRISMA, PrismaSettings),
        )
        strategy, reason = _entry(node, "strategy"), find(said, "reason")
        pushes = strategy and isinstance(strategy.value, Scalar) and strategy.value.value == Strategy.PUSH.value
        if reason and not pushes:
            self.fault(reason.origin.line, "`reason` explains `strategy: push` and nothing else", "leave it out")
        if strategy and pushes:
            self.pushed(strategy.line, said)
        return ModuleFile(
            id=name.value if name else "",
            origin=self.origin("modules", node.line),
            said=(*(item for item in said if item.key != "id"), *settings),
            environments=tuple(
                self.environment(entry, keys.REPO_ENVIRONMENT) for entry in self.entries(node, "environments")
            ),
        )

    def pushed(self, line: int, said: tuple[Said, ...]) -> None:
        """What else a module says that pushes its schema: why, and no tool that cannot."""
        source = find(said, "source")
        if find(said, "reason") is None:
            self.fault(line, "`strategy: push` stands without a reason", 'add `reason: "…"` beside it')
        if source and source.value is SourceKind.ALEMBIC:
            self.fault(line, "`strategy: push` is Prisma's; Alembic has nothing like it", "leave it out")

    def repository(self, entry: Entry) -> ServerRepository:
        """One entry of the server's `repositories`."""
        if not repository_name(entry.key):
            self.fault(entry.line, f"{quoted(entry.key)} is no repository", "write it as `owner/name`")
        said = self.said(entry.value, keys.SERVER_REPOSITORY, quoted(entry.key))
        number = find(said, "id")
        modules = tuple(self.server_module(item) for item in self.entries(entry.value, "modules"))
        return ServerRepository(
            name=entry.key,
            origin=self.origin(entry.key, entry.line),
            id=number.value if number else None,
            modules=modules,
        )

    def server_module(self, entry: Entry) -> ModuleFile:
        """One entry of the server's `modules`."""
        self.checked(module_id, entry)
        said = self.said(entry.value, keys.SERVER_MODULE, f"module {quoted(entry.key)}")
        environments = tuple(
            self.environment(item, keys.SERVER_ENVIRONMENT) for item in self.entries(entry.value, "environments")
        )
        return ModuleFile(id=entry.key, origin=self.origin("modules", entry.line), said=said, environments=environments)

    def environment(self, entry: Entry, allowed: tuple[Key, ...]) -> EnvironmentFile:
        """One entry of `environments`; the repository's may be empty."""
        self.checked(environment_name, entry)
        said = self.said(entry.value, allowed, f"environment {quoted(entry.key)}")
        return EnvironmentFile(name=entry.key, origin=self.origin(entry.key, entry.line), said=said)

    def defaults(self, node: Node, environments: set[str]) -> tuple[Default, ...]:
        """`defaults`: keys of an environment, or names and patterns of environments and repositories with such keys below."""
        found = self.entries(node, "defaults")
        patterns = tuple(entry for entry in found if _is_pattern(entry))
        plain = tuple(entry for entry in found if entry not in patterns)
        for entry in patterns:
            if not {"/", "*"} & set(entry.key) and entry.key not in environments:
                message = f"{quoted(entry.key)} is no key of an environment, and none has that name"
                self.fault(entry.line, message, self.advice(entry.key, keys.SERVER_DEFAULTS))
        everywhere = self.said(Mapping(plain, node.line, node.column), keys.SERVER_DEFAULTS, "`defaults`")
        below = (
            Default(entry.key, self.said(entry.value, keys.SERVER_DEFAULTS, quoted(entry.key))) for entry in patterns
        )
        return (Default("*", everywhere), *below)

    def settings(self, node: Node, key: str, allowed: tuple[Key, ...], make: Callable[..., T]) -> tuple[Said, ...]:
        """A block of settings, as one value."""
        entry = _entry(node, key)
        if entry is None:
            return ()
        said = self.said(entry.value, allowed, f"`{key}`")
        whole = Said(key, make(**{item.key: item.value for item in said}), self.origin(key, entry.line))
        return (whole,) if self.built(whole) else ()

    def said(self, node: Node, allowed: tuple[Key, ...], where: str) -> tuple[Said, ...]:
        """Every plain key of a mapping; faults for unknown, missing and wrong ones. Nothing at all counts as an empty mapping."""
        if not isinstance(node, Mapping) and not _is_nothing(node):
            self.fault(node.line, f"{where} must be a mapping, not {shown(node)}", "write keys: " + _names(allowed))
            return ()
        entries = node.entries if isinstance(node, Mapping) else ()
        for key in allowed:
            if key.required and not any(entry.key == key.name for entry in entries):
                self.fault(node.line, f"{where} has no `{key.name}`", f"add `{key.name}:`")
        found = (self.one(entry, allowed, where) for entry in entries)
        return tuple(item for item in found if item is not None and self.built(item))

    def one(self, entry: Entry, allowed: tuple[Key, ...], where: str) -> Said | None:
        """One key with its value, None where it is wrong or has a table of its own."""
        key = next((item for item in allowed if item.name == entry.key), None)
        if key is None:
            self.fault(entry.line, f"{where} has no key {quoted(entry.key)}", self.advice(entry.key, allowed))
            return None
        try:
            return None if key.inside else Said(key.name, key.read(entry.value), self.origin(key.name, entry.line))
        except WrongValueError as error:
            self.fault(error.line, f"`{key.name}` {error.message}", error.fix)
            return None

    def advice(self, key: str, allowed: tuple[Key, ...]) -> str:
        """What to do about an unknown key."""
        if self.actor is Actor.AUTHOR and key in keys.OPERATOR_ONLY:
            return f"`{key}` stands in the server config only; ask the operator"
        if self.actor is Actor.OPERATOR and key in keys.REPOSITORY_ONLY:
            return f"`{key}` stands in the repository's own file"
        near = get_close_matches(key, [item.name for item in allowed], n=1)
        return (f"did you mean `{near[0]}`? " if near else "") + "allowed are " + _names(allowed)

    def built(self, said: Said) -> bool:
        """Whether the value has an effect already; a fault where not."""
        unbuilt = any(item.key == said.key and item.applies(said.value) for item in keys.NOT_BUILT)
        if unbuilt:
            self.fault(
                said.origin.line, f"`{said.key}` with this value is not built yet in this version", "leave the key out"
            )
        return not unbuilt

    def entries(self, node: Node, key: str) -> tuple[Entry, ...]:
        """The entries of a mapping below `key`."""
        entry = _entry(node, key)
        if entry is None or _is_nothing(entry.value):
            return ()
        if not isinstance(entry.value, Mapping):
            self.fault(
                entry.line, f"`{key}` must be a mapping, not {shown(entry.value)}", "write `name:` and its keys below"
            )
            return ()
        return entry.value.entries

    def items(self, node: Node, key: str) -> tuple[Node, ...]:
        """The items of a list below `key`, at least one."""
        entry = _entry(node, key)
        if entry is None:
            return ()
        if not isinstance(entry.value, Listing) or not entry.value.items:
            self.fault(entry.line, f"`{key}` must be a list with at least one entry", "write `- id: …` below it")
            return ()
        return entry.value.items

    def checked(self, read: Callable[[Node], str], entry: Entry) -> None:
        """A key that is itself a value."""
        try:
            read(Scalar(entry.key, entry.line, entry.column))
        except WrongValueError as error:
            self.fault(error.line, f"a key {error.message}", error.fix)

    def once(self, kind: str, named: tuple[tuple[str, Origin], ...]) -> None:
        """No name stands twice, letter case aside."""
        seen: set[str] = set()
        for name, origin in named:
            if name.lower() in seen:
                self.fault(origin.line, f"{kind} `{name}` stands twice", "keep one of them, or give it another name")
            seen.add(name.lower())

    def origin(self, key: str, line: int) -> Origin:
        """Where something was written."""
        return Origin(key, self.path, line)

    def fault(self, line: int | None, message: str, fix: str) -> None:
        """Remember a fault."""
        self.problems.append(
            Refusal(
                code=RefusalCode.CONFIG_INVALID, message=message, fix=fix, actor=self.actor, path=self.path, line=line
            )
        )


def _entry(node: Node, key: str) -> Entry | None:
    return next((entry for entry in node.entries if entry.key == key), None) if isinstance(node, Mapping) else None


def _is_nothing(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def _is_pattern(entry: Entry) -> bool:
    known = any(key.name == entry.key for key in keys.SERVER_DEFAULTS)
    return not known and (isinstance(entry.value, Mapping) or bool({"/", "*"} & set(entry.key)))


def _names(allowed: tuple[Key, ...]) -> str:
    return ", ".join(f"`{key.name}`" for key in allowed)
