"""Judge the commit of a merge group: its own tree must have nothing pending on an environment that blocks a merge."""

from __future__ import annotations

from workers.core.config import Environment, Module
from workers.core.errors import ExpectedError
from workers.core.version_rows import applied_revisions
from workers.ports import Check, CheckState, Repository, Services, Tree
from workers.steps import lineage
from workers.steps.pulls import past_of, read_config
from workers.steps.pushing import is_there
from workers.steps.target import reach, target_key


def judge_group(repository: Repository, head: str, services: Services) -> None:
    """Set the aggregate check on a commit that belongs to no pull."""
    _, loaded = read_config(repository, services)
    if loaded.configuration is None:
        state, lines = (CheckState.FAILURE, ["The configuration is not valid."]) if loaded.problems else _no_config()
    else:
        tree = services.code.tree(repository, head)
        judged = [
            _judge(module, environment, tree, repository.id, services)
            for module in loaded.configuration.modules
            for environment in module.environments
            if environment.blocks_merge
        ]
        lines = [line for line in judged if line]
        state = CheckState.FAILURE if lines else CheckState.SUCCESS
    title = (
        "Every environment has these migrations" if state is CheckState.SUCCESS else "Not every environment is ready"
    )
    summary = "\n".join(f"- {line}" for line in lines) or "Nothing is pending."
    services.host.set_check(repository, head, Check(name="schemagate", state=state, title=title, summary=summary))


def _no_config() -> tuple[CheckState, list[str]]:
    return CheckState.SUCCESS, []


def _judge(module: Module, environment: Environment, tree: Tree, repository: int, services: Services) -> str:
    """Return what keeps this environment from being ready, empty where nothing does."""
    where = f"{module.id}/{environment.name}"
    named = (item for item in services.sources if module.source in {None, item.kind})
    source = next((item for item in named if item.found(tree, module)), None)
    if source is None:
        return f"{where}: its source was not found"
    history = source.history(tree, module)
    if history.problems:
        return f"{where}: {history.problems[0].message}"
    table, columns = source.version_table(tree, module)
    try:
        database, target = reach(environment, services)
        with target.reading() as reader:
            rows = reader.rows(table, columns)
        done = applied_revisions(columns, rows)
        if module.pushes:  # no table records a push; our own rollouts do, and what a push would still run says the rest
            done = past_of(module.id, target_key(target), repository, services).newest()
            if history.heads != done and is_there(source, module, tree, database, target):
                done = history.heads
    except ExpectedError as error:
        return f"{where}: {error.message}"
    waiting = lineage.pending(history, history, done)
    if module.pushes and waiting:
        return f"{where}: its schema is not pushed yet"
    return f"{where}: {len(waiting)} migration(s) pending, first {waiting[0].id}" if waiting else ""
