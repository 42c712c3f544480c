"""Examine an environment, keep the plan that comes of it, and let the gate judge it."""

from __future__ import annotations

from dataclasses import dataclass

from workers.core.config import Environment, Module
from workers.core.errors import ExpectedError
from workers.core.examination import Examination
from workers.core.names import Direction
from workers.core.plan import StoredPlan
from workers.core.policy import Decision, PullFacts, Standing, decide
from workers.core.refusals import Actor, Refusal
from workers.ports import Services
from workers.steps.examine import examine
from workers.steps.pulls import OpenPull, Trees, ask
from workers.steps.standing import Matter, standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One environment with everything that is known and decided about it."""

    matter: Matter
    facts: PullFacts
    examination: Examination
    stored: StoredPlan | None
    standing: Standing
    decision: Decision


def judge(  # noqa: PLR0913 -- each is a part of the question
    opened: OpenPull,
    trees: Trees,
    facts: PullFacts,
    module: Module,
    environment: Environment,
    services: Services,
    *,
    direction: Direction = Direction.UPGRADE,
    revision: str = "",
    stored_only: bool = False,
    run_code: bool = True,
) -> Judged:
    """Examine and decide. With `stored_only` nothing is recorded: an equal stored plan is judged, or what changed is said."""
    if opened.configuration is None:
        raise ValueError(opened.pull.number)
    matter = Matter(
        repository=opened.repository,
        pull=opened.pull,
        configuration=opened.configuration,
        module=module,
        environment=environment,
    )
    try:
        question = ask(
            opened,
            trees,
            module,
            environment,
            services,
            direction=direction,
            revision=revision,
            stored_only=stored_only,
            run_code=run_code,
        )
    except ExpectedError as error:
        examination = _cannot(module, environment, direction, error, services)
        return _decided(matter, facts, examination, None, services)
    examination = examine(question, services)
    stored = services.store.keep_plan(examination.plan, services.clock.code) if examination.plan else None
    return _decided(matter, facts, examination, stored, services)


def _decided(
    matter: Matter, facts: PullFacts, examination: Examination, stored: StoredPlan | None, services: Services
) -> Judged:
    try:
        facing = standing(matter, facts, examination, stored, services)
    except ExpectedError as error:
        examination = _cannot(matter.module, matter.environment, examination.direction, error, services)
        facing = _unreached(matter, facts, examination, services)
    return Judged(
        matter=matter,
        facts=facts,
        examination=examination,
        stored=stored,
        standing=facing,
        decision=decide(facing),
    )


def _unreached(matter: Matter, facts: PullFacts, examination: Examination, services: Services) -> Standing:
    return Standing(
        pull=facts,
        environment=matter.environment,
        branches=matter.configuration.branches,
        plan=None,
        code="",
        findings=examination.refusals,
        drift=(),
        approvals=(),
        now=services.clock.now(),
    )


def _cannot(
    module: Module, environment: Environment, direction: Direction, error: ExpectedError, services: Services
) -> Examination:
    refusal = Refusal(code=error.code, message=error.message, fix=error.advice, actor=Actor.OPERATOR)
    return Examination(
        module=module.id,
        environment=environment.name,
        direction=direction,
        refusals=(refusal,),
        examined_at=services.clock.iso(),
    )
