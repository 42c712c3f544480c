"""The part of a report about what has run: when, by whose word, statement by statement, and how to take it back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from workers.core.names import Direction
from workers.core.rollout import RolloutState
from workers.rendering.markdown import code, link, plain, prose
from workers.rendering.outlook import Outlook, Place
from workers.rendering.phrases import count, joined, seconds, some, spoken
from workers.rendering.statements import Room
from workers.rendering.verdict import Next
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


def ran(found: tuple[Place, ...], room: Room) -> tuple[Ran, ...]:
    """What ran, told once for environments that ran the same."""
    grouped: dict[tuple[str, tuple[tuple[str, str], ...]], list[str]] = {}
    for place in found:
        if place.outlook is Outlook.APPLIED and place.last is not None and not failed(place.last):
            grouped.setdefault((place.module.id, _read(place, place.last)), []).append(place.name)
    return tuple(
        Ran(
            title=f"What ran on {joined(names)}",
            sentences=_sentences(statements, room),
            verified="the schema changed exactly as rehearsed, and the version table agrees",
            not_verified="that the application works with it",
        )
        for (_, statements), names in grouped.items()
    )


def rollback(view: ReportView, found: tuple[Place, ...]) -> Next:
    """The line that plans the way back, once everything is done."""
    there = [place for place in found if place.outlook is Outlook.APPLIED and place.last is not None]
    if not there or not view.open or len(there) < len(found):
        return Next("")
    last = there[-1].last
    note = f"; {prose(last.undo_note)}" if last and last.undo_note and last.direction is Direction.UPGRADE else ""
    named = f" --module {there[-1].module.id}" if there[-1].shown.needs_module else ""
    line = f"/rollback {there[-1].shown.environment.name}{named}"
    return Next(f"To take it back (makes a plan first, writes nothing{note}):", line)


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


def _read(place: Place, last: AppliedView) -> tuple[tuple[str, str], ...]:
    """What people read; the migration tool's own table is left out where that leaves anything."""
    table = place.shown.examination.version_table[-1:]
    kept = tuple(item for item in last.statements if item[0].rsplit(" ", 1)[-1].split(".")[-1:] != list(table))
    return kept or last.statements


def _sentences(statements: tuple[tuple[str, str], ...], room: Room) -> tuple[str, ...]:
    lines = [
        f"{number}. {_mark(result)} {spoken(title)}{_said(result)}"
        for number, (title, result) in enumerate(statements, 1)
    ]
    left = len(lines) - room.sentences
    return (*lines[: room.sentences], f"- … and {count(left, 'statement')} more") if left > 0 else tuple(lines)


def _said(result: str) -> str:
    """What a result says beyond that all went well."""
    rest = result.removeprefix("ok").strip(", ")
    rows = re.fullmatch(r"(\d+) row\(s\)", rest)
    rest = (count(int(rows[1]), "row") if rows[1] != "0" else "") if rows else plain(rest)
    return f" · {rest}" if rest else ""


def _mark(result: str) -> str:
    return "✅" if result.startswith("ok") else "⚪" if result == "not run" else "🔴"
