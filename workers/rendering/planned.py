"""What would run: environments with the same statements told once, with the way back and what an approval confirms."""

from __future__ import annotations

from dataclasses import dataclass

from workers.core.names import Direction
from workers.core.plan import Need, Plan
from workers.core.refusals import RefusalCode
from workers.rendering.markdown import code, fence, plain, prose, shortened
from workers.rendering.outlook import Outlook, Place, refusals
from workers.rendering.phrases import count, joined, some
from workers.rendering.statements import Room, Sql, StandsOut, bookkeeping, sentences, sql, standing_out

_NOW = frozenset({Outlook.READY, Outlook.WAITS, Outlook.RUNNING, Outlook.DECIDE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What runs on the environments that share the same SQL."""

    title: str
    continues: str
    standing_out: tuple[StandsOut, ...]
    sentences: tuple[str, ...]
    bookkeeping: str
    on_base: str
    sql: Sql
    elsewhere: tuple[StandsOut, ...]
    way_back: str
    confirms: tuple[str, ...]


def planned(found: tuple[Place, ...], room: Room) -> tuple[Run, ...]:
    """Environments with the same statements are told once."""
    grouped: dict[tuple[str, tuple[str, ...]], list[tuple[Place, Plan]]] = {}
    for place in found:
        plan = place.shown.examination.plan
        if plan is not None:
            texts = tuple(item.sql for item in plan.body.statements)
            grouped.setdefault((place.module.id, texts), []).append((place, plan))
    several = len(grouped) > 1 or len({place.module.id for place in found}) > 1
    alone = len(found) == 1
    return tuple(_run(group, room, named=several or not alone) for group in grouped.values())


def _run(group: list[tuple[Place, Plan]], room: Room, *, named: bool) -> Run:
    plan = group[0][1]
    names = [place.name for place, _ in group]
    now = any(place.outlook in _NOW for place, _ in group)
    same = f" (same SQL on {joined(names)})" if len(names) > 1 else f" on {names[0]}" if named else ""
    already = [item.id for item in plan.key.pending if item.on_base and not plan.adopts]
    return Run(
        title=f"What {'runs' if now else 'would run'}{same}",
        continues=continuation(plan, names[0]),
        standing_out=standing_out(plan, room),
        sentences=sentences(plan, room),
        bookkeeping=_version_table(plan),
        on_base=f"Already on the base branch and not applied yet: {some([code(item) for item in already])}."
        if already
        else "",
        sql=sql(plan.body.statements, plan, room),
        elsewhere=tuple(item for place, _ in group for item in elsewhere(place, room)),
        way_back=prose(plan.body.way_back.note, 500),
        confirms=tuple(
            line for place, item in group if place.outlook is Outlook.READY for line in _before(place, item)
        ),
    )


def continuation(plan: Plan, environment: str) -> str:
    """Which rollout the plan carries on, and how far that one came; empty for any other plan."""
    rest = plan.key.continues
    if rest is None:
        return ""
    left = some([code(".".join(name)) for name in rest.left])
    removed = f" First the invalid index that it left is removed: {left}." if left else ""
    stuck = f"{rest.stuck} of {count(rest.statements, 'statement')} stuck"
    return f"**Continuation of rollout {plain(environment)}-{rest.sequence:04d}:** {stuck}; this is what is missing.{removed}"


def elsewhere(place: Place, room: Room) -> tuple[StandsOut, ...]:
    """What ran under the same name on an environment that came first."""
    return tuple(
        StandsOut(
            f"⚠️ **{plain(item.environment)} ran other statements for** {code(item.migration)} than {plain(place.name)} would; "
            f"the code is needed. There it was:",
            fence("\n".join(f"{shortened(text, 2_000)};" for text in item.ran[: room.sql]) or "-- nothing", "sql"),
        )
        for item in place.shown.examination.unlike[: room.items]
    )


def may_not(place: Place) -> str:
    """Who is refused, said before they try."""
    names = [f"{plain(login)} ({plain(why)})" for login, why in place.shown.may_not]
    return f"**May not approve {plain(place.name)}:** {some(names, 10)}"


def _before(place: Place, plan: Plan) -> list[str]:
    """What somebody should know before they paste the line."""
    return [confirms(place, plan), *([may_not(place)] if place.shown.may_not else [])]


def _version_table(plan: Plan) -> str:
    """What is written to the migration tool's own table."""
    if plan.adopts:
        return "Writes nothing: the schema as it is now becomes the start of what is expected."
    if plan.key.direction.bookkeeping_only:
        recorded = some([code(item.id) for item in plan.key.pending])
        return f"Writes the migration tool's version table and nothing else, to record {recorded}."
    number = bookkeeping(plan)
    return f"Besides {count(number, 'write')} to the migration tool's version table." if number else ""


def confirms(place: Place, plan: Plan) -> str:
    """The approval checkpoint as one sentence."""
    shown, needs = place.shown, plan.body.needs
    backup = shown.environment.backup_statement
    stated = f'backup "{plain(backup)}"' if backup else "no backup is stated; approving accepts that"
    if Need.BACKUP in needs:
        stated = "the backup or the risk that you write"
    parts = [
        f"database {code(shown.database)} on {code(shown.server)}",
        f"strategy {plan.key.strategy.value}"
        + (f", {plan.key.direction.value}" if plan.key.direction is not Direction.UPGRADE else ""),
        stated,
        f"deletes {plain(some(list(plan.destroys), 3))}" if plan.destroys else "nothing destructive",
    ]
    if accepted := [item for item in refusals(shown) if item.code is RefusalCode.DRIFT_PRESENT]:
        parts.append(f"{count(len(accepted), 'drift item')} accepted")
    return f"**By approving {plain(place.name)} you confirm:** {' · '.join(parts)}"
