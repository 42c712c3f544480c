"""The living report of a pull: verdict first, next step second, what runs and why, and everything else folded."""

from __future__ import annotations

from workers.core.config import ApproverKind, Environment
from workers.core.listed import approver_names
from workers.core.plan import Undo
from workers.core.rollout import RolloutState
from workers.rendering import aftermath, facts
from workers.rendering.aftermath import Fold
from workers.rendering.issues import ByActor, by_actor, issue_lists, numbers
from workers.rendering.markdown import cell, code, link, plain, prose
from workers.rendering.outlook import Outlook, Place, places
from workers.rendering.phrases import count, joined, moment, runs, some
from workers.rendering.planned import may_not, planned
from workers.rendering.statements import Room
from workers.rendering.suggested import ready
from workers.rendering.templates import render
from workers.rendering.verdict import approve_line, headline, next_step
from workers.rendering.views import ReportView

MARKER = "<!-- schemagate:report:1 -->"
LONGEST = 65_536
_ROOMS = (
    Room(),
    Room(sentences=200, sql=250, items=50),
    Room(sentences=60, sql=80, items=20, wide=80),
    Room(sentences=20, sql=20, items=8, wide=60),
    Room(sentences=5, sql=1, items=3, wide=40),
)
_OTHERS = frozenset({Outlook.READY, Outlook.WAITS, Outlook.DECIDE, Outlook.HELD, Outlook.RUNNING})


def report(view: ReportView) -> str:
    """Return the report; never longer than GitHub takes, and the same for the same view."""
    found, every = places(view), by_actor(view)
    for room in _ROOMS:
        text = _page(view, found, every, room)
        if len(text) <= LONGEST:
            return text
    return _smallest(view)


def _page(view: ReportView, found: tuple[Place, ...], every: ByActor, room: Room) -> str:
    text = render(
        "comments/report.md.j2",
        heading=headline(view),
        summaries=tuple(_summary(module.id, found) for module in view.modules),
        lists=issue_lists(every, view.author_login, room),
        step=next_step(view),
        merge=aftermath.merge_first(view, found),
        table=_table(found, every),
        picture=_picture(found),
        runs=planned(found, room),
        after=aftermath.ran(found, room),
        finished=all(place.outlook is Outlook.APPLIED for place in found),
        rollback=aftermath.rollback(view, found),
        folds=tuple(fold for fold in _folds(view, found, room) if fold.lines),
        footer=_footer(view, found),
        marker=MARKER,
    )
    return text.rstrip("\n") + "\n"


def _smallest(view: ReportView) -> str:
    """What always fits: verdict, next step, where the rest is."""
    return render(
        "comments/report_smallest.md.j2",
        heading=headline(view),
        step=next_step(view),
        url=f"{view.url}/checks",
        marker=MARKER,
    )


def _summary(module: str, found: tuple[Place, ...]) -> str:
    """The questions of somebody who owns the database, in one line: how much, lost, way back."""
    here = [place for place in found if place.module.id == module]
    plans = [place.shown.examination.plan for place in here]
    plan = next((item for item in plans if item is not None), None)
    parts = [f"**{plain(module)}**"]
    if plan is not None:
        lost = plan.destroys
        parts.append(count(len(runs(plan.body.statements)), "statement"))
        parts.append(f"**deletes {plain(some(list(lost), 3))}**" if lost else "no data lost")
        parts.append(
            {
                Undo.LOSSLESS: "undo rehearsed",
                Undo.LOSSY: "undo rehearsed, loses what was written since",
                Undo.NONE: "**no way back**",
            }[plan.body.way_back.undo]
        )
    elif all(place.outlook in {Outlook.APPLIED, Outlook.NOTHING} for place in here):
        parts.append("schema and migrations are where this pull wants them")
    else:
        parts.append("no plan")
    return " · ".join(parts)


def _table(found: tuple[Place, ...], every: ByActor) -> tuple[tuple[str, str, str], ...]:
    if found and all(place.outlook is Outlook.APPLIED for place in found):
        rows = [("", "applied", "approved by")]
        rows += [(f"**{plain(place.name)}**", aftermath.when(place), aftermath.by(place)) for place in found]
    else:
        rows = [("", "state", "approves")]
        rows += [(f"**{plain(place.name)}**", _state(place, every), _approves(place)) for place in found]
    return tuple((a, cell(b), cell(c)) for a, b, c in rows) if found else ()


def _state(place: Place, every: ByActor) -> str:
    waits = joined([plain(item) for item in place.shown.examination.waits_for])
    failed = (
        place.last is not None
        and place.outlook not in {Outlook.APPLIED, Outlook.NOTHING}
        and aftermath.failed(place.last)
    )
    words = {
        Outlook.APPLIED: f"applied {aftermath.when(place)}",
        Outlook.WAITS: f"needs {waits} first" if waits else "outside its hours",
        Outlook.NOTHING: "up to date",
        Outlook.FIX: f"blocked ({numbers(every, place)})",
        Outlook.DECIDE: f"needs a decision ({numbers(every, place)})",
        Outlook.RUNNING: "being applied",
    }.get(place.outlook, place.outlook.value)
    if failed and place.last and place.last.rollout.state is RolloutState.PARTIAL:
        return f"{words}; half done"
    return f"{words}; the last try failed" if failed else words


def _approves(place: Place) -> str:
    if place.outlook is Outlook.APPLIED:
        return f"by {aftermath.by(place)}"
    if place.outlook in {Outlook.NOTHING, Outlook.WATCHED}:
        return ""
    given = [plain(item.by.login) for item in place.shown.approvals if not item.revoked]
    said = f"; so far {some(given)}" if given else ""
    return _who(place.shown.environment, max(place.shown.needed + len(given), 1)) + said


def _who(environment: Environment, needed: int) -> str:
    """Who may approve, in words; nobody is mentioned."""
    entries = [item for group in environment.approver_sets for item in group]
    if not entries:
        return "nobody is named"
    if len(entries) == 1 and entries[0].kind is ApproverKind.ROLE and entries[0].name in {"write", "maintain", "admin"}:
        return f"{'anyone' if needed == 1 else needed} with {entries[0].name} access"
    if len(names := approver_names(environment)) == needed == 1:
        return plain(names[0])
    every = "in every list" if len(environment.approver_sets) > 1 else ""
    return f"{needed} of: {some([plain(item) for item in names], 6)}{f' ({every})' if every else ''}"


def _picture(found: tuple[Place, ...]) -> str:
    """Three or more environments that wait for each other are easier to see than to read."""
    edges = [(item, place.name) for place in found for item in place.shown.environment.requires_applied]
    if len(found) < 3 or len(found) > 8 or not edges or len({place.module.id for place in found}) > 1:
        return ""
    ids = {place.name: f"e{number}" for number, place in enumerate(found)}
    nodes = [f'  {ids[place.name]}["{place.name}: {place.outlook.value}"]' for place in found]
    arrows = [f"  {ids[a]} --> {ids[b]}" for a, b in edges if a in ids and b in ids]
    return "\n".join(["flowchart LR", *nodes, *arrows])


def _folds(view: ReportView, found: tuple[Place, ...], room: Room) -> list[Fold]:
    first = next((place for place in found if place.outlook is Outlook.READY), None)
    folds = [_other(place) for place in found if place is not first and place.shown.code and place.outlook in _OTHERS]
    for place in found:
        drift = place.shown.examination.drift
        lines = [
            facts.drift_line(item, place)
            for item in sorted(drift, key=lambda item: not item.touches_plan)[: room.items]
        ]
        rest = [f"- … and {len(drift) - len(lines)} more"] if len(drift) > len(lines) else []
        folds.append(Fold(title=facts.drift_title(place), lines=tuple(lines + rest)))
        undeclared = place.shown.examination.undeclared
        folds.append(
            Fold(
                title=f"Models and migrations differ ({len(undeclared)})",
                lines=tuple(f"- {plain(item)}" for item in undeclared[: room.items]),
            )
        )
        folds.append(ready(place, room))
    folds += [aftermath.evidence(place) for place in found if place.last is not None]
    folds.append(_checked(found, room))
    if view.other_pulls:
        folds.append(
            Fold(
                title="Effect on other pulls",
                lines=tuple(f"- #{number}: {prose(text)}" for number, text in view.other_pulls[: room.items]),
            )
        )
    return list(dict.fromkeys(folds))


def _other(place: Place) -> Fold:
    shown = place.shown
    backup = shown.environment.backup_statement
    ready = place.outlook is Outlook.READY
    line = f"its line: {code(approve_line(place))}" if ready else "its line appears above once its turn has come"
    lines = [
        f"- code for {plain(place.name)} is **{plain(shown.code)}**; {line}",
        f"- database {code(shown.database)} on {code(shown.server)}, "
        + (f'backup "{plain(backup)}"' if backup else "no backup is stated"),
        *([f"- {may_not(place)}"] if place.shown.may_not and not ready else []),
    ]
    return Fold(title=f"{place.name}: what is different there", lines=tuple(lines))


def _checked(found: tuple[Place, ...], room: Room) -> Fold:
    """Everything that was looked at; each environment says its own only where there are several."""
    lines, good, every = [], 0, 0
    for place in found:
        name = f"**{plain(place.name)}:** " if len(found) > 1 else ""
        checks = facts.checks(place, room)
        lines += [f"- {'' if item.good else '⚠️ '}{name}{item.text}" for item in checks]
        lines.append(f"- {name}**not compared:** {facts.not_compared(place)}")
        good, every = good + sum(1 for item in checks if item.good), every + len(checks)
    return Fold(title=f"Checked: {good} of {every} good", lines=tuple(lines))


def _footer(view: ReportView, found: tuple[Place, ...]) -> str:
    parts = [f"head {code(view.head[:7])}"]
    if view.checked_at:
        parts.append(f"checked {moment(view.checked_at)}")
    if view.url and any(place.shown.code for place in found):
        parts.append(link("every byte of each plan", f"{view.url}/checks"))
    parts += [
        plain(module.source.capitalize()) + (f", {code(module.path)}" if module.path != "." else "")
        for module in view.modules
    ]
    parts += [f"evidence {code(task)}" for task in dict.fromkeys(task for _, task in view.tasks[:4])]
    if view.unmapped:
        parts.append(f"{count(view.unmapped, 'commit')} that GitHub maps to nobody")
    sentence = (
        f"{plain(view.workdocs_sentence)}<br>"
        if view.workdocs_sentence and any(place.shown.code for place in found)
        else ""
    )
    return sentence + " · ".join([*parts, "`/help`"])
