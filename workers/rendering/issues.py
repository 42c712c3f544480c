"""Every reason that is in the way, told once, to the person who can remove it: cause, way out, code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workers.core.refusals import Actor, Refusal, RefusalCode
from workers.rendering.markdown import code, link, plain, prose
from workers.rendering.outlook import Outlook, Place, places, refusals
from workers.rendering.phrases import joined, some
from workers.rendering.statements import Room
from workers.rendering.views import ReportView

REFUSALS_PAGE = ""  # where docs/refusals.md is published; without an address the codes are shown without a link
_LONGEST = 1_000
_UNSAID = frozenset({RefusalCode.NEEDS_APPROVAL, RefusalCode.ENVIRONMENT_ORDER})
_TITLES = {
    Actor.AUTHOR: "To fix (author: {author})",
    Actor.OPERATOR: "To fix (operator of schemagate)",
    Actor.APPROVER: "To decide (approver)",
}


@dataclass(frozen=True, slots=True)
class Issue:
    """One reason with the places that it is true of; `also` is what is decided by the same word."""

    refusal: Refusal
    places: tuple[str, ...] = ()
    also: Refusal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueList:
    """Reasons that one kind of person can remove, numbered through the whole report."""

    title: str
    lines: tuple[str, ...]


ByActor = tuple[tuple[Actor, tuple[Issue, ...]], ...]


def issues(view: ReportView, actors: Iterable[Actor]) -> tuple[Issue, ...]:
    """Every reason that one of these people can remove, once; what the table or the line to paste says already is left out."""
    wanted = set(actors)
    found: dict[tuple[RefusalCode, str, str], tuple[Refusal, list[str]]] = {}
    for place in places(view):
        for item in refusals(place.shown):
            if item.actor in wanted and item.code not in _UNSAID and not _is_watched(place, item):
                found.setdefault((item.code, item.message, item.fix), (item, []))[1].append(place.name)
    return _with_backups(tuple(Issue(item, tuple(names)) for item, names in found.values()))


def by_actor(view: ReportView) -> ByActor:
    """Every reason of a report, apart for each kind of person, in the order in which they are told; problems of the config are the author's."""
    problems = tuple(Issue(item) for item in view.problems)
    return tuple((actor, issues(view, (actor,)) + (problems if actor is Actor.AUTHOR else ())) for actor in _TITLES)


def issue_lists(every: ByActor, author: str, room: Room) -> tuple[IssueList, ...]:
    """The lists as they are shown."""
    several = len({item.places for _, found in every for item in found}) > 1
    lists, number = [], 1
    for actor, found in every:
        shown = found[: room.items]
        lines = [f"{at}. {issue_text(item, named=several)}" for at, item in enumerate(shown, number)]
        number += len(found)
        if left := len(found) - len(shown):
            lines.append(f"- … and {left} more; the check runs name them all")
        lists.append(IssueList(title=_TITLES[actor].format(author=plain(author)), lines=tuple(lines)))
    return tuple(item for item in lists if item.lines)


def numbers(every: ByActor, place: Place) -> str:
    """The numbers under which a place's reasons stand in the lists: `1, 2`."""
    found = (item for _, some_of_them in every for item in some_of_them)
    return some([str(number) for number, item in enumerate(found, 1) if place.name in item.places], 9)


def issue_text(issue: Issue, *, named: bool = False) -> str:
    """Cause, code, way out; with its places where not all reasons of the report have the same."""
    refusal, where = issue.refusal, f"{joined(list(issue.places))}: " if named and issue.places else ""
    at = f" {code(f'{refusal.path}:{refusal.line}' if refusal.line else refusal.path)}" if refusal.path else ""
    names = {name.rsplit("/", 1)[-1] for name in issue.places}
    begins_with_a_name = bool(where) or refusal.message.split(" ", 1)[0] in names
    cause = prose(ended(refusal.message if begins_with_a_name else capital(refusal.message)), _LONGEST)
    codes = " ".join(code_link(item) for item in (refusal, issue.also) if item)
    fixes = " ".join(prose(ended(capital(item.fix)), _LONGEST) for item in (refusal, issue.also) if item)
    return f"**{where}{cause}**{at} {codes}<br>{fixes}"


def code_link(refusal: Refusal) -> str:
    """A refusal's code, leading to its page."""
    return link(f"`{refusal.code.value}`", f"{REFUSALS_PAGE}#{refusal.code.value}" if REFUSALS_PAGE else "")


def _with_backups(found: tuple[Issue, ...]) -> tuple[Issue, ...]:
    """What is lost and what it can be repaired from is one decision."""
    backups = {item.places: item.refusal for item in found if item.refusal.code is RefusalCode.BACKUP_NOT_CONFIRMED}
    lost = {item.places for item in found if item.refusal.code is RefusalCode.DESTRUCTIVE_NOT_ALLOWED}
    kept = [
        item for item in found if item.refusal.code is not RefusalCode.BACKUP_NOT_CONFIRMED or item.places not in lost
    ]
    return tuple(
        Issue(item.refusal, item.places, backups.get(item.places))
        if item.refusal.code is RefusalCode.DESTRUCTIVE_NOT_ALLOWED
        else item
        for item in kept
    )


def _is_watched(place: Place, item: Refusal) -> bool:
    return place.outlook is Outlook.WATCHED and item.code is RefusalCode.COMMAND_NOT_ALLOWED


def capital(text: str) -> str:
    """A sentence's first word with a capital, unless it is a name (`drift-1`)."""
    first = text.split(" ", 1)[0].rstrip(":,")
    return text[:1].upper() + text[1:] if first.isalpha() else text


def ended(text: str) -> str:
    """A sentence with its end."""
    return text if text.endswith((".", "!", "?")) else f"{text}."
