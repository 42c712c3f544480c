"""The seal on rows that an apply depends on: whoever can only write to the state cannot make one up."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from workers.core.codec import canonical

_LEAST_BYTES = 32


class StoreTamperedError(Exception):
    """A row of the state was not written by a worker, or was changed since. Nothing may be decided from it."""


@dataclass(frozen=True, slots=True)
class StateKey:
    """A key that only workers hold; its id stands in the row, so that keys can be changed one after the other."""

    id: str
    secret: bytes

    def __repr__(self) -> str:
        """Say which key, never what it is."""
        return f"StateKey({self.id})"


class Seal:
    """HMAC-SHA256 over a row's values: the first key signs, every key verifies."""

    def __init__(self, keys: tuple[StateKey, ...]) -> None:
        if not keys or any(len(key.secret) < _LEAST_BYTES for key in keys):
            raise ValueError(f"the state key must be at least {_LEAST_BYTES} bytes")
        self._keys = keys

    def sign(self, table: str, *values: str | int | bool) -> str:
        """Return the seal of a row."""
        return f"{self._keys[0].id}:{_mac(self._keys[0], table, values)}"

    def check(self, seal: str, table: str, *values: str | int | bool) -> None:
        """Raise StoreTamperedError unless one of our keys sealed exactly these values of this table."""
        name, _, found = seal.partition(":")
        key = next((item for item in self._keys if item.id == name), None)
        if key is None or not hmac.compare_digest(_mac(key, table, values).encode(), found.encode()):
            raise StoreTamperedError(
                f"a row of {table} in the state was not written by a worker of ours, or was changed since"
            )


def _mac(key: StateKey, table: str, values: tuple[str | int | bool, ...]) -> str:
    """Canonical JSON keeps the borders between values."""
    return hmac.new(key.secret, canonical((table, *values)), hashlib.sha256).hexdigest()
