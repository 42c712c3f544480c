"""A clock that stands still until it is told to go on, and codes in a known order."""

from __future__ import annotations

from datetime import UTC, datetime

START = 1_800_000_000.0


class FakeClock:
    """Fills the port `Clock`."""

    def __init__(self, seconds: float = START) -> None:
        self.seconds = seconds
        self.drawn = 0

    def now(self) -> float:
        return self.seconds

    def iso(self) -> str:
        moment = datetime.fromtimestamp(self.seconds, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def code(self) -> str:
        self.drawn += 1
        return f"c{self.drawn:06d}"

    def go_on(self, seconds: float) -> None:
        self.seconds += seconds
