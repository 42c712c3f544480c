"""Time and randomness of this machine."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime

_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"


class SystemClock:
    """The `Clock` of the service. Codes leave out letters and digits that people mistake for one another."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def iso(self) -> str:
        """Now as ISO 8601 in UTC with milliseconds."""
        return datetime.now(tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def code(self) -> str:
        """Seven random characters."""
        return "".join(secrets.choice(_LETTERS) for _ in range(7))
