"""A migration that fails for what only the target's operator can settle: an extension's objects, somebody else's rights."""

from __future__ import annotations

import re

from workers.core.names import SourceKind
from workers.core.schema import TABLE_CHILDREN, Snapshot

_NAMED = re.compile(r'"([^"]+)"|function (\w+)\(|type (\w+)|(?:table|relation|view) (\w+)')
_NAMES_OTHERS = ("SET USER", "SET_USER_ID", "SET_ANY_DEFINER")
_IN_THE_WAY = ("already exists", "requires it", "is a member of extension", "must be owner of")
_APART = {
    SourceKind.ALEMBIC: "let `include_object` in env.py leave out what is not yours",
    SourceKind.PRISMA: "list your own schemas alone under `schemas` in schema.prisma",
}


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
    """What to do about an error that names objects of extensions; empty where it names none."""
    if not any(mark in error for mark in _IN_THE_WAY):
        return ""
    words = {word.rpartition(".")[2] for found in _NAMED.findall(error) for word in found if word}
    owned = {
        f"{item.kind.value} {item.label} of {item.get('extension')}"
        for item in live.objects
        if item.get("extension") and item.kind not in TABLE_CHILDREN and item.name[-1].partition("(")[0] in words
    }
    if not owned:
        return ""
    return (
        f"it meets what an extension brought ({', '.join(sorted(owned)[:3])}): keep your tables in a schema of their own, "
        f"such as `app`, and {_APART[source]}"
    )
