"""After an apply: whether the database is what the rehearsal said, and whether the source's own table agrees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workers.core.authority import authority_effect
from workers.core.diff import Change, compose, diff
from workers.core.narrow import counted
from workers.core.plan import Plan
from workers.core.schema import ObjectKind, Snapshot
from workers.core.version_rows import applied_revisions
from workers.ports import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the test sheet: what was asked, expected and found. Without `asked` nobody could say, and `found` says why."""

    question: str
    expected: str
    found: str
    good: bool
    asked: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The sheet, the snapshot that it was judged by, and what differs from the expected schema and rights."""

    rows: tuple[Row, ...]
    after: Snapshot
    recorded: tuple[str, ...]
    differences: tuple[Change, ...]

    @property
    def good(self) -> bool:
        """Whether every row is good."""
        return all(row.good for row in self.rows)


Look = Callable[[Snapshot], Snapshot]


def _all(snapshot: Snapshot) -> Snapshot:
    return snapshot


def verify(
    plan: Plan, before: Snapshot, target: Target, table: tuple[str, ...], columns: tuple[str, ...], look: Look = _all
) -> Verification:
    """Compare effects: what changed on the target since `before` with what changed on the clone.

    What `look` leaves out of a schema counts only where the plan touches it.
    """
    with target.reading() as reader:
        after = reader.snapshot()
        rows = reader.rows(table, columns)
    recorded = applied_revisions(columns, rows)
    effect = diff(before, after)
    looks, touched = (look(before), look(after)), frozenset(item.parent for item in plan.body.effect)
    differences = counted(_difference(plan.body.effect, effect), looks, touched)
    rights = authority_effect(before, after)
    other = sorted(set(rights) ^ set(plan.body.authority), key=lambda item: (item.kind.value, item.name))
    unlike = counted(tuple(other), looks, touched)
    broken = _broken(after) - _broken(before)
    sheet = (
        Row(
            question="Effect of the plan",
            expected=f"{len(plan.body.effect)} objects changed, as rehearsed",
            found=f"{len(effect)} objects changed, {len(differences)} not as rehearsed",
            good=not differences,
        ),
        Row(
            question="Rights: owners, privileges, settings",
            expected=f"{len(plan.body.authority)} changed, as rehearsed",
            found=f"{len(rights)} changed, {len(unlike)} not as rehearsed",
            good=not unlike,
        ),
        Row(
            question="Tool's own status",
            expected=", ".join(plan.body.recorded_after) or "nothing recorded",
            found=", ".join(recorded) or "nothing recorded",
            good=recorded == plan.body.recorded_after,
        ),
        Row(
            question="Invalid indexes, unvalidated constraints left",
            expected="0",
            found=", ".join(sorted(broken)) or "0",
            good=not broken or broken <= _planned(plan),
        ),
    )
    return Verification(rows=sheet, after=after, recorded=recorded, differences=(*differences, *unlike))


def _difference(expected: tuple[Change, ...], found: tuple[Change, ...]) -> tuple[Change, ...]:
    """What separates two effects, as changes from the expected to the found state."""
    back = tuple(Change(item.kind, item.name, item.after, item.before) for item in expected)
    return compose(back, found)


def _broken(snapshot: Snapshot) -> set[str]:
    kinds = {ObjectKind.INDEX, ObjectKind.FOREIGN_KEY, ObjectKind.CHECK}
    return {
        item.label
        for item in snapshot.objects
        if item.kind in kinds and (item.get("invalid") is True or item.get("not_valid") is True)
    }


def _planned(plan: Plan) -> set[str]:
    return {item.label for item in plan.body.effect}
