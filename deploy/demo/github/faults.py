"""Misbehaviour on demand: each fault is armed for a number of times or until it is cleared, and none is armed at first."""

from __future__ import annotations

import threading
from dataclasses import dataclass, fields


@dataclass(slots=True)
class Faults:
    """Plain numbers and flags that tests set; `take` uses one up.

    Deliveries: `lose` (never sent; the log says failed), `lose_unlogged` (as in an outage: no trace), `repeat` (sent twice, one GUID),
    `reorder` (this many are held back and sent last first).
    API: `fail_after_write` (502 although the write was done), `fail_before` (502 and nothing done), `not_found_after_open` (seconds in
    which a new pull is 404), `rate_limit` (403 with reset headers), `secondary_limit` (403 with Retry-After), `secondary_limit_bare`
    (403 without any header), `too_many` (429 with Retry-After), `expired_token` (401), `slow` (each API request takes this many seconds).
    State: `head_repo_null` (every pull's head.repo is null), `truncated_trees` (recursive trees say truncated and lose their tail).
    """

    lose: int = 0
    lose_unlogged: int = 0
    repeat: int = 0
    reorder: int = 0
    fail_after_write: int = 0
    fail_before: int = 0
    not_found_after_open: float = 0.0
    rate_limit: int = 0
    secondary_limit: int = 0
    secondary_limit_bare: int = 0
    too_many: int = 0
    expired_token: int = 0
    slow: float = 0.0
    head_repo_null: bool = False
    truncated_trees: bool = False

    def take(self, name: str) -> bool:
        """Whether the fault strikes now; one use less is left."""
        with _lock:
            left: int = getattr(self, name)
            if left <= 0:
                return False
            setattr(self, name, left - 1)
            return True

    def arm(self, **settings: float) -> None:
        """Sets faults by name; a name that does not exist is a TypeError."""
        known = {f.name: f.type for f in fields(self)}
        for name, value in settings.items():
            if name not in known:
                raise TypeError(f"no fault is called {name!r}; there are {', '.join(known)}")
            kind = {"int": int, "float": float, "bool": bool}[str(known[name])]
            setattr(self, name, kind(value))

    def clear(self) -> None:
        for field in fields(self):
            setattr(self, field.name, field.default)

    def settings(self) -> dict[str, float]:
        return {f.name: getattr(self, f.name) for f in fields(self)}


_lock = threading.Lock()
