"""Real Prisma projects: their histories from the corpora that the environment names, cut into pulls as their authors could have brought them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from workers.sources.prisma.order import in_order

CORPORA = "SCHEMAGATE_CORPORA"
_FOLDER = "prisma/migrations"
_CONFIG = """\
version: 1
modules:
  - id: shop
    source: prisma
    environments:
      prod: {approvers: ["@bob"]}
"""


@dataclass(frozen=True)
class PrismaHistory:
    """A project's folder `prisma` of a corpus."""

    name: str
    folder: Path

    @cached_property
    def migrations(self) -> tuple[str, ...]:
        """The names of its migrations in Prisma's order."""
        return in_order(item.name for item in (self.folder / "migrations").iterdir() if item.is_dir())

    def files(self, start: int, end: int) -> dict[str, str | bytes | None]:
        """The migrations from one place of the order up to another."""
        names = self.migrations[start:end]
        return {f"{_FOLDER}/{name}/migration.sql": self._script(name) for name in names}

    def first(self, end: int) -> dict[str, str]:
        """A repository with its newest schema, which no pull changes, and its first migrations."""
        lock = (self.folder / "migrations" / "migration_lock.toml").read_text()
        files = {path: bytes(text).decode() for path, text in self.files(0, end).items() if isinstance(text, bytes)}
        schema = (self.folder / "schema.prisma").read_text()
        said = {
            ".github/schemagate.yml": _CONFIG,
            "prisma/schema.prisma": schema,
            f"{_FOLDER}/migration_lock.toml": lock,
        }
        return files | said

    def _script(self, name: str) -> bytes:
        return (self.folder / "migrations" / name / "migration.sql").read_bytes()


def corpus(name: str) -> PrismaHistory | None:
    """A project of the corpora, None where the environment names none."""
    place = os.environ.get(CORPORA, "")
    folder = Path(place, "prisma", name, "prisma") if place else None
    return PrismaHistory(name, folder) if folder is not None and folder.is_dir() else None
