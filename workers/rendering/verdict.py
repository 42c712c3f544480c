"""What a report says first: where each environment stands, whose turn it is, and the one line to paste that works now."""

from __future__ import annotations

from dataclasses import dataclass

from workers.core.names import Direction
from workers.core.plan import Continued, Need
from workers.core.policy import to_accept
from workers.core.refusals import Actor, RefusalCode
from workers.core.rollout import RolloutState
from workers.rendering.issues import issues
from workers.rendering.markdown import plain
from workers.rendering.outlook import Outlook, Place, applied_here, places, refusals
from workers.rendering.phrases import count, joined
from workers.rendering.views import EnvironmentView, ReportView


@dataclass(frozen=True, slots=True)
class Next:
    """What to do now: a sentence, and a line to paste (empty where none would work)."""

    sentence: str
    line: str = ""
    after: str = ""


_NEEDS_PUSH = frozenset(
    {
        RefusalCode.BASE_NOT_ALLOWED,
        RefusalCode.CHECKOUT_FAILED,
        RefusalCode.EDITED_MIGRATION,
        RefusalCode.FORK_PULL,
        RefusalCode.MERGE_CONFLICT,
        RefusalCode.RECORDING_MISMATCH,
        RefusalCode.SEVERAL_HEADS,
        RefusalCode.SOURCE_AMBIGUOUS,
        RefusalCode.STATEMENT_FORBIDDEN,
        RefusalCode.TOO_LARGE,
        RefusalCode.UNDECLARED_CHANGES,
    }
)
_ICONS = {
    Outlook.HELD: "⛔",
    Outlook.FIX: "⛔",
    Outlook.UNKNOWN: "⚠️",
    Outlook.RUNNING: "⏳",
    Outlook.READY: "✅",
    Outlook.DECIDE: "🟠",
    Outlook.WATCHED: "👀",
    Outlook.WAITS: "⏳",
    Outlook.APPLIED: "✅",
    Outlook.NOTHING: "✅",
}
_ACTS = {
    Direction.UPGRADE: "ready for {}",
    Direction.ROLLBACK: "ready to roll back {}",
    Direction.MARK_APPLIED: "ready to record a migration on {}",
    Direction.BASELINE: "ready to record the baseline of {}",
}


def headline(view: ReportView) -> str:
    """The one line that a phone or a mail shows: icon first, the most urgent first."""
    if view.problems:
        return f"⛔ The configuration has {count(len(view.problems), 'error')}"
    found = places(view)
    if not found:
        return "✅ No schema change"
    if not view.open:
        return _closed(view, found)
    ordered = [(item, [place for place in found if place.outlook is item]) for item in Outlook]
    first = next(item for item, there in ordered if there)
    if first is Outlook.NOTHING:
        return "✅ No schema change to apply"
    parts = [part for item, there in ordered if there for part in _fragments(item, there, view)]
    if first is Outlook.APPLIED:
        parts.append("merge this pull next")
    icon = _ICONS[first]
    if first is Outlook.READY and any(_rest(place) for place in found):
        icon = "🟠"
    if first is Outlook.READY and _loses(ordered):
        icon = "🔴"
    text = " · ".join(parts)
    begins_with_a_name = any(parts[0].startswith(place.name) for place in found)
    return f"{icon} {text if begins_with_a_name else text[0].upper() + text[1:]}"


def next_step(view: ReportView) -> Next:
    """The next step of the whole pull."""
    if view.problems:
        return Next("Correct these lines and push.")
    found = places(view)
    ready = next((place for place in found if place.outlook is Outlook.READY), None)
    if ready is not None and view.open:
        return _approve(ready)
    outlooks = {place.outlook for place in found}
    if Outlook.RUNNING in outlooks and view.open:
        return Next("Nothing is to be done now; the result follows here.")
    if Outlook.HELD in outlooks or not view.open:
        return Next("")
    if outlooks & {Outlook.FIX, Outlook.UNKNOWN}:
        blocked = next(place for place in found if place.outlook in {Outlook.FIX, Outlook.UNKNOWN})
        if {item.code for item in refusals(blocked.shown) if item.actor is not Actor.APPROVER} <= _NEEDS_PUSH:
            return Next("No approval is possible now. Push the fix, and this report follows by itself.")
        return Next("No approval is possible now. Fixed without a push? Paste:", f"/plan {_where(blocked)}")
    return Next("")


def approve_line(place: Place) -> str:
    """The line that approves exactly this plan; `…` stands where a person must write a word of their own."""
    shown, words = place.shown, [f"/approve {place.shown.environment.name} {place.shown.code}"]
    plan = shown.examination.plan
    needs = plan.body.needs if plan else ()
    if shown.needs_module:
        words.append(f"--module {place.module.id}")
    if Need.ALLOW_DESTRUCTIVE in needs:
        words.append("--allow-destructive")
    if Need.BACKUP in needs:
        words.append('--backup "…"')
    if accepted := drift_to_accept(shown):
        words.append(f"--accept {','.join(accepted)}")
    if Need.ALLOW_PUSH in needs:
        words.append('--allow-push "…"')
    return " ".join(words)


def drift_to_accept(shown: EnvironmentView) -> tuple[str, ...]:
    """The numbers of the drift that blocks, where the approver may accept it."""
    if not any(item.code is RefusalCode.DRIFT_PRESENT for item in refusals(shown)):
        return ()
    drift = tuple(item.item for item in shown.examination.drift)
    return tuple(
        item.number for item in to_accept(drift, shown.environment.block_on_drift, shown.examination.direction)
    )


def _approve(place: Place) -> Next:
    line = approve_line(place)
    given = len({item.by.id for item in place.shown.approvals if not item.revoked})
    first = "Once its cause is mended, paste as a comment:" if _rest(place) else "Paste as a comment:"
    sentence = first if not given else f"{count(given, 'approval')} given, {place.shown.needed} to go. Paste:"
    after = "Write your own words in place of `…`; the line is refused with it." if "…" in line else ""
    return Next(sentence, line, after)


def _where(place: Place) -> str:
    named = f" --module {place.module.id}" if place.shown.needs_module else ""
    return place.shown.environment.name + named


def _fragments(item: Outlook, there: list[Place], view: ReportView) -> list[str]:
    names = joined([place.name for place in there])
    are = "is" if len(there) == 1 else "are"
    if item is Outlook.FIX:
        return [f"{names} {are} blocked: {_work(view, there)}"]
    if item is Outlook.READY:
        return _ready(there)
    if item is Outlook.WAITS:
        return [_waits(place) for place in there]
    return [
        {
            Outlook.HELD: f"{names} {are} {_held(there)} until somebody has looked",
            Outlook.UNKNOWN: f"{names} cannot be checked",
            Outlook.RUNNING: f"applying on {names}",
            Outlook.DECIDE: f"{names} {'needs' if len(there) == 1 else 'need'} a decision",
            Outlook.WATCHED: f"{names} {are} only watched here",
            Outlook.APPLIED: f"applied on {names}",
            Outlook.NOTHING: f"nothing to apply on {names}",
        }[item]
    ]


def _ready(there: list[Place]) -> list[str]:
    """One fragment for each kind of act; losing something is said here, where everybody looks."""
    found = [_carried_on(place, rest) for place in there if (rest := _rest(place))]
    anew = [place for place in there if not _rest(place)]
    for direction in dict.fromkeys(place.shown.examination.direction for place in anew):
        mine = [place for place in anew if place.shown.examination.direction is direction]
        act = _ACTS[direction].format(joined([place.name for place in mine]))
        lost = tuple(dict.fromkeys(item for place in mine for item in _destroyed(place)))
        again = " again, the last try failed" if any(_failed(place) for place in mine) else ""
        found.append(act + again + (f", deletes {_shortly(lost)}" if lost else ""))
    return found


def _rest(place: Place) -> Continued | None:
    plan = place.shown.examination.plan
    return plan.key.continues if plan else None


def _carried_on(place: Place, rest: Continued) -> str:
    stuck = f"{rest.stuck} of {count(rest.statements, 'statement')} stuck"
    lost = _destroyed(place)
    return f"{place.name} is half done, {stuck}: ready to carry on" + (f", deletes {_shortly(lost)}" if lost else "")


def _waits(place: Place) -> str:
    return f"{place.name} waits for {joined(place.shown.examination.waits_for) or 'its hours'}"


def _work(view: ReportView, there: list[Place]) -> str:
    names = {place.name for place in there}
    fixes = [item for item in issues(view, (Actor.AUTHOR, Actor.OPERATOR)) if names & set(item.places)]
    decisions = [item for item in issues(view, (Actor.APPROVER,)) if names & set(item.places)]
    parts = [f"{count(len(fixes), 'thing')} to fix"]
    return ", then ".join([*parts, count(len(decisions), "decision")] if decisions else parts)


def _closed(view: ReportView, found: tuple[Place, ...]) -> str:
    names = [place.name for place in found if applied_here(place.shown)]
    if view.merged:
        return f"✅ Merged · applied on {joined(names)}" if names else "✅ Merged · applied nowhere from this pull"
    if names:
        return f"⚠️ Closed, but applied on {joined(names)}"
    return "⚪ Closed · nothing was applied"


def _held(there: list[Place]) -> str:
    half = any(item.rollout.state is RolloutState.PARTIAL for place in there for item in place.shown.applied)
    return "half done and held" if half else "held"


def _failed(place: Place) -> bool:
    return place.last is not None and place.last.rollout.state is RolloutState.FAILED


def _destroyed(place: Place) -> tuple[str, ...]:
    plan = place.shown.examination.plan
    return plan.destroys if plan else ()


def _shortly(lost: tuple[str, ...]) -> str:
    """The one thing that goes away by name, several by their number."""
    return plain(lost[0], 60) if len(lost) == 1 else f"{len(lost)} things"


def _loses(ordered: list[tuple[Outlook, list[Place]]]) -> bool:
    return any(_destroyed(place) for item, there in ordered if item is Outlook.READY for place in there)
