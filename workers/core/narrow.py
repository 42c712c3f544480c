"""Take out of a snapshot what a comparison shall not see; whatever is taken out stays named in `excluded`.

Comparisons go through here: drift, baseline, verification. What a plan binds to never does.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import replace

from workers.core.config import Filter, FilterMode, Ignore
from workers.core.diff import Change
from workers.core.names import Engine
from workers.core.schema import TABLE_CHILDREN, Excluded, Name, ObjectKind, SchemaObject, Snapshot

UNMANAGED = "unmanaged: no history of ours made it"
ANY_KIND = "*"
_Judge = Callable[[SchemaObject], str]
# Between the parts of a name, because a dot may stand inside of one.
_BETWEEN = "\x1f"
_WILD = {"**": ".*", "*": f"[^{_BETWEEN}]*", "?": f"[^{_BETWEEN}]", ".": f"[.{_BETWEEN}]"}
_RELATIONS = frozenset({ObjectKind.TABLE, ObjectKind.VIEW, ObjectKind.MATERIALIZED_VIEW, ObjectKind.FOREIGN_TABLE})

_RIGHTS = frozenset({ObjectKind.OWNER, ObjectKind.PRIVILEGE})


def narrowed(snapshot: Snapshot, rules: Filter, ignore: tuple[Ignore, ...] = ()) -> Snapshot:
    """Keep what the filter takes in and no pattern ignores; an object belongs with its table."""
    judges = _judges(snapshot, rules, ignore)
    return (
        _without(snapshot, lambda item: next(filter(None, (judge(item) for judge in judges)), ""))
        if judges
        else snapshot
    )


def managed_only(snapshot: Snapshot, made: Callable[[Name], bool]) -> Snapshot:
    """Keep what our histories made; `made` is asked about tables and whatever else stands by itself."""
    known = functools.cache(made)
    return _without(snapshot, lambda item: "" if known(item.parent) else UNMANAGED)


def counted(changes: tuple[Change, ...], seen: tuple[Snapshot, ...], touched: frozenset[Name]) -> tuple[Change, ...]:
    """The changes that count: not of an object that a comparison does not see, unless the plan itself touches its table."""
    hidden = {(item.kind, item.name) for snapshot in seen for item in snapshot.excluded}
    names = {name for _, name in hidden}
    return tuple(
        item
        for item in changes
        if item.parent in touched
        or ((item.kind, item.name) not in hidden and not (item.kind in _RIGHTS and item.name[1:] in names))
    )


def without(snapshot: Snapshot, excluded: tuple[Excluded, ...]) -> Snapshot:
    """Take out objects that another look at the same database took out."""
    reasons = {(item.kind, item.name): item.reason for item in excluded}
    return _without(snapshot, lambda item: reasons.get((item.kind, item.name), ""))


def _without(snapshot: Snapshot, judge: _Judge) -> Snapshot:
    kept, out = [], []
    for item in snapshot.objects:
        reason = judge(item)
        if reason:
            out.append(Excluded(item.kind, item.name, reason))
        else:
            kept.append(item)
    return replace(snapshot, objects=tuple(kept), excluded=(*snapshot.excluded, *out))


def _judges(snapshot: Snapshot, rules: Filter, ignore: tuple[Ignore, ...]) -> tuple[_Judge, ...]:
    found: list[_Judge] = []
    if rules.mode is FilterMode.EXPLICIT:
        found.append(_explicit(snapshot, rules))
    if rules.mode is FilterMode.EXCLUDE_EXTENSIONS:
        found.append(_of_extension(snapshot))
    return (*found, *(_ignored(snapshot, item) for item in ignore))


def _explicit(snapshot: Snapshot, rules: Filter) -> _Judge:
    tables = tuple(_glob(item) for item in rules.tables)
    qualified = snapshot.engine is Engine.POSTGRESQL

    def judge(item: SchemaObject) -> str:
        schema = item.name[0] if qualified else snapshot.database
        if schema in rules.schemas and (len(item.name) > 1 or not qualified or item.kind is ObjectKind.SCHEMA):
            return ""
        of_tables = item.kind in _RELATIONS | TABLE_CHILDREN
        names = [item.parent, item.parent[-1:]] if of_tables else _owner(item)
        if any(_fits(glob, name) for glob in tables for name in names):
            return ""
        return (
            f"in schema {schema}"
            if len(item.name) > 1 and qualified and not tables
            else "not among what the filter lists"
        )

    return judge


def _owner(item: SchemaObject) -> list[Name]:
    """The table that a sequence belongs to."""
    owner = item.get("owned_by")
    return [parent, parent[-1:]] if isinstance(owner, str) and (parent := tuple(owner.split("."))[:-1]) else []


def _of_extension(snapshot: Snapshot) -> _Judge:
    tables = {item.name: item.get("extension") for item in snapshot.objects if item.kind in _RELATIONS}

    def judge(item: SchemaObject) -> str:
        if item.kind is ObjectKind.EXTENSION:
            return "an extension; the connection check lists it with its version"
        owner = item.get("extension")
        if owner is None and item.kind in TABLE_CHILDREN:
            owner = tables.get(item.parent)
        return f"owned by extension {owner}" if owner else ""

    return judge


def _ignored(snapshot: Snapshot, ignore: Ignore) -> _Judge:
    word, _, pattern = ignore.pattern.partition(":")
    glob = _glob(pattern)
    kinds = {item.name: item.kind for item in snapshot.objects if item.kind in _RELATIONS}
    reason = f"ignored: {ignore.reason}"

    def judge(item: SchemaObject) -> str:
        if word in {ANY_KIND, item.kind.value} and _fits(glob, item.name):
            return reason
        parent = kinds.get(item.parent) if item.kind in TABLE_CHILDREN else None
        return reason if parent and word in {ANY_KIND, parent.value} and _fits(glob, item.parent) else ""

    return judge


def _fits(glob: re.Pattern[str], name: Name) -> bool:
    return glob.fullmatch(_BETWEEN.join(name)) is not None


@functools.lru_cache(maxsize=1024)
def _glob(pattern: str) -> re.Pattern[str]:
    """`*` stays within one part of a name, `**` crosses parts."""
    parts = re.split(r"(\*\*|\*|\?|\.)", pattern)
    return re.compile("".join(_WILD.get(part, re.escape(part)) for part in parts), re.DOTALL)
