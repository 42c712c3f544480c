"""What the environments that must come first did with the migrations of a plan: whether they have them, verified, and which statements ran there."""

from __future__ import annotations

from workers.core.config import Environment
from workers.core.examination import Unlike
from workers.core.names import Direction
from workers.core.plan import Plan, StatementKind
from workers.core.progress import Unverified
from workers.core.version_rows import applied_revisions
from workers.ports import Database, History, Services, Target
from workers.steps import lineage
from workers.steps.draft import Draft
from workers.steps.hold import binding
from workers.steps.past import Past
from workers.steps.pulls import past_of
from workers.steps.pushing import is_there
from workers.steps.question import Question
from workers.steps.target import reach, target_key


def waits_for(draft: Draft, history: History, services: Services) -> tuple[str, ...]:
    """The required environments that lack a migration, or hold one that was not verified, which the draft tells apart; only upgrades wait.

    What is held there is being applied, or was not as rehearsed.
    """
    question, pending, (table, columns) = draft.question, draft.pending, draft.version_table
    if question.direction is not Direction.UPGRADE:
        return ()
    waiting = []
    for environment in question.required:
        database, target = reach(environment, services)
        with target.reading() as reader:
            rows = reader.rows(table, columns)
        done = lineage.applied(history, applied_revisions(columns, rows))
        if question.module.pushes:
            done = _pushed(draft, environment, (database, target), services)
        held = binding(target_key(target), services) is not None
        doubtful = _past(question, environment, services).unverified()
        if held or any(item.id not in done for item in pending):
            waiting.append(environment.name)
        elif met := [item.id for item in pending if item.id in doubtful]:
            waiting.append(environment.name)
            draft.unverified += (Unverified(environment.name, met[0], doubtful[met[0]]),)
    return tuple(waiting)


def unlike(question: Question, plan: Plan | None, services: Services) -> tuple[Unlike, ...]:
    """The migrations for which a rollout of ours ran other statements on a required environment than this plan would.

    What somebody else put there, or we only recorded, has no statements to compare. The rest of a half-done rollout always needs its code.
    """
    if plan is None or question.direction is not Direction.UPGRADE or plan.key.continues is not None:
        return ()
    found = []
    for environment in question.required:
        past = _past(question, environment, services)
        for migration in plan.key.pending:
            ran = past.ran(migration.id)
            here = tuple(
                item.sql
                for item in plan.body.statements
                if item.migration == migration.id and item.parsed.kind is not StatementKind.BOOKKEEPING
            )
            if ran is not None and ran != here:
                found.append(Unlike(environment.name, migration.id, ran))
    return tuple(found)


def _pushed(
    draft: Draft, environment: Environment, where: tuple[Database, Target], services: Services
) -> frozenset[str]:
    """The push that our newest rollout there was of; this one, where somebody else did it and nothing is left to run."""
    question, tree = draft.question, draft.question.checkout.merge
    done = frozenset(_past(question, environment, services).newest())
    source = next((item for item in services.sources if item.kind is draft.source), None)
    if {item.id for item in draft.pending} <= done or source is None or tree is None:
        return done
    there = is_there(source, question.module, tree, *where)
    return frozenset(item.id for item in draft.pending) if there else done


def _past(question: Question, environment: Environment, services: Services) -> Past:
    _, target = reach(environment, services)
    return past_of(question.module.id, target_key(target), question.repository, services)
