"""An engine on a machine that has no server programs of the target's version."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from workers.ports import Database, Dump, Scratch, ScratchDatabase


class NoScratch:
    """Fills the port `Scratch`: there is none."""

    def version_for(self, engine_version: str) -> str | None:
        """None of any version."""
        del engine_version
        return None

    def empty(self, like: Dump) -> AbstractContextManager[ScratchDatabase]:
        """Whoever asks did not look whether there is one."""
        raise AssertionError(like.engine_version)

    clone = empty


class WithoutScratch:
    """Any engine, as it is but for its scratch databases."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def scratch(self, url: str | None) -> Scratch:
        """None."""
        del url
        return NoScratch()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)
