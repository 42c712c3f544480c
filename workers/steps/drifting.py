"""Drift: what is live against what the applied migrations make."""

from __future__ import annotations

from dataclasses import dataclass

from workers.core.diff import Change, diff_objects
from workers.core.examination import Drift
from workers.core.folding import Folded, fold, suspected_renames
from workers.core.names import Direction
from workers.core.plan import Statement
from workers.core.progress import Left
from workers.core.refusals import Refusal, RefusalCode
from workers.core.schema import Name, ObjectKind, Snapshot
from workers.ports import Database, Dump, History, PythonEnvironment, Services, Source
from workers.steps.draft import Draft
from workers.steps.past import Past
from workers.steps.question import Question
from workers.steps.replay import Replayed, ReplayQuestion, replay
from workers.steps.sight import Made, seen, seen_live


@dataclass(frozen=True, slots=True)
class Replaying:
    database: Database
    source: Source
    base: History
    dump: Dump
    python: PythonEnvironment | None
    table: Name
    made: Made


def compare_with_expected(draft: Draft, services: Services, replaying: Replaying) -> None:
    """Drift: what is live against what the applied migrations make. Not known where the replay cannot run; then that is said."""
    question = draft.question
    blocked = {item.code for item in draft.refusals} & {
        RefusalCode.SANDBOX_UNAVAILABLE,
        RefusalCode.DEPENDENCIES_UNAVAILABLE,
        RefusalCode.BASELINE_NEEDED,
    }
    if blocked or draft.live is None or question.direction is Direction.BASELINE:
        return
    roots = _past(draft).roots(draft.recorded, replaying.base)
    if roots is None:
        draft.notes.append(
            "drift was not compared: the database has revisions that neither the base branch nor a rollout of ours explains"
        )
        return
    replayed = _expected(question, services, replaying, roots)
    if replayed.snapshot is None:
        message = f"the applied migrations cannot be replayed from empty: {replayed.error}"
        draft.refusals.append(
            Refusal(
                code=RefusalCode.BASELINE_NEEDED, message=message, fix="mend the history, or start it from a baseline"
            )
        )
        return
    tell_drift(draft, replayed.snapshot, replaying)


def tell_drift(draft: Draft, expected: Snapshot, replaying: Replaying) -> None:
    """Number what separates the live schema from the expected one, as the environment looks at both."""
    environment, live = draft.question.environment, draft.live
    if live is None:
        return
    draft.expected, draft.drift_known = expected, True
    left = draft.rest.marker.left if draft.rest else ()
    draft.drifted = bool(differences(expected, live, replaying.table, left))
    draft.seen = seen_live(live, environment, replaying.made, expected)
    changes = differences(seen(expected, environment), draft.seen, replaying.table, left)
    folded = fold(changes)
    draft.drift = tuple(_drift(number, item, replaying.database) for number, item in enumerate(folded, 1))
    draft.notes += [f"drift: {rename.question}" for rename in suspected_renames(folded)]


def _drift(number: int, found: Folded, database: Database) -> Drift:
    back = database.revert(found.change, found.children)
    return Drift(
        number=f"drift-{number}",
        change=found.change,
        children=found.children,
        touches_plan=False,
        revert="".join(f"{statement};\n" for statement in back),
    )


def _past(draft: Draft) -> Past:
    """What our rollouts left; of the one that is to be carried on what is there now: that is its own work, not drift."""
    past, rest = draft.question.past, draft.rest
    return past.as_found(rest.plan, Left(done=rest.marker.done, recorded=draft.recorded)) if rest else past


def differences(expected: Snapshot, live: Snapshot, table: Name, left: tuple[Name, ...] = ()) -> tuple[Change, ...]:
    """Everything that differs but the version table, and the invalid indexes that a rollout left which is to be carried on."""
    found = diff_objects(
        (item for item in expected.objects if item.parent[-1] != table[-1]),
        (item for item in live.objects if item.parent[-1] != table[-1]),
    )
    return tuple(item for item in found if item.kind is not ObjectKind.INDEX or item.name not in left)


def _expected(
    question: Question, services: Services, replaying: Replaying, roots: tuple[tuple[str, ...], tuple[Statement, ...]]
) -> Replayed:
    asked = ReplayQuestion(
        repository=question.repository,
        module=question.module,
        source=replaying.source,
        tree=question.checkout.base,
        revisions=roots[0],
        then=roots[1],
        like=replaying.dump,
        python=replaying.python,
    )
    return replay(asked, replaying.database.scratch(None), services.replays)
