"""What was found out about an environment beyond its plan: drift, undeclared changes, the checks that were made, and what nobody compared."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from workers.core.diff import Change, Difference
from workers.core.examination import Drift, Examination, Preflight
from workers.core.narrow import UNMANAGED
from workers.core.schema import Excluded, Value
from workers.rendering.markdown import code, plain, prose, shortened
from workers.rendering.outlook import Place
from workers.rendering.phrases import count, encryption, engine_name, joined, label, some
from workers.rendering.statements import Room

_SHORT = 200
_DRIFT = {
    Difference.ADDED: "on {} and in no migration",
    Difference.REMOVED: "made by a migration and missing on {}",
    Difference.CHANGED: "differs on {}",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing that was looked at, in words, and whether it is as it should be."""

    text: str
    good: bool = True


def drift_title(place: Place) -> str:
    """What the fold about drift holds."""
    found = place.shown.examination.drift
    touching = sum(1 for item in found if item.touches_plan)
    return f"Drift on {place.name}: {touching} {'touches' if touching == 1 else 'touch'} this pull, {len(found) - touching} elsewhere"


def drift_line(item: Drift, place: Place) -> str:
    """One numbered item of drift."""
    number = f"**{item.number}**" if item.touches_plan else item.number
    where = _DRIFT[item.change.difference].format(place.name)
    rest = "; touches this pull" if item.touches_plan else "; not part of this pull"
    return f"- {number} {label(item.change.kind.value, item.change.name)}: {where}{drift_details(item)}{rest}{_way_back(item)}"


def drift_details(item: Drift) -> str:
    """What differs, or how much comes with it, in parentheses; empty where there is nothing to add."""
    details = attributes(item.change) or (f"with {len(item.children)} of its own" if item.children else "")
    return f" ({details})" if details else ""


def _way_back(item: Drift) -> str:
    """The one short statement that leads back; a longer way stands in the documents."""
    statement = item.revert.strip()
    short = statement.count(";") == 1 and "\n" not in statement and len(statement) <= _SHORT
    return f"; back by {code(statement)}" if short else ""


def attributes(change: Change, most: int = 3) -> str:
    """What differs in an object that is on both sides: `type`: `text` → `varchar(20)`."""
    if change.difference is not Difference.CHANGED:
        return ""
    pairs = [f"{plain(key)} {_value(old)} → {_value(new)}" for key, old, new in change.attributes]
    return some(pairs, most)


def checks(place: Place, room: Room) -> tuple[Checked, ...]:
    """Everything that was looked at on one environment."""
    examination = place.shown.examination
    found = [
        *_connection(examination.preflight),
        *_history(examination),
        *_compared(examination),
        *_rehearsed(examination),
    ]
    return (*found, *(Checked(prose(note, 500)) for note in examination.notes[: room.items]))


def not_compared(place: Place) -> str:
    """What was seen and not compared, or taken out by the filter; said even when it is nothing."""
    live = place.shown.examination.live
    if live is None:
        return "everything: the schema was not read"
    kinds = sorted(Counter(item.kind for item in live.unread).items())
    parts = [f"{number} {plain(kind.replace('_', ' '), 40)}" for kind, number in kinds[:20]]
    if len(kinds) > 20:
        parts.append(f"{len(kinds) - 20} kinds more")
    parts += _excluded(place.shown.examination.excluded)
    parts.append("rows, the order of columns, roles and server settings")
    return joined(parts)


def _excluded(found: tuple[Excluded, ...]) -> list[str]:
    """How many objects the filter takes out, and how many nobody's history made; the first names of each."""
    unmanaged = tuple(item for item in found if item.reason == UNMANAGED)
    filtered = tuple(item for item in found if item.reason != UNMANAGED)
    return [
        f"{count(len(items), 'object')} {what} ({some([code('.'.join(item.name)) for item in items], 3)})"
        for items, what in ((filtered, "that the filter takes out"), (unmanaged, "that no history of ours made"))
        if items
    ]


def _connection(found: Preflight | None) -> list[Checked]:
    if found is None:
        return [Checked("the database was not reached", good=False)]
    cannot = found.separate_read_role and not found.superfluous
    where = f"{plain(engine_name(found.engine, found.version))}, database {code(found.database)}, {plain(encryption(found))}"
    known = [
        Checked(
            f"{where}, {'the reading role cannot write' if cannot else 'read-only transactions'}",
            good=found.read_only_proven,
        )
    ]
    if found.superfluous:
        known.append(
            Checked(
                f"rights that reading does not need: {some([plain(item) for item in found.superfluous])}", good=False
            )
        )
    known += [Checked(plain(item, 300), good=False) for item in found.limits]
    return known + [Checked(f"in the way right now: {plain(item)}", good=False) for item in found.blockers]


def _history(examination: Examination) -> list[Checked]:
    if examination.preflight is None:
        return []
    recorded = some([code(item) for item in examination.recorded], 3) or "nothing"
    said = f"{count(examination.applied, 'migration')} applied, the version table says {recorded}"
    found = [Checked(said if examination.applied or examination.recorded else "no migration is applied yet")]
    if examination.heads:
        found.append(Checked(f"{count(len(examination.heads), 'head')} in the code", good=len(examination.heads) == 1))
    found += [
        Checked(f"{code(item.revision)} was applied by #{item.pull}, which is not merged")
        for item in examination.unmerged
    ]
    return found


def _compared(examination: Examination) -> list[Checked]:
    if examination.preflight is None:
        return []
    touching = sum(1 for item in examination.drift if item.touches_plan)
    found = [
        Checked("drift: not known", good=False)
        if not examination.drift_known
        else Checked(
            f"drift: {touching} on what this pull touches, {len(examination.drift) - touching} elsewhere",
            good=not touching,
        )
    ]
    if examination.undeclared_known:
        said = "models and migrations agree" if not examination.undeclared else "models and migrations differ"
        found.append(Checked(said, good=not examination.undeclared))
    return found


def _rehearsed(examination: Examination) -> list[Checked]:
    if examination.plan is None or not examination.rehearsed:
        return []
    return [Checked("rehearsed on a copy of the live schema")]


def _value(value: Value) -> str:
    text = ", ".join(value) if isinstance(value, tuple) else "nothing" if value is None else str(value)
    return code(shortened(text, 80))
