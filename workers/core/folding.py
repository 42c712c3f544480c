"""Differences as people take them in: what a new or lost table or extension brings is told with it, and what looks like a rename is asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from workers.core.diff import Change, Difference
from workers.core.schema import TABLE_CHILDREN, Name, ObjectKind, SchemaObject, Value

_RELATIONS = frozenset(
    {ObjectKind.TABLE, ObjectKind.FOREIGN_TABLE, ObjectKind.VIEW, ObjectKind.MATERIALIZED_VIEW},
)
_WHOLE = _RELATIONS | {ObjectKind.EXTENSION}
_Place = tuple[bool, Name, Difference]
_Shape = tuple[ObjectKind, Name, object]


@dataclass(frozen=True, slots=True)
class Folded:
    """One difference, and those that come with it."""

    change: Change
    children: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Rename:
    """Something that is gone and something that came are alike but for their names."""

    kind: ObjectKind
    old: Name
    new: Name

    @property
    def question(self) -> str:
        """What to ask a person about it."""
        kind = self.kind.value.replace("_", " ")
        return f"was the {kind} {'.'.join(self.old)} renamed to {self.new[-1]}? Nothing but the name differs"


def fold(changes: tuple[Change, ...]) -> tuple[Folded, ...]:
    """Put what belongs to a table or an extension that appears or disappears under it; the rest stands alone, in the same order."""
    whole = {_place(item) for item in changes if item.kind in _WHOLE and item.difference is not Difference.CHANGED}
    children: defaultdict[_Place, list[Change]] = defaultdict(list)
    tops = []
    for item in changes:
        home = next((place for place in _homes(item) if place in whole), None)
        if home is not None:
            children[home].append(item)
        else:
            tops.append(item)
    return tuple(Folded(item, tuple(children.get(_place(item), ()))) for item in tops)


def suspected_renames(folded: tuple[Folded, ...]) -> tuple[Rename, ...]:
    """Pair what is gone with what came, where both are alike and no third is: two candidates would be a guess."""
    gone: defaultdict[_Shape, list[Name]] = defaultdict(list)
    came: defaultdict[_Shape, list[Name]] = defaultdict(list)
    for item in folded:
        if item.change.before and not item.change.after:
            gone[_shape(item.change.before, item.children)].append(item.change.name)
        elif item.change.after and not item.change.before:
            came[_shape(item.change.after, item.children)].append(item.change.name)
    pairs = ((shape, names[0], came[shape][0]) for shape, names in gone.items() if len(names) == len(came[shape]) == 1)
    return tuple(Rename(shape[0], old, new) for shape, old, new in pairs)


def _place(change: Change) -> _Place:
    return change.kind is ObjectKind.EXTENSION, change.name, change.difference


def _homes(change: Change) -> Iterator[_Place]:
    """Where an object belongs: to its extension, to its table, the sequence of a column to the column's table."""
    present = change.after or change.before
    extension = present.get("extension") if present else None
    if isinstance(extension, str):
        yield True, (extension,), change.difference
    owner = present.get("owned_by") if present and change.kind is ObjectKind.SEQUENCE else None
    if isinstance(owner, str) and owner:
        yield False, tuple(owner.split(".")[:-1]), change.difference
    if change.kind in TABLE_CHILDREN:
        yield False, change.parent, change.difference


def _shape(item: SchemaObject, children: tuple[Change, ...]) -> _Shape:
    """What is left of an object when names are taken away; a table is told by its columns."""
    columns = [
        (child.name[-1], _nameless(present))
        for child in children
        if child.kind is ObjectKind.COLUMN and (present := child.after or child.before)
    ]
    return item.kind, item.name[:-1], (_nameless(item), tuple(sorted(columns, key=lambda pair: pair[0])))


def _nameless(item: SchemaObject) -> tuple[tuple[str, Value], ...]:
    """The attributes without comment; where the text of an attribute holds the name, the name is blanked."""
    name = item.name[-1]
    return tuple(
        (key, value.replace(name, "?") if isinstance(value, str) else value)
        for key, value in item.attributes
        if key != "comment"
    )
