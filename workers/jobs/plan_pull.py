"""Plan a pull: read it afresh, examine each environment, and publish one report."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from workers.core.approval import Role
from workers.core.config import Environment, Module
from workers.core.errors import InterruptedWorkError
from workers.core.names import Direction
from workers.core.policy import PullFacts
from workers.core.refusals import Refusal
from workers.messages import Command, PlanPull
from workers.ports import Services
from workers.steps.command import Asked, asked_by, refuse
from workers.steps.guard import mend_report
from workers.steps.judge import Judged, judge
from workers.steps.publish import in_progress, nothing_touched, publish
from workers.steps.pulls import CONFIG_PATH, OpenPull, Trees, read_pull, read_trees, touched
from workers.steps.standing import pull_facts
from workers.steps.turns import drop_turn, take_turn, turn_of

LEASE = 45.0  # renewed while we live; shorter than the minute after which a dead worker's job is sent again
SOON = 5.0


def plan_pull(message: PlanPull, services: Services) -> None:
    """Plan once for everything that was wanted until now; whoever comes while we plan leaves a wish, a command comes again."""
    owner = f"plan-{services.clock.iso()}-{services.clock.code()}"
    with services.store.take_plan(message.repository, message.pull, owner, LEASE) as wanted:
        if wanted is None:
            _leave_a_wish(message, services)
            return
        asked = asked_by(message, services) if message.delivery else None
        if message.delivery and asked is None:
            return
        _plan(message, asked, services)
        if not services.store.planned(message.repository, message.pull, wanted):
            services.queue.send(PlanPull(repository=message.repository, pull=message.pull))


def _leave_a_wish(message: PlanPull, services: Services) -> None:
    if message.delivery:
        raise InterruptedWorkError("the pull is being planned", SOON)
    services.store.want_plan(message.repository, message.pull)


def _plan(message: PlanPull, asked: Asked | None, services: Services) -> None:
    command = asked.command if asked else None
    opened = read_pull(message.repository, message.pull, services)
    if not opened.pull.open and not opened.pull.merged:
        return
    if opened.pull.open:
        in_progress(opened, services)
    mend_report(opened, services)
    if opened.configuration is None:
        _publish_problems(opened, services)
        return
    trees = read_trees(opened, services)
    paths = services.code.changed(
        opened.repository, trees.checkout.merge_base or trees.checkout.base.commit, opened.pull.head
    )
    modules = touched(opened.configuration, paths, services)
    problems = _proposed_config(opened, trees, paths, services)
    known = services.store.pull(opened.repository.id, opened.pull.number).report_comment
    if not modules and not problems and not known:
        nothing_touched(opened, "No schema change", services)
        return
    if not modules and known:
        modules = opened.configuration.modules
    _unreject(message, command, opened, services)
    if asked is not None:
        take_turn(asked, message.direction, services)
    facts = pull_facts(opened.repository, opened.pull, services)
    judged = tuple(
        _judge(opened, trees, facts, module, environment, asked, services)
        for module in modules
        for environment in module.environments
    )
    publish(opened, judged, problems, services)
    _remember(opened, trees, judged, services)


def _judge(
    opened: OpenPull,
    trees: Trees,
    facts: PullFacts,
    module: Module,
    environment: Environment,
    asked: Asked | None,
    services: Services,
) -> Judged:
    """The plan that somebody asked for; where there can be none, an answer says why and the report stays with the usual one."""
    runs = not opened.pull.fork or (asked is not None and asked.person.role in {Role.ADMIN, Role.MAINTAIN})
    usual = partial(judge, opened, trees, facts, module, environment, services, run_code=runs)
    turn = turn_of(opened, module, environment, services)
    if turn is None:
        return usual()
    found = usual(direction=turn.direction, revision=turn.revision)
    if found.stored is not None:
        return found
    drop_turn(opened, turn, services)
    if asked is not None and (asked.module, asked.environment) == (module, environment):
        refuse(opened, asked.heard, asked.command, found.examination.refusals, services)
    return usual()


def _publish_problems(opened: OpenPull, services: Services) -> None:
    if not opened.loaded.found and not opened.loaded.problems:
        nothing_touched(opened, "No configuration on the default branch", services)
        return
    publish(opened, (), opened.loaded.problems, services)


def _proposed_config(opened: OpenPull, trees: Trees, paths: tuple[str, ...], services: Services) -> tuple[Refusal, ...]:
    """A pull that proposes a config has it checked, with notes on its lines; it is not used before it is merged."""
    if CONFIG_PATH not in paths:
        return ()
    proposed = trees.checkout.head.read(CONFIG_PATH)
    return services.configs.load(opened.repository, opened.pull.head, proposed).problems if proposed is not None else ()


def _unreject(message: PlanPull, command: Command | None, opened: OpenPull, services: Services) -> None:
    """`/plan` asks again after a `/reject`; a push of theirs does too, because what was rejected is not what is there now."""
    memory, head = services.store.pull(opened.repository.id, opened.pull.number), opened.pull.head
    kept = memory.rejections
    if memory.planned_head not in {"", head} and not services.store.our_commit(opened.repository.id, head):
        kept = ()
    elif command is not None and message.direction is Direction.UPGRADE:
        kept = tuple(item for item in kept if not command.concerns(item.module, item.environment))
    if kept != memory.rejections:
        services.store.remember_pull(replace(memory, rejections=kept))


def _remember(opened: OpenPull, trees: Trees, judged: tuple[Judged, ...], services: Services) -> None:
    memory = services.store.pull(opened.repository.id, opened.pull.number)
    base = trees.checkout.base.commit
    services.store.remember_pull(replace(memory, planned_head=opened.pull.head, planned_base=base))
    for item in judged:
        live = item.examination.live.fingerprint if item.examination.live else ""
        services.store.keep_view(
            opened.repository.id, opened.pull.number, item.examination.module, item.examination.environment, live
        )
