"""What is asked about a module on an environment, and what is known of it before anything runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from workers.core.config import Environment, Module
from workers.core.names import Direction
from workers.core.plan import Key, Migration
from workers.core.progress import Stalled
from workers.core.schema import Name, Snapshot
from workers.ports import Checkout, Database, Dump, History, PythonEnvironment, Source, Target, Tree
from workers.steps.past import Past
from workers.steps.rest import Rest
from workers.steps.sight import Made


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to examine.

    `default` is the tree of the default branch's tip (dependencies come from there); `revision` is for the two bookkeeping plans.
    `required` are the environments that must have the migrations first. `stored_only` asks whether a stored plan still holds: nothing is
    recorded, and where none holds the result says what changed. Without `run_code` the code is only read: a fork's pull, until a
    maintainer asks for a plan. `stalled` is a rollout of the same pull that stopped half way and holds the target: its rest is what to plan.
    """

    repository: int
    pull: int
    base_branch: str
    checkout: Checkout
    default: Tree
    module: Module
    environment: Environment
    direction: Direction = Direction.UPGRADE
    revision: str = ""
    past: Past = field(default_factory=Past)
    required: tuple[Environment, ...] = ()
    stored_only: bool = False
    run_code: bool = True
    stalled: Stalled | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Everything that was found out by reading: the code's histories, the target's schema and records, and what is pending.

    `live` is the whole schema, `made` the names that our histories ever gave; `drifted` is said of the whole schema. `adopted`: what is
    expected starts from a snapshot that a baseline took, because the history does not run on an empty database.
    """

    question: Question
    source: Source
    database: Database
    target: Target
    history: History
    base: History
    merge: Tree
    version_table: Name
    columns: tuple[str, ...]
    recorded: tuple[str, ...]
    pending: tuple[Migration, ...]
    back_to: tuple[str, ...]
    live: Snapshot
    made: Made
    drifted: bool
    adopted: bool
    dump: Dump
    python: PythonEnvironment | None
    rest: Rest | None = None

    @property
    def to(self) -> tuple[str, ...]:
        """The revisions that the version table will hold after the plan."""
        direction = self.question.direction
        if self.question.module.pushes:
            return self.recorded
        if self.rest is not None:
            return self.rest.to
        if direction is Direction.ROLLBACK:
            return self.back_to
        if not direction.bookkeeping_only:
            return self.history.heads
        if self.history.separate:
            return tuple(dict.fromkeys((*self.recorded, *(item.id for item in self.pending))))
        return tuple(item.id for item in self.pending[-1:])


def present_key(known: Known, scope: tuple[Name, ...]) -> Key:
    """The key as of now; `scope` says which tables of the live schema the plan binds to (all where empty)."""
    question = known.question
    return Key(
        repository=question.repository,
        pull=question.pull,
        base_branch=question.base_branch,
        module=question.module.id,
        environment=question.environment.name,
        target=known.target.identity,
        strategy=question.module.strategy,
        direction=question.direction,
        pending=known.pending,
        source_files=known.source.own_files(known.merge, question.module),
        dependencies=known.python.digest if known.python else "",
        recorded=known.recorded,
        policy=question.environment.policy_digest,
        session=known.target.session_settings(),
        scope=scope,
        live=known.live.binding(scope),
        continues=known.rest.marker if known.rest else None,
    )
