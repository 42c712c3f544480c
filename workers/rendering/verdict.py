"""What a report says first: where each environment stands, whose turn it is, and the one line to paste that works now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from workers.core.config import DriftRule, Mode
from workers.core.names import Direction
from workers.core.plan import Need
from workers.core.policy import Blocked
from workers.core.refusals import Actor, Refusal, RefusalCode
from workers.core.rollout import RolloutState
from workers.rendering.markdown import plain
from workers.rendering.phrases import count, joined
from workers.rendering.views import AppliedView, EnvironmentView, ModuleView, ReportView


class Outlook(StrEnum):
    """Where an environment stands, the most urgent first."""

    HELD = "held"
    FIX = "needs a fix"
    UNKNOWN = "cannot check"
    RUNNING = "applying"
    READY = "ready"
    DECIDE = "needs a decision"
    WATCHED = "watched only"
    WAITS = "waits"
    APPLIED = "applied"
    NOTHING = "nothing to apply"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An environment of the report as people call it: `prod`, or `shop/prod` where the report has several modules."""

    name: str
    module: ModuleView
    shown: EnvironmentView
    outlook: Outlook

    @property
    def last(self) -> AppliedView | None:
        """The newest rollout of this pull that ended here."""
        return self.shown.applied[-1] if self.shown.applied else None


@dataclass(frozen=True, slots=True)
class Issue:
    """One reason with the places that it is true of."""

    refusal: Refusal
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Next:
    """What to do now: a sentence, and a line to paste (empty where none would work)."""

    sentence: str
    line: str = ""
    after: str = ""


_CANNOT = frozenset(
    {
        RefusalCode.TARGET_UNREACHABLE,
        RefusalCode.TARGET_VERSION_UNSUPPORTED,
        RefusalCode.SANDBOX_UNAVAILABLE,
        RefusalCode.DEPENDENCIES_UNAVAILABLE,
        RefusalCode.CHECKOUT_FAILED,
        RefusalCode.RULE_ERROR,
        RefusalCode.UNREAD_OBJECT,
        RefusalCode.POOLED_CONNECTION,
    }
)
_SAID_BY_THE_LINE = frozenset(
    {
        RefusalCode.NEEDS_APPROVAL,
        RefusalCode.DESTRUCTIVE_NOT_ALLOWED,
        RefusalCode.BACKUP_NOT_CONFIRMED,
        RefusalCode.DRIFT_PRESENT,
        RefusalCode.APPROVAL_REVOKED,
        RefusalCode.APPROVAL_EXPIRED,
    }
)
_UNSAID = frozenset({RefusalCode.NEEDS_APPROVAL, RefusalCode.ENVIRONMENT_ORDER})
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


def places(view: ReportView) -> tuple[Place, ...]:
    """Every environment of the report, in its order."""
    several = len(view.modules) > 1
    return tuple(
        Place(
            name=f"{module.id}/{shown.environment.name}" if several else shown.environment.name,
            module=module,
            shown=shown,
            outlook=outlook(shown),
        )
        for module in view.modules
        for shown in module.environments
    )


def outlook(shown: EnvironmentView) -> Outlook:
    """Where one environment stands."""
    codes = {item.code for item in refusals(shown)}
    actors = {item.actor for item in refusals(shown)} - {Actor.NOBODY}
    if RefusalCode.ENVIRONMENT_HELD in codes:
        return Outlook.HELD
    if RefusalCode.APPLY_IN_PROGRESS in codes or not isinstance(shown.decision, Blocked):
        return Outlook.RUNNING
    if RefusalCode.NOTHING_TO_APPLY in codes and not actors & {Actor.AUTHOR, Actor.OPERATOR}:
        return Outlook.APPLIED if _applied_here(shown) else Outlook.NOTHING
    if (
        shown.environment.mode is Mode.REPORT
        and codes & {RefusalCode.COMMAND_NOT_ALLOWED}
        and Actor.AUTHOR not in actors
    ):
        return Outlook.WATCHED
    if Actor.AUTHOR in actors or Actor.OPERATOR in actors:
        cannot = {item.code for item in refusals(shown) if item.actor in {Actor.AUTHOR, Actor.OPERATOR}} <= _CANNOT
        return Outlook.UNKNOWN if cannot else Outlook.FIX
    if RefusalCode.ENVIRONMENT_ORDER in codes:
        return Outlook.WAITS
    return Outlook.READY if shown.code and codes <= _SAID_BY_THE_LINE else Outlook.DECIDE


def refusals(shown: EnvironmentView) -> tuple[Refusal, ...]:
    """Everything that is missing here."""
    return shown.decision.refusals if isinstance(shown.decision, Blocked) else ()


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
    icon = "🔴" if first is Outlook.READY and _loses(ordered) else _ICONS[first]
    text = " · ".join(parts)
    begins_with_a_name = any(parts[0].startswith(place.name) for place in found)
    return f"{icon} {text if begins_with_a_name else text[0].upper() + text[1:]}"


def issues(view: ReportView, actors: Iterable[Actor]) -> tuple[Issue, ...]:
    """Every reason that one of these people can remove, once, with its places; what the table or the line says already is left out."""
    wanted = set(actors)
    found: dict[tuple[RefusalCode, str, str], tuple[Refusal, list[str]]] = {}
    for place in places(view):
        for item in refusals(place.shown):
            if item.actor in wanted and item.code not in _UNSAID and not _is_watched(place, item):
                found.setdefault((item.code, item.message, item.fix), (item, []))[1].append(place.name)
    return tuple(Issue(item, tuple(names)) for item, names in found.values())


def next_step(view: ReportView) -> Next:
    """The next step of the whole pull."""
    if view.problems:
        return Next("Correct these lines and push.")
    found = places(view)
    ready = next((place for place in found if place.outlook is Outlook.READY), None)
    if ready is not None and view.open:
        return _approve(ready)
    outlooks = {place.outlook for place in found}
    if outlooks & {Outlook.HELD, Outlook.RUNNING} or not view.open:
        return Next("")
    if outlooks & {Outlook.FIX, Outlook.UNKNOWN}:
        blocked = next(place for place in found if place.outlook in {Outlook.FIX, Outlook.UNKNOWN})
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
    rule = shown.environment.block_on_drift
    if not any(item.code is RefusalCode.DRIFT_PRESENT for item in refusals(shown)):
        return ()
    return tuple(
        item.number
        for item in shown.examination.drift
        if rule is DriftRule.ANY or (rule is DriftRule.TOUCHED and item.touches_plan)
    )


def _approve(place: Place) -> Next:
    line = approve_line(place)
    given = len({item.by.id for item in place.shown.approvals if not item.revoked})
    sentence = (
        "Paste as a comment:" if not given else f"{count(given, 'approval')} given, {place.shown.needed} to go. Paste:"
    )
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
            Outlook.HELD: f"{names} {are} held until somebody looked at it",
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
    found = []
    for direction in dict.fromkeys(place.shown.examination.direction for place in there):
        mine = [place for place in there if place.shown.examination.direction is direction]
        act = _ACTS[direction].format(joined([place.name for place in mine]))
        lost = tuple(dict.fromkeys(item for place in mine for item in _destroyed(place)))
        found.append(act + (f", deletes {_shortly(lost)}" if lost else ""))
    return found


def _waits(place: Place) -> str:
    names = joined(list(place.shown.examination.waits_for)) or "another environment"
    return f"{place.name} waits for {names}"


def _work(view: ReportView, there: list[Place]) -> str:
    names = {place.name for place in there}
    fixes = [item for item in issues(view, (Actor.AUTHOR, Actor.OPERATOR)) if names & set(item.places)]
    decisions = [item for item in issues(view, (Actor.APPROVER,)) if names & set(item.places)]
    parts = [f"{count(len(fixes), 'thing')} to fix"]
    return ", then ".join([*parts, count(len(decisions), "decision")] if decisions else parts)


def _closed(view: ReportView, found: tuple[Place, ...]) -> str:
    names = [place.name for place in found if _applied_here(place.shown)]
    if view.merged:
        return f"✅ Merged · applied on {joined(names)}" if names else "✅ Merged · applied nowhere from this pull"
    if names:
        return f"⚠️ Closed, but applied on {joined(names)}"
    return "⚪ Closed · nothing was applied"


def _applied_here(shown: EnvironmentView) -> bool:
    """Whether the newest rollout of this pull put its migrations there (a rollback took them away again)."""
    done = [item for item in shown.applied if item.rollout.state is RolloutState.APPLIED]
    return bool(done) and done[-1].direction is not Direction.ROLLBACK


def _is_watched(place: Place, item: Refusal) -> bool:
    return place.outlook is Outlook.WATCHED and item.code is RefusalCode.COMMAND_NOT_ALLOWED


def _destroyed(place: Place) -> tuple[str, ...]:
    plan = place.shown.examination.plan
    return plan.destroys if plan else ()


def _shortly(lost: tuple[str, ...]) -> str:
    """The one thing that goes away by name, several by their number."""
    return plain(lost[0], 60) if len(lost) == 1 else f"{len(lost)} things"


def _loses(ordered: list[tuple[Outlook, list[Place]]]) -> bool:
    return any(_destroyed(place) for item, there in ordered if item is Outlook.READY for place in there)
