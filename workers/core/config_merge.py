"""How the operator's file and the repository's become one configuration: the operator may add rules and tighten them, never loosen."""

from __future__ import annotations

from typing import Any

from workers.core.config import Approver, Configuration, Environment, Mode, Module
from workers.core.config_files import Approving, EnvironmentFile, ModuleFile, RepoFile, Said, ServerRepository, find
from workers.core.config_keys import SERVER_ENVIRONMENT, Key
from workers.core.config_values import quoted
from workers.core.refusals import Actor, Refusal, RefusalCode

Problems = tuple[Refusal, ...]


def merge(server: ServerRepository, repo: RepoFile, default_branch: str, commit: str) -> Configuration | Problems:
    """Make one configuration of both files, `repo` as it stands at `commit`, the tip of the default branch.

    Of each rule that both files state the stricter one counts; a default counts where neither says anything. Approvers of both lists
    are needed. An environment that the operator does not know keeps `url=None`.
    """
    problems = [*_unknown_modules(server, repo)]
    modules = tuple(_module(module, _named(server.modules, module.id), problems) for module in repo.modules)
    if problems:
        return tuple(problems)
    branches = repo.branches or (default_branch,)
    return Configuration(
        repository=server.name, repository_id=server.id, branches=branches, modules=modules, commit=commit
    )


def _unknown_modules(server: ServerRepository, repo: RepoFile) -> list[Refusal]:
    known = ", ".join(f"`{item.id}`" for item in repo.modules)
    return [
        _problem(module, f"{server.name} has no module `{module.id}`", f"its own file has {known}", Actor.OPERATOR)
        for module in server.modules
        if _named(repo.modules, module.id) is None
    ]


def _module(repo: ModuleFile, server: ModuleFile | None, problems: list[Refusal]) -> Module:
    theirs = {item.name: item for item in repo.environments}
    ours = {item.name: item for item in (server.environments if server else ())}
    environments = tuple(_environment(theirs.get(name), ours.get(name), problems) for name in {**theirs, **ours})
    if not environments:
        problems.append(
            _problem(repo, f"module `{repo.id}` has no environment", "add one below `environments:`", Actor.AUTHOR)
        )
    for item in (*repo.environments, *(server.environments if server else ())):
        problems.extend(_order_problems(item, environments))
    said: dict[str, Any] = {item.key: item.value for item in (*repo.said, *(server.said if server else ()))}
    return Module(id=repo.id, environments=environments, **said)


def _environment(repo: EnvironmentFile | None, server: EnvironmentFile | None, problems: list[Refusal]) -> Environment:
    ours, theirs = server.said if server else (), repo.said if repo else ()
    said: dict[str, Any] = {"url": None}
    for key in SERVER_ENVIRONMENT:
        values = [item.value for item in (find(ours, key.name), find(theirs, key.name)) if item is not None]
        if values and key.stricter is not None:
            said[key.name] = _one(key, values)
    if server and said.get("mode") is not Mode.REPORT:
        problems.extend(_approver_problems(server, repo))
    name = repo.name if repo else server.name if server else ""
    origins = tuple(item.origin for item in (*ours, *theirs))
    return Environment(name=name, approver_sets=_approver_sets(ours, theirs), origins=origins, **said)


def _one(key: Key, values: list[Any]) -> Any:  # noqa: ANN401 -- what the key's reader gave
    return key.stricter(values[0], values[1]) if key.stricter and len(values) > 1 else values[0]


def _approver_sets(ours: tuple[Said, ...], theirs: tuple[Said, ...]) -> tuple[tuple[Approver, ...], ...]:
    stated = (find(ours, "approvers"), find(theirs, "approvers"))
    return tuple(item.value for item in stated if item is not None and item.value is not Approving.FROM_REPOSITORY)


def _approver_problems(server: EnvironmentFile, repo: EnvironmentFile | None) -> list[Refusal]:
    """A database that can be written has approvers whom the repository cannot choose, unless the operator lets it."""
    ours, theirs = find(server.said, "approvers"), find(repo.said, "approvers") if repo else None
    if ours is None:
        message = f"environment `{server.name}` has a writing url and no approvers beside it"
        return [
            _problem(server, message, "add `approvers: […]` there, or `approvers: from_repository`", Actor.OPERATOR)
        ]
    if ours.value is Approving.FROM_REPOSITORY and theirs is None:
        message = f"environment `{server.name}` takes its approvers from the repository, which names none"
        return [
            _problem(
                repo or server,
                message,
                "add `approvers: […]` to the environment in the repository's file",
                Actor.AUTHOR,
            )
        ]
    return []


def _order_problems(stated: EnvironmentFile, environments: tuple[Environment, ...]) -> list[Refusal]:
    said = find(stated.said, "requires_applied")
    needs = {item.name: item.requires_applied for item in environments}
    wrong = [name for name in (said.value if said else ()) if name not in needs or stated.name in _reached(name, needs)]
    known = ", ".join(f"`{name}`" for name in needs if stated.name not in _reached(name, needs)) or "none"
    fix = f"environments that may come before it: {known}"
    return [
        Refusal(
            code=RefusalCode.CONFIG_INVALID,
            message=f"`{stated.name}` cannot wait for {quoted(name)}: "
            + ("they wait for each other" if name in needs else "there is none"),
            fix=fix,
            path=said.origin.file if said else None,
            line=said.origin.line if said else None,
        )
        for name in wrong
    ]


def _reached(start: str, needs: dict[str, tuple[str, ...]]) -> set[str]:
    """Every environment that `start` waits for, itself included."""
    seen, open_ = set[str](), [start]
    while open_:
        name = open_.pop()
        if name not in seen:
            seen.add(name)
            open_.extend(needs.get(name, ()))
    return seen


def _named(modules: tuple[ModuleFile, ...], module_id: str) -> ModuleFile | None:
    return next((item for item in modules if item.id == module_id), None)


def _problem(where: ModuleFile | EnvironmentFile, message: str, fix: str, actor: Actor) -> Refusal:
    return Refusal(
        code=RefusalCode.CONFIG_INVALID,
        message=message,
        fix=fix,
        actor=actor,
        path=where.origin.file,
        line=where.origin.line,
    )
