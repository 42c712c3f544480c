"""What an observed effect means: what it destroys, whether it only adds, and what an approval must therefore say."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from workers.core.diff import Change, Difference
from workers.core.plan import Need, Parsed, Statement, StatementKind, Undo, WayBack
from workers.core.schema import Name, ObjectKind, Value

_LOST = {
    ObjectKind.TABLE: "table",
    ObjectKind.COLUMN: "column",
    ObjectKind.SCHEMA: "schema",
    ObjectKind.MATERIALIZED_VIEW: "materialized view",
    ObjectKind.FOREIGN_TABLE: "foreign table",
    ObjectKind.SEQUENCE: "sequence",
    ObjectKind.ENUM: "enum",
    ObjectKind.DOMAIN: "domain",
    ObjectKind.COMPOSITE_TYPE: "type",
    ObjectKind.RANGE_TYPE: "type",
    ObjectKind.EXTENSION: "extension",
    ObjectKind.PRIMARY_KEY: "constraint",
    ObjectKind.UNIQUE: "constraint",
    ObjectKind.FOREIGN_KEY: "constraint",
    ObjectKind.CHECK: "constraint",
    ObjectKind.EXCLUSION: "constraint",
}
_CONSTRAINTS = frozenset(
    {ObjectKind.PRIMARY_KEY, ObjectKind.UNIQUE, ObjectKind.FOREIGN_KEY, ObjectKind.CHECK, ObjectKind.EXCLUSION}
)
_ADDITIVE = _CONSTRAINTS | {ObjectKind.TABLE, ObjectKind.COLUMN, ObjectKind.INDEX, ObjectKind.SEQUENCE, ObjectKind.ENUM}
_ROWS = frozenset({StatementKind.UPDATE, StatementKind.DELETE, StatementKind.TRUNCATE})
_WIDENINGS = (
    ("int", "integer"),
    ("integer", "int"),
    ("smallint", "integer"),
    ("smallint", "bigint"),
    ("integer", "bigint"),
    ("real", "double precision"),
)
# MySQL's sizes, each holding what the one before holds.
_LADDERS = (
    ("tinyint", "smallint", "mediumint", "int", "bigint"),
    ("tinytext", "text", "mediumtext", "longtext"),
    ("tinyblob", "blob", "mediumblob", "longblob"),
)
_LABELS = re.compile(r"'(?:[^']|'')*'")
_STRENGTHENED = frozenset({"not_valid", "not_enforced", "triggers"})
_SIZED = re.compile(r"(?P<name>[a-z ]+?)\((?P<sizes>\d+(?:,\d+)?)\)")


def destroyed(parsed: Parsed, effect: tuple[Change, ...]) -> tuple[str, ...]:
    """Name what a statement takes away, in words: `column public.orders.note`, `rows of orders`, a lossy type change.

    A column of a table that goes as a whole is not named apart. Renames appear as one object gone and one come: counted as lost, on purpose.
    """
    lost = "values in" if parsed.kind is StatementKind.UPDATE else "rows of"
    found = [f"{lost} {'.'.join(name)}" for name in parsed.writes] or ["rows"] if parsed.kind in _ROWS else []
    gone = {
        change.name
        for change in effect
        if change.kind in {ObjectKind.TABLE, ObjectKind.SCHEMA} and change.difference is Difference.REMOVED
    }
    for change in effect:
        if change.difference is Difference.CHANGED:
            found.extend(_narrowed(change))
        elif change.difference is Difference.REMOVED and not (change.parent in gone and change.name not in gone):
            found.extend(_removed(change))
    return tuple(found)


def is_additive(statements: Iterable[Statement]) -> bool:
    """Whether objects only appear (comments aside), by statements whose text bounds their effect, and nothing that rows could refuse later."""
    every = tuple(statements)
    new = {
        change.name
        for item in every
        for change in item.effect
        if change.kind is ObjectKind.TABLE and change.difference is Difference.ADDED
    }
    return all(_adds(statement, new) for statement in every)


def needs(statements: tuple[Statement, ...], *, additive: bool, push: bool) -> tuple[Need, ...]:
    """What an approval must say besides the environment, in the order in which the report says it."""
    found = []
    if push or not additive or any(item.parsed.opaque or item.parsed.authority for item in statements):
        found.append(Need.CODE)
    if any(item.destroys for item in statements):
        found += [Need.ALLOW_DESTRUCTIVE, Need.BACKUP]
    if push:
        found.append(Need.ALLOW_PUSH)
    return tuple(found)


def way_back(
    undo: tuple[Statement, ...] | None, why_not: str, *, equal: bool, destroyed_before: tuple[str, ...]
) -> WayBack:
    """Class the rehearsed way back. `equal` says that the schema was the same again after it."""
    if undo is None or not equal:
        return WayBack(undo=Undo.NONE, note=why_not or "the way back does not lead to the schema as it was")
    undo = tuple(replace(statement, effect=()) for statement in undo)
    if destroyed_before:
        lost = ", ".join(destroyed_before)
        return WayBack(undo=Undo.NONE, note=f"the schema comes back, what was in it does not: {lost}", statements=undo)
    removed = tuple(dict.fromkeys(item for statement in undo for item in statement.destroys))
    if removed:
        note = f"lossless until something is written to {', '.join(removed)}; after that it is lost"
        return WayBack(undo=Undo.LOSSY, note=note, statements=undo)
    return WayBack(undo=Undo.LOSSLESS, note="lossless: nothing that holds rows goes away", statements=undo)


def _adds(statement: Statement, new_tables: set[Name]) -> bool:
    """An ALTER that changes no object does something that snapshots do not hold: it restarts a sequence, rewrites, refreshes."""
    if statement.parsed.kind is StatementKind.BOOKKEEPING:
        return not statement.parsed.authority
    creates = statement.parsed.kind in {StatementKind.CREATE, StatementKind.ALTER, StatementKind.COMMENT}
    bounded = not (statement.parsed.opaque or statement.parsed.authority or statement.destroys)
    silent = statement.parsed.kind is StatementKind.ALTER and not statement.effect
    return creates and bounded and not silent and all(_appears(change, new_tables) for change in statement.effect)


def _appears(change: Change, new_tables: set[Name]) -> bool:
    if change.difference is Difference.CHANGED:
        return {key for key, _, _ in change.attributes} <= {"comment"}
    added = change.after
    if added is None or change.kind not in _ADDITIVE:
        return False
    required = change.kind is ObjectKind.COLUMN and added.get("not_null") is True
    filled = any(added.get(key) is not None for key in ("default", "identity", "generated"))
    return not required or filled or change.parent in new_tables


def _removed(change: Change) -> list[str]:
    """A unique index guards rows as a constraint does; an invalid one, which a failed build left, guards nothing."""
    if change.kind is ObjectKind.INDEX and change.before is not None and change.before.get("invalid") is True:
        return []
    unique = change.kind is ObjectKind.INDEX and change.before is not None and change.before.get("unique") is True
    kind = "unique index" if unique else _LOST.get(change.kind)
    return [f"{kind} {change.label}"] if kind else []


def _narrowed(change: Change) -> list[str]:
    values = {key: (old, new) for key, old, new in change.attributes}
    if change.kind is ObjectKind.ENUM and "labels" in values:
        old, new = values["labels"]
        gone = set(old if isinstance(old, tuple) else ()) - set(new if isinstance(new, tuple) else ())
        return [f"enum label {change.label}.{label}" for label in sorted(gone)]
    if (
        change.kind is ObjectKind.COLUMN
        and "type" in values
        and not _widens(str(values["type"][0]), str(values["type"][1]))
    ):
        return [f"values of {change.label} ({values['type'][0]} to {values['type'][1]})"]
    if change.kind in _CONSTRAINTS and any(_weakens(key, new) for key, _, new in change.attributes):
        return [f"constraint {change.label} as it was"]
    if change.kind is ObjectKind.INDEX and values.get("unique", (False, True))[0] is True:
        return [f"unique index {change.label} as it was"]
    lists = {ObjectKind.DOMAIN: "checks", ObjectKind.COMPOSITE_TYPE: "attributes"}
    if (key := lists.get(change.kind, "")) in values:
        before, after = values[key]
        lost = set(before if isinstance(before, tuple) else ()) - set(after if isinstance(after, tuple) else ())
        return [f"{change.kind.value.replace('_', ' ')} {change.label}: {item}" for item in sorted(lost)]
    return []


def _weakens(key: str, new: Value) -> bool:
    """A comment changes nothing; a constraint that is valid or enforced from now on holds more than before."""
    return key != "comment" and not (key in _STRENGTHENED and new in {None, False})


def _widens(old: str, new: str) -> bool:
    if (old, new) in _WIDENINGS or (
        new == "text" and old.startswith(("character varying", "character(", "text", "varchar", "char"))
    ):
        return True
    if _climbs(old, new) or _keeps_labels(old, new):
        return True
    before, after = _SIZED.fullmatch(old.lower()), _SIZED.fullmatch(new.lower())
    if before is None or after is None:
        return before is not None and new.lower() == before["name"] and before["name"].strip() != "character"
    sizes = zip(
        (int(size) for size in before["sizes"].split(",")),
        (int(size) for size in after["sizes"].split(",")),
        strict=False,
    )
    wider = all(was <= now for was, now in sizes)
    return before["name"] == after["name"] and wider and _integer_digits_kept(before["sizes"], after["sizes"])


def _climbs(old: str, new: str) -> bool:
    """Whether a type of MySQL's becomes a larger one of its kind, signed or not as it was."""
    (before, _, sign), (after, _, new_sign) = old.partition(" "), new.partition(" ")
    ladder = next((item for item in _LADDERS if before in item and after in item), ())
    return sign == new_sign and bool(ladder) and ladder.index(before) < ladder.index(after)


def _keeps_labels(old: str, new: str) -> bool:
    """Whether an enum or set of MySQL's still has every label."""
    kind = old.partition("(")[0]
    same = kind in {"enum", "set"} and new.startswith(f"{kind}(")
    return same and set(_LABELS.findall(old)) <= set(_LABELS.findall(new))


def _integer_digits_kept(old: str, new: str) -> bool:
    was, now = [int(item) for item in old.split(",")], [int(item) for item in new.split(",")]
    return len(was) == len(now) and (len(was) == 1 or was[0] - was[1] <= now[0] - now[1])
