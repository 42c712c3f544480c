"""Drift: what is live against what the applied migrations make."""

from __future__ import annotations

from dataclasses import dataclass

from workers.core.diff import Change, diff_objects
from workers.core.examination import Drift
from workers.core.folding import Folded, fold, suspected_renames
from workers.core.names import Direction
from workers.core.plan import Statement
from workers.core.progress import Left
from workers.core.refusals import Actor, Refusal, RefusalCode
from workers.core.schema import Name, ObjectKind, Snapshot
from workers.ports import Database, Dump, History, PythonEnvironment, Services, Source
from workers.steps.draft import Draft
from workers.steps.past import Past
from workers.steps.question import Question
from workers.steps.replay import Replayed, ReplayQuestion, replay
from workers.steps.sight import Made, seen, seen_live
from workers.steps.start import adopted, last_seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where drift is looked for: the engine, the version table, which is never drift, and what histories ever named."""

    database: Database
    table: Name
    made: Made


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaying(Place):
    """A place with all that a replay needs."""

    source: Source
    base: History
    dump: Dump
    python: PythonEnvironment | None


def compare_with_expected(draft: Draft, services: Services, replaying: Replaying) -> None:
    """Drift: what is live against what the applied migrations make. Not known where the replay cannot run; then that is said."""
    question = draft.question
    if draft.live is None or question.direction is Direction.BASELINE or _from_adoption(draft, services, replaying):
        return
    blocked = {item.code for item in draft.refusals} & {
        RefusalCode.SANDBOX_UNAVAILABLE,
        RefusalCode.DEPENDENCIES_UNAVAILABLE,
        RefusalCode.BASELINE_NEEDED,
    }
    if blocked:
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
                code=RefusalCode.BASELINE_NEEDED,
                message=message,
                fix=f"mend the history, or {_offer(draft, replaying.base)}",
                actor=Actor.APPROVER,
            )
        )
        return
    if replayed.given:
        names = ", ".join(replayed.given)
        draft.notes.append(
            f"the migrations use extensions that they do not make; they were replayed with those of the target: {names}"
        )
    tell_drift(draft, replayed.snapshot, replaying)


def compare_with_last(draft: Draft, services: Services, place: Place) -> None:
    """Drift where no scratch database like the target can be made: what is live against what our last rollout left."""
    start = last_seen(_past(draft), draft.recorded, services)
    draft.notes.append(start.said)
    if start.snapshot is not None:
        tell_drift(draft, start.snapshot, place)


def tell_drift(draft: Draft, expected: Snapshot, place: Place) -> None:
    """Number what separates the live schema from the expected one, as the environment looks at both."""
    environment, live = draft.question.environment, draft.live
    if live is None:
        return
    draft.expected, draft.drift_known = expected, True
    left = draft.rest.marker.left if draft.rest else ()
    draft.drifted = bool(differences(expected, live, place.table, left))
    draft.seen = seen_live(live, environment, place.made, expected)
    changes = differences(seen(expected, environment), draft.seen, place.table, left)
    folded = fold(changes)
    draft.drift = tuple(_drift(number, item, place.database) for number, item in enumerate(folded, 1))
    draft.notes += [f"drift: {rename.question}" for rename in suspected_renames(folded)]


def _from_adoption(draft: Draft, services: Services, replaying: Replaying) -> bool:
    """Compare with the schema that an approved baseline took for the start; False where there is none."""
    start = adopted(_past(draft), draft.recorded, services)
    if start is None:
        return False
    draft.adopted = True
    draft.notes.append(start.said)
    if start.snapshot is not None:
        tell_drift(draft, start.snapshot, replaying)
        return True
    fix = _offer(draft, replaying.base)
    draft.refusals.append(Refusal(code=RefusalCode.BASELINE_NEEDED, message=start.said, fix=fix, actor=Actor.APPROVER))
    return True


def _offer(draft: Draft, base: History) -> str:
    """The line that takes the schema as it is for the start."""
    recorded = [item.id for item in base.revisions if item.id in draft.recorded]
    if len(recorded) > 1 and not base.separate:
        return "merge its branches: a start has one revision"
    line = f"/baseline {draft.question.environment.name} {recorded[-1] if recorded else 'REVISION'}"
    return f"look at the schema as it is and take it for the start: comment `{line}`"


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
