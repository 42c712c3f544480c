"""A migration that fails for what only the target's operator can settle: an extension's objects, somebody else's rights."""

from __future__ import annotations

import re
from dataclasses import replace

from workers.core.names import SourceKind
from workers.core.refusals import Refusal, RefusalCode
from workers.core.schema import TABLE_CHILDREN, SchemaObject, Snapshot

_NAMED = re.compile(r'"([^"]+)"|function ([\w.]+)\(|(?:table|relation|view|type) ([\w.]+)')
_MAKING = re.compile(r'extension "([^"]+)" already exists|permission denied to create extension "([^"]+)"')
_NAMES_OTHERS = ("SET USER", "SET_USER_ID", "SET_ANY_DEFINER")
_IN_THE_WAY = ("already exists", "requires it", "is a member of extension", "must be owner of")
_APART = {
    SourceKind.ALEMBIC: "let `include_object` in env.py return False for {}",
    SourceKind.PRISMA: 'write `schemas = ["app"]` into the datasource block of schema.prisma, without the schema of {}',
}
_FAILURES = frozenset({RefusalCode.REHEARSAL_FAILED, RefusalCode.BASELINE_NEEDED})
_MET = "it meets what an extension brought"


def explained(refusal: Refusal, live: Snapshot | None, source: SourceKind | None) -> Refusal:
    """The refusal with what to do about the extension that its error is about, if it is about one."""
    if refusal.code not in _FAILURES or live is None or source is None or _MET in refusal.fix:
        return refusal
    met = extension_conflict(live, refusal.message, source)
    return replace(refusal, fix=f"{met}; or {refusal.fix}") if met else refusal


def definer_conflict(error: str) -> str:
    """What to do about an object that is to run as somebody else than the writing role; empty for other errors."""
    if not any(mark in error for mark in _NAMES_OTHERS):
        return ""
    return (
        "the writing role may not make or alter what runs as another account, here as on the target: leave DEFINER out (or say CURRENT_USER; "
        "replace a view of somebody else's instead of altering it), or let the operator grant the writing role SET USER "
        "(MySQL: SET_ANY_DEFINER); the reading role must be able to see that grant"
    )


def extension_conflict(live: Snapshot, error: str, source: SourceKind) -> str:
    """What to do about an error that is about an extension, or names objects of one; empty where it does not."""
    made = _MAKING.search(error)
    if made:
        return _made_before(made[1] or made[2], there=bool(made[1]))
    if not any(mark in error for mark in _IN_THE_WAY):
        return ""
    words = {word.rpartition(".")[2] for found in _NAMED.findall(error) for word in found if word}
    owned = [item for item in live.objects if item.get("extension") and _named(item, words)]
    if not owned:
        return ""
    told = sorted({f"{item.kind.value} {item.label} of {item.get('extension')}" for item in owned})
    names = ", ".join(f"`{item}`" for item in sorted({_plain(item) for item in owned})[:3])
    apart = _APART[source].format(names)
    return f"{_MET} ({', '.join(told[:3])}): keep your tables and functions in a schema of their own, such as `app`, and {apart}"


def _made_before(name: str, *, there: bool) -> str:
    said = f'let the migration say `CREATE EXTENSION IF NOT EXISTS "{name}"`'
    if there:
        return f"{said}: it is there already"
    return f'only a superuser may make {name}: let one run `CREATE EXTENSION "{name}"` on the target first, and {said}'


def _named(item: SchemaObject, words: set[str]) -> bool:
    return item.kind not in TABLE_CHILDREN and _plain(item) in words


def _plain(item: SchemaObject) -> str:
    """Its name without schema and arguments."""
    return item.name[-1].partition("(")[0]
