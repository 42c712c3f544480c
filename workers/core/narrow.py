"""Take out of a snapshot what a comparison shall not see; whatever is taken out stays named in `excluded`."""

from __future__ import annotations

from dataclasses import replace

from workers.core.schema import Excluded, SchemaObject, Snapshot


def narrowed(snapshot: Snapshot, schemas: tuple[str, ...], *, exclude_extensions: bool) -> Snapshot:
    """Keep the objects of these schemas (all where empty), without those that an extension owns where that is asked."""
    reasons = ((item, _reason(item, schemas, exclude_extensions=exclude_extensions)) for item in snapshot.objects)
    judged = tuple(reasons)
    return replace(
        snapshot,
        objects=tuple(item for item, reason in judged if not reason),
        excluded=snapshot.excluded + tuple(Excluded(item.kind, item.name, reason) for item, reason in judged if reason),
    )


def _reason(item: SchemaObject, schemas: tuple[str, ...], *, exclude_extensions: bool) -> str:
    if schemas and len(item.name) > 1 and item.name[0] not in schemas:
        return f"in schema {item.name[0]}"
    owner = item.get("extension")
    return f"owned by extension {owner}" if exclude_extensions and owner else ""
