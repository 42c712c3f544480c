"""The one comparison of two snapshots, used for drift, undeclared model changes, the proof of a rehearsal and verification."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from operator import attrgetter
from typing import Any

from workers.core.schema import Name, ObjectKind, SchemaObject, Snapshot, Value, ordered

FORMAT = "schemagate-diff/1"


class Difference(StrEnum):
    """How an object differs, seen from the first snapshot to the second."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: an object appears (no `before`), disappears (no `after`), or differs attribute by attribute."""

    kind: ObjectKind
    name: Name
    before: SchemaObject | None
    after: SchemaObject | None

    @property
    def difference(self) -> Difference:
        """Which of the three it is."""
        if self.before is None:
            return Difference.ADDED
        return Difference.REMOVED if self.after is None else Difference.CHANGED

    @property
    def attributes(self) -> tuple[tuple[str, Value, Value], ...]:
        """The keys that differ, with the value before and after; every key of an object that appears or disappears."""
        old = dict(self.before.attributes) if self.before else {}
        new = dict(self.after.attributes) if self.after else {}
        keys = sorted(old.keys() | new.keys())
        return tuple((key, old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key))

    @property
    def parent(self) -> Name:
        """The name of the table that the object belongs to, or its own."""
        present = self.after or self.before
        return present.parent if present else self.name

    @property
    def label(self) -> str:
        """The object's name as people write it."""
        return ".".join(self.name)


def diff(old: Snapshot, new: Snapshot) -> tuple[Change, ...]:
    """Return what must be said of `new` for somebody who knows `old`, ordered by kind and name. Authority is not compared here."""
    return diff_objects(old.objects, new.objects)


def diff_objects(old: Iterable[SchemaObject], new: Iterable[SchemaObject]) -> tuple[Change, ...]:
    """Compare two sets of objects; each (kind, name) occurs at most once in a set."""
    before, after = _by_kind(old), _by_kind(new)
    nothing: dict[Name, SchemaObject] = {}
    found: list[Change] = []
    for kind in sorted(before.keys() | after.keys()):
        found += _differing(kind, before.get(kind, nothing), after.get(kind, nothing))
    return tuple(found)


def _by_kind(objects: Iterable[SchemaObject]) -> dict[ObjectKind, dict[Name, SchemaObject]]:
    """Kind by kind, because an enum costs more to hash than a name."""
    found: dict[ObjectKind, dict[Name, SchemaObject]] = {}
    for kind, group in itertools.groupby(objects, key=_kind):
        found.setdefault(kind, {}).update((item.name, item) for item in group)
    return found


def _differing(kind: ObjectKind, before: dict[Name, SchemaObject], after: dict[Name, SchemaObject]) -> Iterator[Change]:
    names = [name for name, item in before.items() if name not in after or after[name].attributes != item.attributes]
    names += after.keys() - before.keys()
    return (Change(kind, name, before.get(name), after.get(name)) for name in sorted(names))


_kind = attrgetter("kind")


def compose(first: tuple[Change, ...], second: tuple[Change, ...]) -> tuple[Change, ...]:
    """Return the effect of two effects in a row; an object that is back as it was is no change."""
    found = {(item.kind, item.name): (item.before, item.after) for item in first}
    for item in second:
        before = found.get((item.kind, item.name), (item.before, None))[0]
        found[(item.kind, item.name)] = (before, item.after)
    keys = sorted(found, key=lambda key: (key[0].value, key[1]))
    return tuple(Change(*key, *found[key]) for key in keys if found[key][0] != found[key][1])


def moved(snapshot: Snapshot, effect: tuple[Change, ...]) -> Snapshot:
    """Return a schema after an effect that was seen elsewhere: only the attributes that changed there change here."""
    found = {(item.kind, item.name): item for item in snapshot.objects}
    for change in effect:
        key = (change.kind, change.name)
        here = found.get(key)
        if change.after is None:
            found.pop(key, None)
        elif change.before is None:
            found[key] = change.after
        elif here is not None:
            values = dict(here.attributes) | {name: value for name, _, value in change.attributes}
            kept = ((name, value) for name, value in values.items() if value is not None)
            found[key] = replace(here, attributes=tuple(sorted(kept)))
    return replace(snapshot, objects=ordered(list(found.values())))


def diff_to_json(old: Snapshot, new: Snapshot, changes: tuple[Change, ...]) -> dict[str, Any]:
    """Return changes as `schemagate-diff/1`; the sides are named by their fingerprints."""
    return {
        "format": FORMAT,
        "from": old.fingerprint,
        "to": new.fingerprint,
        "changes": [change_to_json(item) for item in changes],
    }


def change_to_json(change: Change) -> dict[str, Any]:
    """Return one change with the attributes that differ."""
    pairs = {key: {"before": _plain(old), "after": _plain(new)} for key, old, new in change.attributes}
    return {
        "change": change.difference.value,
        "kind": change.kind.value,
        "name": list(change.name),
        "attributes": pairs,
    }


def _plain(value: Value) -> Any:  # noqa: ANN401 -- a JSON value
    return list(value) if isinstance(value, tuple) else value
