"""The parts of the verification document: a test sheet, what nobody verified, and a checklist whose boxes point to evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from workers.core.config import FilterMode
from workers.core.rollout import RolloutState
from workers.rendering.markdown import cell, code, plain
from workers.rendering.phrases import count, engine_name, moment, some
from workers.rendering.views import WorkdocsView


@dataclass(frozen=True, slots=True)
class Box:
    """One line of the closing checklist."""

    text: str
    done: bool


def state(view: WorkdocsView) -> str:
    """One word for the document."""
    if view.rollout.state is RolloutState.APPLIED:
        return "VERIFIED"
    return "NOT APPLIED" if view.rollout.state is RolloutState.FAILED else "NOT VERIFIED"


def rows(view: WorkdocsView) -> tuple[tuple[str, str, str, str], ...]:
    """Question, expected, found, mark."""
    said = [(item.question, item.expected, item.found, item.good) for item in view.sheet]
    unasked = {item.question for item in view.sheet if not item.asked}
    if view.after is not None:
        gone = tuple(
            item
            for item in view.before.objects
            if (item.kind, item.name) not in {(now.kind, now.name) for now in view.after.objects}
        )
        named = {(item.kind, item.name) for item in view.plan.body.effect}
        lost = [item.label for item in gone if (item.kind, item.name) not in named]
        said.append(("Objects gone that the plan does not name", "0", some(lost) or "0", not lost))
        said.append(
            ("Drift on other objects", f"{len(view.examination.drift)}, as before", _drift(view), not view.differences)
        )
    marks = ((a, b, c, "?" if a in unasked else "✅" if good else "⛔") for a, b, c, good in said)
    return tuple((cell(plain(a)), cell(plain(b)), cell(plain(c)), mark) for a, b, c, mark in marks)


def other_checks(view: WorkdocsView) -> tuple[str, tuple[str, ...]]:
    """A sentence about the pull's other checks, and each of them."""
    results = [conclusion or "pending" for _, conclusion, _ in view.other_checks]
    good, bad = results.count("success"), results.count("failure")
    sentence = f"{good} passed, {bad} failed, {len(results) - good - bad} other" if results else "GitHub reported none"
    return sentence, tuple(
        f"{code(name)}: {plain(result)} (run {number})" for name, result, number in view.other_checks
    )


def not_verified(view: WorkdocsView) -> tuple[str, ...]:
    """What this document does not claim."""
    kinds = sorted({item.kind.replace("_", " ") for item in view.before.unread})
    read = [f"{plain(some(kinds, 20))} (seen and not compared)"] if kinds else []
    rows = "rows of tables (no number of rows was compared)"
    return (
        *read,
        rows,
        "performance after the change",
        "that a backup can be restored",
        "that the running application works with it",
    )


def checklist(view: WorkdocsView) -> tuple[Box, ...]:
    """Each box points to what bears it out; the merge cannot be known when this is written."""
    found, key = view.preflight, view.plan.key
    engine = engine_name(found.engine, found.version)
    extensions = [f"{name} {version}" for name, version, _ in found.extensions if name != "plpgsql"]
    excluded = view.environment.filter.mode is not FilterMode.ALL or bool(view.environment.ignore)
    said_at = sorted((item.at for item in view.approvals), key=_instant)
    first = view.rollout.started_at
    in_time = bool(said_at and first) and _instant(said_at[-1]) <= _instant(first)
    agree = view.examination.undeclared_known and not view.examination.undeclared
    migrations = some([code(item.id) for item in key.pending], 20)
    return (
        Box("Direction code to database; nothing was written to code from the database", done=True),
        Box(f"Environment and database type explicit: {plain(view.environment.name)}, {plain(engine)}", done=True),
        Box("Connection checked read-only, no secret stored: 00-connection-check.md", done=found.read_only_proven),
        Box(
            f"Extensions detected: {plain(some(extensions, 20)) or 'none'}; "
            + ("excluded objects: 02-extension-exclusion.md" if excluded else "nothing is excluded from comparison"),
            done=True,
        ),
        Box(
            f"Difference shown before approval: 01 and 02, shown {moment(view.published_at)}, approved {moment(said_at[0] if said_at else '')}",
            done=bool(said_at and view.published_at) and _instant(view.published_at) <= _instant(said_at[0]),
        ),
        Box(f"Strategy explicit: {key.strategy.value}", done=True),
        Box(
            f"Approval before the first write: {plain(said_at[-1] if said_at else 'none')} before {plain(first)}",
            done=in_time,
        ),
        Box(f"Backup or accepted risk stated: {plain(view.stated_backup)}", done=bool(view.stated_backup)),
        Box(
            f"Live schema is what was rehearsed: {count(len(view.differences), 'difference')}",
            done=view.rollout.state is RolloutState.APPLIED and not view.differences,
        ),
        Box(f"Migrations and models in one change: {migrations or 'none'} in #{view.pull}", done=agree),
        Box(f"Merged to {plain(view.base_branch)}: open when this was written", done=False),
    )


def _drift(view: WorkdocsView) -> str:
    """The sheet's comparison of effects covers every object: with no difference, drift is as it was."""
    return f"{len(view.examination.drift)}, unchanged" if not view.differences else "see the differences below"


def _instant(iso: str) -> datetime:
    """A time to compare by. GitHub counts whole seconds, we count thousandths: neither texts nor exact times of both would sort."""
    return datetime.fromisoformat(iso).replace(microsecond=0)
