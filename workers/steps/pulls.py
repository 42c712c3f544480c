"""Read a pull afresh: GitHub's present state, the config of the default branch, and the trees; nothing of an event is believed."""

from __future__ import annotations

from dataclasses import dataclass

from workers.core.config import Configuration, Environment, Module
from workers.core.globs import matches
from workers.core.names import Direction
from workers.core.progress import Stalled
from workers.core.rollout import Rollout, RolloutState
from workers.ports import Checkout, Loaded, Pull, Repository, Services, Tree
from workers.steps.ending import left_by
from workers.steps.hold import stalled
from workers.steps.journal import ran
from workers.steps.past import Past, Trace
from workers.steps.question import Question
from workers.steps.target import reach, target_key

CONFIG_PATH = ".github/schemagate.yml"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPull:
    """A pull with the configuration that judges it, read at `tip` of the default branch."""

    repository: Repository
    pull: Pull
    loaded: Loaded
    tip: str

    @property
    def configuration(self) -> Configuration | None:
        """The configuration, None where there is none or it is wrong."""
        return self.loaded.configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class Trees:
    """The trees that a plan of this pull is made from."""

    checkout: Checkout
    default: Tree


def read_pull(repository_id: int, number: int, services: Services) -> OpenPull:
    """Read repository, pull and config."""
    repository = services.host.repository(repository_id)
    services.store.remember_repository(repository)
    pull = services.host.pull(repository, number)
    tip, loaded = read_config(repository, services)
    return OpenPull(repository=repository, pull=pull, loaded=loaded, tip=tip)


def read_config(repository: Repository, services: Services) -> tuple[str, Loaded]:
    """Return the default branch's tip, and the configuration as of it."""
    tip = services.host.branch_tip(repository, repository.default_branch)
    return tip, services.configs.load(repository, tip, services.host.file(repository, tip, CONFIG_PATH))


def read_trees(opened: OpenPull, services: Services) -> Trees:
    """Fetch base tip, head and the default branch's tip."""
    base = services.host.branch_tip(opened.repository, opened.pull.base_branch)
    checkout = services.code.checkout(opened.repository, base, opened.pull.head)
    default = checkout.base if base == opened.tip else services.code.tree(opened.repository, opened.tip)
    return Trees(checkout=checkout, default=default)


def touched(configuration: Configuration, paths: tuple[str, ...] | None, services: Services) -> tuple[Module, ...]:
    """The modules that some of these paths concern; all of them where the list of paths is not known whole."""
    if paths is None:
        return configuration.modules
    return tuple(
        module for module in configuration.modules if any(matches(path, watched(module, services)) for path in paths)
    )


def watched(module: Module, services: Services) -> tuple[str, ...]:
    """The glob patterns of every path that concerns a module."""
    sources = (item for item in services.sources if module.source in {None, item.kind})
    return tuple(dict.fromkeys(pattern for source in sources for pattern in source.watched(module)))


def ask(  # noqa: PLR0913 -- each is a part of the question
    opened: OpenPull,
    trees: Trees,
    module: Module,
    environment: Environment,
    services: Services,
    *,
    direction: Direction = Direction.UPGRADE,
    revision: str = "",
    stored_only: bool = False,
    run_code: bool = True,
) -> Question:
    """Put the question about one module on one environment of this pull.

    Where a rollout of the same stopped half way and holds the target, the question is how to carry that one on; asked for another direction,
    it is as it was asked.
    """
    key = target_key(reach(environment, services)[1]) if environment.url is not None else ""
    half_done = _stalled(opened, key, module, environment, services)
    if half_done is not None and direction in {Direction.UPGRADE, half_done.plan.key.direction}:
        direction, revision = half_done.plan.key.direction, ""
    else:
        half_done = None
    return Question(
        repository=opened.repository.id,
        pull=opened.pull.number,
        base_branch=opened.pull.base_branch,
        checkout=trees.checkout,
        default=trees.default,
        module=module,
        environment=environment,
        direction=direction,
        revision=revision,
        past=past_of(module.id, key, opened.repository.id, services),
        stalled=half_done,
        required=tuple(item for item in module.environments if item.name in environment.requires_applied),
        stored_only=stored_only,
        run_code=run_code,
    )


def past_of(module: str, target: str, repository: int, services: Services) -> Past:
    """What rollouts of a module left on a database, oldest first; half-done ones too. Others may share the database."""
    states = (RolloutState.APPLIED, RolloutState.PARTIAL, RolloutState.SUPERSEDED)
    found = (item for state in states for item in services.store.rollouts_of_target(target, state) if target)
    mine = [item for item in found if (item.repository, item.module) == (repository, module) and item.started_at]
    traces = (_trace(item, services) for item in sorted(mine, key=lambda item: item.sequence))
    return Past(tuple(item for item in traces if item is not None))


def _trace(rollout: Rollout, services: Services) -> Trace | None:
    stored = services.store.plan(rollout.digest)
    if stored is None or rollout.state is RolloutState.APPLIED:
        return Trace(stored.plan, None, rollout.id, rollout.finished_at) if stored else None
    left = left_by(rollout, services)
    return Trace(stored.plan, left, rollout.id, rollout.finished_at) if left else None


def _stalled(
    opened: OpenPull, target: str, module: Module, environment: Environment, services: Services
) -> Stalled | None:
    """The rollout of this pull that stopped half way and holds this environment's database."""
    rollout = stalled(target, services)
    place = (opened.repository.id, opened.pull.number, module.id, environment.name)
    if rollout is None or (rollout.repository, rollout.pull, rollout.module, rollout.environment) != place:
        return None
    stored = services.store.plan(rollout.digest)
    told = ran(stored.plan.body.statements, services.store.steps(rollout.id)) if stored else ()
    return Stalled(sequence=rollout.sequence, plan=stored.plan, ran=told) if stored else None
