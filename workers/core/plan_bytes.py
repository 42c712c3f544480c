"""The bytes of a plan's body that a digest covers: every fact once, and nothing that goes without saying."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

from workers.core.codec import Json, canonical, to_json
from workers.core.diff import Change
from workers.core.schema import SchemaObject


def body_bytes(body: object) -> bytes:
    """Return the canonical bytes of a body. They are read by people and compared, never decoded: the state keeps plans in full."""
    return canonical(body_json(body))


def body_json(value: object) -> Json:
    """As `to_json`, less what can be told from the rest: fields that are as their type has them, and the name that both sides of a change have."""
    if isinstance(value, Change):
        sides = {"before": value.before, "after": value.after}
        told = {side: _values(item) for side, item in sides.items() if item is not None}
        return {"kind": value.kind.value, "name": list(value.name), **told}
    if isinstance(value, tuple):
        return [body_json(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = ((name, getattr(value, name), usual) for name, usual in _fields(type(value)))
        return {name: body_json(item) for name, item, usual in fields if item != usual}
    return to_json(value)


def _values(item: SchemaObject) -> Json:
    return {key: to_json(value) for key, value in item.attributes}


@functools.cache
def _fields(kind: type) -> tuple[tuple[str, Any], ...]:
    """The fields with what they hold where nobody says otherwise (`MISSING`, which equals nothing, where somebody must)."""
    return tuple((item.name, item.default) for item in dataclasses.fields(kind))
