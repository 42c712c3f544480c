"""A configuration file as values with their places: what a reader of YAML gives, and all that the rules know of it."""

from __future__ import annotations

from dataclasses import dataclass

Plain = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Scalar:
    """One plain value; line and column count from 1."""

    value: Plain
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Listing:
    """A list."""

    items: tuple[Node, ...]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping; the line is the key's."""

    key: str
    value: Node
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping; each key stands once."""

    entries: tuple[Entry, ...]
    line: int
    column: int


Node = Scalar | Listing | Mapping
