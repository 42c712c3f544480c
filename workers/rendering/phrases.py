"""How counts, names, sizes, times and statements are said aloud."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from workers.core.names import Engine
from workers.rendering.markdown import code, plain

if TYPE_CHECKING:  # who lists differences alone is spared what a plan is
    from workers.core.examination import Preflight
    from workers.core.plan import Statement

_VERBS = """
    add alter ask attach build call change comment copy create delegate delete detach disable drop empty enable gather grant insert make
    merge read rebuild refresh remove rename replace require restrict revoke rewrite run set update validate
"""
_GLUE = """
    a again all as at and cascade check column columns commands concurrently constraint default domain enum exclusion extension file for
    foreign from function identity in index indexes into is it its key label later materialized more not null of on once one or owner
    partition planner policy primary privileges procedure query row rows rule schema sequence sequences statistics table tables temporary
    the this to trigger type unique unlogged validated value values view virtual whole with without
"""
_STOPS = frozenset(["on", "of", "to", "from", "into", "with", "as", "for", "in", "and", "concurrently", "cascade"])
_STARTS = frozenset(_VERBS.split())
_INSIDE = frozenset(_GLUE.split())
_COUNT = re.compile(r"\d+")


ENGINES = {
    Engine.POSTGRESQL: "PostgreSQL",
    Engine.MYSQL: "MySQL",
    Engine.MARIADB: "MariaDB",
    Engine.SQLITE: "SQLite",
}


def count(number: int, one: str, many: str = "") -> str:
    """`1 statement`, `2 statements`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def joined(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def some(parts: Sequence[str], most: int = 5) -> str:
    """At most so many parts, and how many more there are."""
    rest = len(parts) - most
    return ", ".join(parts[:most]) + (f" and {rest:,} more" if rest > 0 else "")


def seconds(value: float) -> str:
    """A duration as a person says it."""
    if value < 1:
        return f"{max(round(value * 1000), 1)} ms"
    if value < 120:
        return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"
    return f"{int(value // 60)} min {int(value % 60)} s"


def size(value: int) -> str:
    """A number of bytes."""
    amount = float(value)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "bytes" or amount >= 10 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def engine_name(engine: Engine, version: str) -> str:
    """`PostgreSQL 16.4`, as the vendor writes it."""
    return f"{ENGINES[engine]} {version}".strip()


def encryption(found: Preflight) -> str:
    """`TLS 1.3`, or that there is none."""
    return found.tls if found.tls not in {"", "none"} else "no TLS"


def moment(iso: str) -> str:
    """`2026-11-20T14:02:07Z` as `2026-11-20 14:02 UTC`."""
    return f"{iso[:10]} {iso[11:16]} UTC" if len(iso) >= 16 else iso


def spoken(title: str) -> str:
    """A statement's title: the act in bold, names as code, the rest plain. What is written otherwise than our words is a name."""
    words = _tokens(title)
    verbs = 0
    while verbs < len(words) and (words[verbs] in _INSIDE - _STOPS if verbs else words[verbs].lower() in _STARTS):
        verbs += 1
    head = f"**{plain(' '.join(words[:verbs]))}**" if verbs else ""
    return " ".join(part for part in (head, *map(_word, words[verbs:])) if part)


def label(kind: str, name: Sequence[str]) -> str:
    """An object as people name it: index `public.ix_orders`."""
    return f"{plain(kind.replace('_', ' '))} {code('.'.join(name))}"


def runs(statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """The statements that people read; the version table's bookkeeping is left out unless there is nothing else."""
    from workers.core.plan import StatementKind  # noqa: PLC0415 -- see above

    read = tuple(item for item in statements if item.parsed.kind is not StatementKind.BOOKKEEPING)
    return read or tuple(statements)


def _tokens(title: str) -> list[str]:
    """Words; what stands in brackets stays with its word, so that `numeric(10, 2)` is one."""
    found: list[str] = []
    depth = 0
    for word in title.split():
        if depth > 0:
            found[-1] += f" {word}"
        else:
            found.append(word)
        depth += word.count("(") - word.count(")")
    return found


def _word(word: str) -> str:
    bare = word.rstrip(",")
    comma = "," if bare != word else ""
    if bare in _INSIDE or _COUNT.fullmatch(bare):
        return plain(bare) + comma
    if bare.startswith("(") and bare.endswith(")"):
        return f"({plain(bare[1:-1])}){comma}"
    return code(bare) + comma
