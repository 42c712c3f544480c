"""How the differences of two schemas are listed; used by the documents and by the command line."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from workers.core.diff import Change, Difference
from workers.core.schema import Value
from workers.rendering.markdown import code, shortened, visible
from workers.rendering.phrases import count, label

_SIGNS = {Difference.ADDED: "+", Difference.REMOVED: "-", Difference.CHANGED: "~"}
_WORDS = {Difference.ADDED: "added", Difference.REMOVED: "removed", Difference.CHANGED: "changed"}


class DiffFormat(StrEnum):
    """How differences are written for people."""

    TEXT = "text"
    MARKDOWN = "markdown"


def diff_text(changes: Sequence[Change], form: DiffFormat = DiffFormat.TEXT) -> str:
    """Return one line for each changed object, and below it what differs in an object that is on both sides."""
    if form is DiffFormat.MARKDOWN:
        return "".join(
            f"- {_WORDS[item.difference]} {label(item.kind.value, item.name)}{_inline(item)}\n" for item in changes
        )
    lines = []
    for item in changes:
        lines.append(f"{_SIGNS[item.difference]} {item.kind.value} {visible(item.label)}")
        lines += [f"    {key}: {_plain(old)} -> {_plain(new)}" for key, old, new in _pairs(item)]
    lines.append(count(len(changes), "difference"))
    return "\n".join(lines) + "\n"


def _inline(change: Change) -> str:
    pairs = [f"{key} {code(_plain(old))} → {code(_plain(new))}" for key, old, new in _pairs(change)]
    return f": {', '.join(pairs)}" if pairs else ""


def _pairs(change: Change) -> tuple[tuple[str, Value, Value], ...]:
    return change.attributes if change.difference is Difference.CHANGED else ()


def _plain(value: Value) -> str:
    text = ", ".join(value) if isinstance(value, tuple) else "nothing" if value is None else str(value)
    return visible(shortened(" ".join(text.split()), 500))
