"""The texts of check runs: the verdict for the list of checks, each environment with its lines of code, and every byte of a plan."""

from __future__ import annotations

import re

from workers.core.redact import redact
from workers.core.refusals import Refusal
from workers.rendering import facts
from workers.rendering.issues import Issue, capital, ended, issue_text
from workers.rendering.markdown import shortened, visible
from workers.rendering.outlook import Outlook, Place, outlook, places, refusals
from workers.rendering.pages import plan_pages
from workers.rendering.phrases import count, runs
from workers.rendering.planned import elsewhere
from workers.rendering.statements import Room, sentences, sql, standing_out
from workers.rendering.suggested import ready
from workers.rendering.templates import render
from workers.rendering.verdict import headline, next_step
from workers.rendering.views import CheckTexts, EnvironmentView, LineNote, ModuleView, ReportView

__all__ = ["aggregate", "environment_check", "plan_pages"]
LONGEST = 65_535
MOST_NOTES = 50
_PLACED = re.compile(r"(?P<path>[^\s:]+\.[a-z]+):(?P<line>\d{1,7}): (?P<words>.+)", re.DOTALL)
_ROOMS = (Room(), Room(sentences=100, sql=200, items=40, wide=80), Room(sentences=10, sql=10, items=5, wide=40))


def aggregate(view: ReportView) -> CheckTexts:
    """The check to require: the report's verdict, and where each environment stands."""
    found = places(view)
    summary = render(
        "comments/check_aggregate.md.j2",
        step=next_step(view),
        problems=tuple(issue_text(Issue(item)) for item in view.problems),
        places=tuple((place.name, place.outlook.value) for place in found),
        url=view.url,
    )
    return CheckTexts(title=_title(headline(view)), summary=_fitted(summary), annotations=_notes(view.problems))


def environment_check(view: ReportView, module: ModuleView, shown: EnvironmentView) -> CheckTexts:
    """One environment: what runs, what is missing, what was looked at, with notes on the lines of the migrations."""
    place = next((item for item in places(view) if item.module == module and item.shown == shown), None) or Place(
        name=shown.environment.name, module=module, shown=shown, outlook=outlook(shown)
    )
    text = ""
    for room in _ROOMS:
        text = _environment_text(place, room)
        if len(text) <= LONGEST:
            break
    missing = refusals(shown)
    said = f"{count(len(missing), 'thing')} missing" if missing else "nothing is missing"
    if place.outlook is Outlook.WATCHED:
        said = "watched only: another pipeline applies, and nothing here waits for it"
    title = f"{place.name}: {place.outlook.value}" + (f" · plan {shown.code}" if shown.code else "")
    return CheckTexts(
        title=_title(title),
        summary=f"{said} · [the report]({view.url})",
        text=_fitted(text),
        annotations=(*_notes(missing), *_told(shown.examination.notes))[:MOST_NOTES],
    )


def _environment_text(place: Place, room: Room) -> str:
    plan = place.shown.examination.plan
    return render(
        "comments/check_environment.md.j2",
        issues=tuple(issue_text(Issue(item)) for item in refusals(place.shown)),
        standing_out=standing_out(plan, room) if plan else (),
        elsewhere=elsewhere(place, room),
        sentences=sentences(plan, room) if plan else (),
        statements=len(runs(plan.body.statements)) if plan else 0,
        sql=sql(plan.body.statements, plan, room).block if plan else "",
        undo=plan.body.way_back.note if plan else "",
        undo_sql=sql(plan.body.way_back.statements, plan, room).block if plan and plan.body.way_back.statements else "",
        drift=tuple(facts.drift_line(item, place) for item in place.shown.examination.drift[: room.items]),
        undeclared=place.shown.examination.undeclared[: room.items],
        suggested=ready(place, room),
        checks=facts.checks(place, room),
        not_compared=facts.not_compared(place),
    )


def _notes(found: tuple[Refusal, ...]) -> tuple[LineNote, ...]:
    return tuple(
        LineNote(
            path=item.path,
            line=item.line or 1,
            level="failure",
            title=item.code.value,
            message=visible(redact(f"{ended(item.message)} {ended(capital(item.fix))}"), keep="\n"),
        )
        for item in found
        if item.path
    )[:MOST_NOTES]


def _told(notes: tuple[str, ...]) -> tuple[LineNote, ...]:
    """What was noticed on a line and blocks nothing; such a note begins with its place."""
    placed = (found for note in notes if (found := _PLACED.fullmatch(note)))
    return tuple(
        LineNote(
            path=found["path"],
            line=int(found["line"]),
            level="warning",
            title="noticed",
            message=visible(redact(ended(capital(found["words"]))), keep="\n"),
        )
        for found in placed
    )


def _title(text: str) -> str:
    return shortened(visible(redact(text)), 200)


def _fitted(text: str) -> str:
    """The last resort for a text that no smaller room made short enough."""
    return (
        text
        if len(text) <= LONGEST
        else "The text is too long for a check run; the plan's own pages have every byte.\n"
    )
