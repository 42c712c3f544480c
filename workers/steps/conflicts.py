"""A migration that stands in an extension's way: which objects, and how to keep the two apart."""

from __future__ import annotations

import re

from workers.core.names import SourceKind
from workers.core.schema import TABLE_CHILDREN, Snapshot

_NAMED = re.compile(r'"([^"]+)"|function (\w+)\(|type (\w+)|(?:table|relation|view) (\w+)')
_IN_THE_WAY = ("already exists", "requires it", "is a member of extension", "must be owner of")
_APART = {
    SourceKind.ALEMBIC: "let `include_object` in env.py leave out what is not yours",
    SourceKind.PRISMA: "list your own schemas alone under `schemas` in schema.prisma",
}


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
