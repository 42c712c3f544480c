"""Notices a migration that looks at what a write came back with: how many rows it hit, which keys were given, which rows returned."""

# ruff: noqa: ANN401 -- what hooks and drivers hand over has no type of its own
from __future__ import annotations

from typing import Any

from sqlalchemy.engine import CursorResult

from .tape import Tape

_VALUES = ("rowcount", "lastrowid", "inserted_primary_key", "inserted_primary_key_rows", "returned_defaults")
_FETCHES = ("_fetchiter_impl", "_fetchone_impl", "_fetchall_impl", "_fetchmany_impl")


def watch(tape: Tape) -> None:
    """Tell the tape when one of these is asked for. A name that this SQLAlchemy lacks is passed over."""
    for name in _VALUES:
        if name in vars(CursorResult):
            setattr(CursorResult, name, _asked(vars(CursorResult)[name], tape))
    for name in _FETCHES:
        if name in vars(CursorResult):
            setattr(CursorResult, name, _fetched(vars(CursorResult)[name], tape))


def _asked(descriptor: Any, tape: Tape) -> property:
    def ask(self: Any) -> Any:
        tape.looked_at(self.context)
        return descriptor.__get__(self, type(self))

    return property(ask)


def _fetched(method: Any, tape: Tape) -> Any:
    def fetch(self: Any, *arguments: Any, **keywords: Any) -> Any:
        # SQLAlchemy itself fetches a new row's key at once, whether anybody wants it or not.
        if not getattr(self.context, "_is_implicit_returning", False):
            tape.looked_at(self.context)
        return method(self, *arguments, **keywords)

    return fetch
