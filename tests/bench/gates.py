"""What the figures of one run must show: ratios between programs of the same run, never times of a machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.bench.measure import Measured
from workers.core.names import Engine

Figures = Mapping[tuple[str, int], Measured]
"""By tool and number of tables."""
SMALL, LARGE = 1000, 5000
_FLOORS = {Engine.POSTGRESQL: 1.5, Engine.MARIADB: 1.5, Engine.SQLITE: 2.0}
_ALEMBIC = {Engine.POSTGRESQL: 7.0, Engine.MARIADB: 2.5}
_MEMORY = 200.0
_GROWTH = 5.5
_UNCHANGED = 0.7


@dataclass(frozen=True, slots=True)
class Gate:
    """One demand: what was found, and the most (or the least) that it may be."""

    what: str
    found: float
    bound: float
    at_least: bool = False

    @property
    def good(self) -> bool:
        return self.found >= self.bound if self.at_least else self.found <= self.bound

    @property
    def line(self) -> str:
        return f"{'ok  ' if self.good else 'MISS'} {self.what}: {self.found:.2f} (at {'least' if self.at_least else 'most'} {self.bound:g})"


def gates(engine: Engine, figures: Figures) -> Iterator[Gate]:
    """Every demand whose figures are there."""
    for count in (SMALL, LARGE):
        ours, floor = figures.get(("schemagate", count)), figures.get(("floor", count))
        if ours and floor:
            yield Gate(f"times the floor at {count} tables", ours.seconds / floor.seconds, _FLOORS[engine])
        if ours:
            yield Gate(f"MiB at {count} tables", ours.mebibytes, _MEMORY)
        unchanged = figures.get(("unchanged", count))
        if unchanged and floor:
            yield Gate(f"times the floor at {count} unchanged tables", unchanged.seconds / floor.seconds, _UNCHANGED)
    yield from _beside_peers(engine, figures)
    small, large = figures.get(("schemagate", SMALL)), figures.get(("schemagate", LARGE))
    if small and large:
        yield Gate("growth from 1,000 to 5,000 tables", large.seconds / small.seconds, _GROWTH)


def _beside_peers(engine: Engine, figures: Figures) -> Iterator[Gate]:
    if engine in _ALEMBIC:
        yield from _faster(figures, "alembic", SMALL, _ALEMBIC[engine])
    yield from _faster(figures, "pg-delta", LARGE, 2.0)
    yield from _faster(figures, "migra", LARGE, 5.0)
    ours, delta = figures.get(("schemagate", LARGE)), figures.get(("pg-delta", LARGE))
    if ours and delta:
        yield Gate("of pg-delta's memory at 5000 tables", ours.mebibytes / delta.mebibytes, 1 / 3)


def _faster(figures: Figures, peer: str, count: int, bound: float) -> Iterator[Gate]:
    ours, other = figures.get(("schemagate", count)), figures.get((peer, count))
    if ours and other:
        yield Gate(f"times faster than {peer} at {count} tables", other.seconds / ours.seconds, bound, at_least=True)
