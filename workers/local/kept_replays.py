"""Results of replays, kept as files by key in the data directory; the oldest go when there are too many.

What a replay gives depends on our own code and the tools that it pins, too: another one, by `tools`, finds nothing of what this one kept.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

MOST = 500


@dataclass(frozen=True, slots=True)
class KeptReplays:
    """The `Replays` of the service. Only workers write the folder; a file that appears half-written is never read, because it is renamed whole."""

    folder: Path
    tools: str

    def get(self, key: str) -> str | None:
        """The text kept under a key."""
        path = self._path(key)
        try:
            text = path.read_text(encoding="utf-8")
            os.utime(path)  # what is asked for is not old
        except OSError:
            return None
        return text

    def keep(self, key: str, text: str) -> None:
        """Keep a text."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._path(key)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_text(text, encoding="utf-8")
        part.replace(path)
        kept = sorted(self.folder.glob("*.json"), key=lambda item: item.stat().st_mtime)
        for old in kept[:-MOST]:
            old.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        name = hashlib.sha256(f"{self.tools} {key}".encode()).hexdigest()
        return self.folder / f"{name}.json"
