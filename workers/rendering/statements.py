"""The statements of a plan as people read them: numbered sentences, what stands out, and the SQL itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workers.core.plan import Plan, Statement, StatementKind
from workers.core.schema import ObjectKind
from workers.rendering.markdown import code, fence, prose, shortened
from workers.rendering.phrases import count, runs, some, spoken

UNFOLDED = 15
_LONGEST_STATEMENT = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much of a report is shown: statements as sentences, lines of SQL, items of a list. A smaller room is tried when the text is too long."""

    sentences: int = 400
    sql: int = 600
    items: int = 100
    wide: int = 120


@dataclass(frozen=True, slots=True)
class Sql:
    """A plan's SQL as a block; `folded` where it is longer than a screen, `cut` where some of it is left to the check run."""

    block: str
    lines: int
    folded: bool
    cut: bool


@dataclass(frozen=True, slots=True)
class StandsOut:
    """A statement that needs a second look: why, and its SQL."""

    why: str
    block: str


def sentences(plan: Plan, room: Room) -> tuple[str, ...]:
    """What runs, in order, one sentence a statement; whatever destroys stays in the list when it is cut."""
    found = list(enumerate(runs(plan.body.statements), 1))
    shown = [
        (number, item)
        for number, item in found
        if number <= room.sentences or (item.destroys and number <= 4 * room.sentences)
    ]
    lines = [f"{number}. {sentence(item, room.wide)}" for number, item in shown]
    left = len(found) - len(shown)
    return (*lines, f"- … and {count(left, 'statement')} more, each in the check run") if left else tuple(lines)


def sentence(item: Statement, wide: int = 120) -> str:
    """One statement said aloud, with what it takes away and what its text does not show."""
    details = _details(item)
    parts = [f"{'🔴 ' if item.destroys else ''}{spoken(shortened(item.parsed.title, wide))}{details}."]
    if item.destroys:
        parts.append(_lost_sentence(item, wide))
    if not item.transactional:
        parts.append("Runs outside a transaction.")
    return " ".join(parts)


def standing_out(plan: Plan, room: Room) -> tuple[StandsOut, ...]:
    """Statements whose effect their text does not bound, or that change rights: on top, with their SQL, never folded."""
    found = [
        StandsOut(_reasons(number, item), fence("\n".join(_statement_lines(item, "")[: room.sql]), "sql"))
        for number, item in enumerate(runs(plan.body.statements), 1)
        if item.parsed.opaque or item.parsed.authority
    ]
    left = len(found) - room.items
    rest = StandsOut(f"… and {left:,} more such statements, each in the check run", "")
    return (*found[: room.items], rest) if left > 0 else tuple(found)


def bookkeeping(plan: Plan) -> int:
    """How many writes to the source's version table come with the plan."""
    read = runs(plan.body.statements)
    return len(plan.body.statements) - len(read)


def sql(statements: Sequence[Statement], plan: Plan, room: Room) -> Sql:
    """The SQL that people read, whole statements only; bookkeeping is left to the check run."""
    read, used = runs(statements), 0
    lines: list[str] = []
    paths = {item.id: item.path for item in plan.key.pending}
    migration = None
    for item in read:
        added = _statement_lines(item, paths.get(item.migration, item.migration) if item.migration != migration else "")
        if used and len(lines) + len(added) > room.sql:
            break
        migration = item.migration
        lines += added
        used += 1
    cut = used < len(read) or len(lines) > room.sql
    shown = lines[: max(room.sql, 1)]
    if cut:
        shown.append(f"-- {len(read) - used} of {len(read)} statements are left out here; the check run has every byte")
    return Sql(fence("\n".join(shown), "sql"), len(lines), len(lines) > UNFOLDED, cut)


def writes_rows(plan: Plan) -> bool:
    """Whether a statement changes rows that are there."""
    kinds = {StatementKind.UPDATE, StatementKind.DELETE, StatementKind.TRUNCATE}
    return any(item.parsed.kind in kinds for item in plan.body.statements)


def _details(item: Statement) -> str:
    """What a new column holds, where the statement adds just that."""
    if len(item.effect) != 1 or item.effect[0].kind is not ObjectKind.COLUMN or item.effect[0].before is not None:
        return ""
    column = item.effect[0].after
    if column is None or not isinstance(column.get("type"), str):
        return ""
    filled = any(column.get(key) is not None for key in ("default", "identity", "generated"))
    empty = "" if not column.get("not_null") else ", never empty" + (", filled by default" if filled else "")
    return f": {code(str(column.get('type')), 60)}{empty or ', may be empty'}"


def _reasons(number: int, item: Statement) -> str:
    why = [f"can do more than its text says: {prose(item.parsed.opaque, 300)}"] if item.parsed.opaque else []
    why += [f"changes rights: {prose(item.parsed.authority, 300)}"] if item.parsed.authority else []
    return f"🟠 **Statement {number}** {'; it '.join(why)}"


def _lost_sentence(item: Statement, wide: int) -> str:
    """What goes away, unless the title says it; then what that means."""
    title = item.parsed.title.rsplit(" ", 1)[-1]
    rest = [entry for entry in item.destroys if not entry.endswith(f".{title}")]
    named = [entry.split(" ", 1)[0] for entry in item.destroys if entry.endswith(f".{title}")]
    said = [f"Its {'rows' if kind == 'table' else 'values'} are lost." for kind in named if kind in {"table", "column"}]
    return " ".join([*said, *([f"Deletes {some([_lost(entry, wide) for entry in rest])}."] if rest else [])])


def _statement_lines(item: Statement, path: str) -> list[str]:
    text = shortened(item.sql.strip().rstrip(";").rstrip(), _LONGEST_STATEMENT) + ";"
    head = [f"-- {' '.join(path.split())}"] if path else []
    return [*head, *text.splitlines()]


def _lost(entry: str, wide: int) -> str:
    kind, _, name = entry.partition(" ")
    if kind in {"rows", "values", "enum", "materialized", "foreign"}:
        middle, _, name = name.partition(" ")
        kind = f"{kind} {middle}" if name else kind
        name = name or middle
    return f"{kind} {code(shortened(name, wide))}" if name else kind
