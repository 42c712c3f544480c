"""Frozen dataclasses to JSON values and back, and the one canonical byte form that digests are taken of."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import types
import typing
from enum import Enum
from typing import Any, TypeVar

Json = Any
T = TypeVar("T")
_SCALARS = (str, int, float, bool, type(None))


def to_json(value: object) -> Json:
    """Return `value` as JSON values: dataclasses become objects, tuples arrays, enums their values.

    Raises TypeError for anything else (a float that is not finite included: it has no canonical form).
    """
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, _SCALARS):
        if isinstance(value, float) and (value != value or abs(value) == float("inf")):  # noqa: PLR0124 -- NaN is not itself
            raise TypeError(value)
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [to_json(item) for item in value]
    raise TypeError(type(value).__name__)


def canonical(value: object) -> bytes:
    """Return the canonical bytes of a dataclass or JSON value: sorted keys, no white space, UTF-8."""
    plain = to_json(value) if not isinstance(value, dict | list) else value
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def sha256(data: bytes) -> str:
    """Return the hexadecimal SHA-256 of `data`."""
    return hashlib.sha256(data).hexdigest()


def from_json(kind: type[T], value: Json) -> T:
    """Read back what `to_json` wrote. Raises ValueError where the value does not fit the type."""
    return typing.cast("T", _read(kind, value))


def _read(kind: Any, value: Json) -> Any:  # noqa: ANN401 -- a type and a value of it
    origin = typing.get_origin(kind)
    if origin in {typing.Union, types.UnionType}:
        return _read_union(typing.get_args(kind), value)
    if origin is tuple:
        return _read_tuple(typing.get_args(kind), value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if dataclasses.is_dataclass(kind):
        return _read_dataclass(typing.cast("type", kind), value)
    return _read_scalar(kind, value)


def _read_scalar(kind: Any, value: Json) -> Any:  # noqa: ANN401
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        msg = f"{kind!r} expected, {type(value).__name__} found"
        raise ValueError(msg)
    return value


def _read_union(kinds: tuple[Any, ...], value: Json) -> Any:  # noqa: ANN401
    for kind in kinds:
        if kind is type(None) and value is None:
            return None
        try:
            return _read(kind, value)
        except (ValueError, TypeError, KeyError):
            continue
    msg = f"none of {kinds!r} fits"
    raise ValueError(msg)


def _read_tuple(kinds: tuple[Any, ...], value: Json) -> tuple[Any, ...]:
    if not isinstance(value, list):
        msg = "array expected"
        raise ValueError(msg)  # noqa: TRY004 -- a fault of the text, not of the program
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_read(kinds[0], item) for item in value)
    return tuple(_read(kind, item) for kind, item in zip(kinds, value, strict=True))


def _read_dataclass(kind: type, value: Json) -> Any:  # noqa: ANN401
    hints = _hints(kind)
    if not isinstance(value, dict) or not _required(kind) <= set(value) <= set(hints):
        msg = f"object of {kind.__name__} expected"
        raise ValueError(msg)
    return kind(**{name: _read(hints[name], item) for name, item in value.items()})


@functools.cache
def _required(kind: type) -> frozenset[str]:
    without = dataclasses.MISSING
    found = (item for item in dataclasses.fields(kind) if item.default is without and item.default_factory is without)
    return frozenset(item.name for item in found)


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}
