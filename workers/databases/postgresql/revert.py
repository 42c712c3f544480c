"""What leads a database back to what the code makes of it: statements for one difference, where they are certain.

Nothing is said where the way is not certain: values that are hidden, what an extension or a parent table made, changes that rows could
refuse in more than one way. What is said names every object in full, so it means the same whatever the session's search_path is.
"""

from __future__ import annotations

from workers.core.diff import Change, Difference
from workers.core.redact import MASK
from workers.core.schema import ObjectKind, SchemaObject, Value
from workers.databases.postgresql.revert_code import CODE
from workers.databases.postgresql.revert_tables import TABLES, table_made
from workers.databases.postgresql.revert_types import TYPES
from workers.databases.postgresql.revert_words import Kind, Statements, comment, dropped, name_of, no, told

_HIDDEN = "hidden:"
_KINDS: dict[ObjectKind, Kind] = TABLES | TYPES | CODE


def revert(change: Change, children: tuple[Change, ...] = ()) -> Statements:
    """The statements, in order; none where nothing certain can be said. `children` are what comes and goes with the object."""
    kind = _KINDS.get(change.kind)
    sides = [item for each in (change, *children) for item in (each.before, each.after) if item]
    if kind is None or any(_uncertain(item) for item in sides):
        return no()
    if change.before is None and change.after is not None:
        return (dropped(kind.word, change.after),)
    if change.after is None and change.before is not None:
        return _made(kind, change.before, children)
    return _altered(kind, change)


def _uncertain(item: SchemaObject) -> bool:
    """Whether it is not the database's own to change, or holds what cannot be read."""
    return bool(item.get("extension") or item.get("inherited")) or any(_masked(value) for _, value in item.attributes)


def _masked(value: Value) -> bool:
    texts = value if isinstance(value, tuple) else (value,)
    return any(isinstance(text, str) and (MASK in text or _HIDDEN in text) for text in texts)


def _made(kind: Kind, wanted: SchemaObject, children: tuple[Change, ...]) -> Statements:
    if wanted.kind is ObjectKind.TABLE:
        return _table(wanted, children)
    made = kind.make(wanted)
    inside = [_made(_KINDS[item.kind], item.before, ()) for item in children if item.before and item.kind in _KINDS]
    if not made or not all(inside):
        return no()
    return (*made, *comment(kind.word, wanted), *(text for statements in inside for text in statements))


def _table(wanted: SchemaObject, children: tuple[Change, ...]) -> Statements:
    """A table comes back with all that hung on it, empty."""
    there = [item.before for item in children if item.before]
    columns = [item for item in there if item.kind is ObjectKind.COLUMN]
    sequences = [item for item in there if item.kind is ObjectKind.SEQUENCE]
    rest = [item for item in there if item.kind not in {ObjectKind.COLUMN, ObjectKind.SEQUENCE}]
    rest.sort(key=lambda item: item.kind is ObjectKind.FOREIGN_KEY)
    made = table_made(wanted, columns)
    first = [statement for item in sequences for statement in _KINDS[item.kind].make(item)]
    owned = [f"ALTER SEQUENCE {name_of(item)} OWNED BY {told(item.get('owned_by'))}" for item in sequences]
    after = [(_KINDS[item.kind].make(item), comment(_KINDS[item.kind].word, item)) for item in rest]
    if not made or not all(statements for statements, _ in after):
        return no()
    comments = [text for item in (wanted, *columns, *sequences) for text in comment(_KINDS[item.kind].word, item)]
    return (*first, *made, *owned, *(text for pair in after for part in pair for text in part), *comments)


def _altered(kind: Kind, change: Change) -> Statements:
    """Comments change by themselves; everything else by what the kind knows, or by making it anew where that loses nothing."""
    assert change.before is not None  # noqa: S101 -- two sides, or it would not have changed
    assert change.after is not None  # noqa: S101
    keys = {key for key, _, _ in change.attributes}
    said = comment(kind.word, change.before, always=True) if "comment" in keys else ()
    keys.discard("comment")
    if not keys:
        return said
    altered = kind.alter(change.before, change.after, frozenset(keys))
    if altered:
        return (*altered, *said)
    if not kind.replaceable or change.difference is not Difference.CHANGED:
        return no()
    made = kind.make(change.before)
    return (dropped(kind.word, change.after), *made, *comment(kind.word, change.before)) if made else no()
