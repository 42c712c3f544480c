"""The part of a report about what has run: when, by whose word, statement by statement, and how to take it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from workers.core.names import Direction
from workers.core.rollout import RolloutState
from workers.rendering.markdown import code, link, plain, prose
from workers.rendering.phrases import count, joined, seconds, some, spoken
from workers.rendering.statements import Room
from workers.rendering.verdict import Next, Outlook, Place
from workers.rendering.views import AppliedView, ReportView


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What ran on one environment, and what was made sure of afterwards."""

    title: str
    sentences: tuple[str, ...]
    verified: str
    not_verified: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """A folded part of a report: its title says what is inside."""

    title: str
    lines: tuple[str, ...]


def failed(applied: AppliedView) -> bool:
    """Whether a rollout ended without doing what it should."""
    return applied.rollout.state in {RolloutState.FAILED, RolloutState.PARTIAL}


def when(place: Place) -> str:
    """`20 Nov 14:20 UTC, 9 s`."""
    if place.last is None or not place.last.rollout.finished_at:
        return ""
    ended = datetime.fromisoformat(place.last.rollout.finished_at)
    return f"{ended.day} {ended:%b %H:%M} UTC, {seconds(duration(place.last))}"


def by(place: Place) -> str:
    """Who approved what ran last here."""
    return joined([plain(login) for login in place.last.by]) if place.last and place.last.by else "nobody"


def duration(applied: AppliedView) -> float:
    """How long a rollout took, in seconds."""
    rollout = applied.rollout
    if not rollout.started_at or not rollout.finished_at:
        return 0.0
    return (datetime.fromisoformat(rollout.finished_at) - datetime.fromisoformat(rollout.started_at)).total_seconds()


def merge_first(view: ReportView, found: tuple[Place, ...]) -> str:
    """The dangerous state is applied and not merged; nothing else on the page shows it."""
    there = [place for place in found if place.outlook is Outlook.APPLIED and place.last is not None]
    if not there or view.merged or not view.open or any(place.outlook is not Outlook.APPLIED for place in found):
        return ""
    newest = there[-1].last
    migration = f"migration {code(newest.migrations[-1])}" if newest and newest.migrations else "these migrations"
    base = code(view.base_branch)
    return f"**Merge now:** {joined([place.name for place in there])} {'has' if len(there) == 1 else 'have'} {migration}, {base} has not."


def ran(place: Place, room: Room) -> Ran:
    """What ran on an environment that is done."""
    last = place.last
    statements = last.statements if last else ()
    lines = [
        f"{number}. {_mark(result)} {spoken(title)} · {plain(result)}"
        for number, (title, result) in enumerate(statements, 1)
    ]
    left = len(lines) - room.sentences
    lines = [*lines[: room.sentences], f"- … and {count(left, 'statement')} more"] if left > 0 else lines
    outcome = last.rollout.outcome if last else ""
    return Ran(
        title=f"What ran on {place.name}",
        sentences=tuple(lines),
        verified=f"the schema changed as rehearsed and the version table agrees ({prose(outcome)})",
        not_verified="that the application works with it.",
    )


def rollback(view: ReportView, found: tuple[Place, ...]) -> Next:
    """The line that plans the way back, once everything is done."""
    there = [place for place in found if place.outlook is Outlook.APPLIED and place.last is not None]
    if not there or not view.open or len(there) < len(found):
        return Next("")
    last = there[-1].last
    note = (
        f" Way back: {prose(last.undo_note)}."
        if last and last.undo_note and last.direction is Direction.UPGRADE
        else ""
    )
    named = f" --module {there[-1].module.id}" if there[-1].shown.needs_module else ""
    line = f"/rollback {there[-1].shown.environment.name}{named}"
    return Next(f"To take it back (makes a plan first, writes nothing).{note}", line)


def evidence(place: Place) -> Fold:
    """Where the evidence of the rollouts on one environment is."""
    lines = [line for item in place.shown.applied for line in _evidence(place, item)]
    return Fold(
        title=f"Evidence: {count(len(place.shown.applied), 'rollout')} on {place.name}",
        lines=tuple(lines),
    )


def _evidence(place: Place, item: AppliedView) -> list[str]:
    where = link("evidence", item.commit_url) if item.commit_url else "evidence follows"
    names = some([plain(name) for name in item.by]) or "nobody"
    number = f"{plain(place.name)}-{item.rollout.sequence:04d}"
    why = f"; {prose(item.rollout.outcome)}" if failed(item) else ""
    text = f"- {number} **{item.rollout.state.value}**, approved by {names}: {where}{why}"
    return [text, *(f"- {plain(name)}: {plain(said)}" for name, said in item.evidence)]


def _mark(result: str) -> str:
    return "✅" if result.startswith("ok") else "⚪" if result == "not run" else "🔴"
