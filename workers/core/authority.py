"""What changes in rights: owners, privileges, settings of roles and of the database, what acts unseen; compared as objects are."""

from __future__ import annotations

from collections.abc import Iterable

from workers.core.diff import Change, Difference, diff_objects
from workers.core.schema import Name, ObjectKind, SchemaObject, Snapshot, Value

MOST_WORDS = 5
_COLUMN = "column"


def authority_effect(old: Snapshot, new: Snapshot) -> tuple[Change, ...]:
    """Return what `new` has of rights for somebody who knows `old`, ordered by kind and name.

    What went away together with its object is left out: the object's own change says it. Of something that changed only the attributes that
    differ are kept, so that the same statement has the same effect on a target and on its copy, whatever else their servers are like.
    """
    found = diff_objects(old.authority, new.authority)
    gone = [item for item in found if item.after is None]
    there = _there(new) if gone else frozenset()
    return tuple(_reduced(item) for item in found if item.after is not None or _stays(item, there))


def rights_changed(effect: tuple[Change, ...], objects: tuple[Change, ...]) -> tuple[Change, ...]:
    """Leave out what every new object has: its owner, and the privileges that it was made with. `objects` is the effect on objects."""
    made: set[Name] = {item.name for item in effect if item.kind is ObjectKind.OWNER and item.before is None}
    made |= {(_COLUMN, *item.name) for item in objects if item.kind is ObjectKind.COLUMN and item.before is None}
    return tuple(item for item in effect if not (item.name in made and item.before is None and _of_object(item)))


def lacking(changes: tuple[Change, ...], live: Snapshot) -> tuple[Change, ...]:
    """Return, of changes of rights, those that `live` does not show: as changes from what they leave to what is there."""
    there = {(item.kind, item.name): item for item in live.authority}
    found = ((item, there.get((item.kind, item.name))) for item in changes)
    return tuple(Change(item.kind, item.name, item.after, now) for item, now in found if not _shown(item, now))


def in_words(changes: Iterable[Change]) -> str:
    """Say what changed, the first few by name: `privilege of table public.orders: PUBLIC may SELECT (by shop) is new`."""
    said = [f"{item.kind.value.replace('_', ' ')} of {_place(item)}: {_values(item)}" for item in changes]
    rest = len(said) - MOST_WORDS
    return "; ".join([*said[:MOST_WORDS], *([f"and {rest} more"] if rest > 0 else [])])


def _shown(change: Change, now: SchemaObject | None) -> bool:
    """Whether all that is new in a change is there now, and nothing that went away. Other rights may be there beside it."""
    for key, old, new in change.attributes:
        present = now.get(key) if now else None
        if isinstance(old, tuple) or isinstance(new, tuple):
            before, after, held = set(_many(old)), set(_many(new)), set(_many(present))
            if not after - before <= held or held & (before - after):
                return False
        elif present != new:
            return False
    return True


def _of_object(item: Change) -> bool:
    return item.kind in {ObjectKind.OWNER, ObjectKind.PRIVILEGE}


def _there(snapshot: Snapshot) -> frozenset[Name]:
    """The names under which something that is there may have privileges."""
    owned = {item.name for item in snapshot.authority if item.kind is ObjectKind.OWNER}
    return frozenset(owned | {(_COLUMN, *item.name) for item in snapshot.objects if item.kind is ObjectKind.COLUMN})


def _stays(item: Change, there: frozenset[Name]) -> bool:
    return not _of_object(item) or item.name in there


def _reduced(item: Change) -> Change:
    if item.difference is not Difference.CHANGED:
        return item
    keys = {key for key, _, _ in item.attributes}
    return Change(item.kind, item.name, _only(item.before, keys), _only(item.after, keys))


def _only(item: SchemaObject | None, keys: set[str]) -> SchemaObject | None:
    return item and SchemaObject(item.kind, item.name, tuple(pair for pair in item.attributes if pair[0] in keys))


def _place(item: Change) -> str:
    return f"{item.name[0]} {'.'.join(item.name[1:])}" if _of_object(item) and len(item.name) > 1 else item.label


def _values(item: Change) -> str:
    return ", ".join(_difference(key, old, new) for key, old, new in item.attributes) or item.difference.value


def _difference(key: str, old: Value, new: Value) -> str:
    if isinstance(old, tuple) or isinstance(new, tuple):
        before, after = _many(old), _many(new)
        kept = "" if key == "grants" else f" ({key})"
        gained = [f"{value}{kept} is new" for value in after if value not in before]
        return ", ".join([*gained, *(f"{value}{kept} is gone" for value in before if value not in after)])
    return f"{key} {old or 'none'} becomes {new or 'none'}"


def _many(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
