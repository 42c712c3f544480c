"""Real Prisma projects: a pinned wheel, and those of the corpora that the environment names; what a repository of each holds."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from workers.core.names import Engine
from workers.sources.prisma.history import Script
from workers.sources.prisma.order import in_order

CORPORA = "SCHEMAGATE_CORPORA"
CONFIG = ".github/schemagate.yml"
SCHEMA = "prisma/schema.prisma"
MIGRATIONS = "prisma/migrations"
LOCK = f"{MIGRATIONS}/migration_lock.toml"
_WHEEL = (
    "litellm-proxy-extras==0.4.110 --hash=sha256:2a488653b7e5eb97e7a2c84fb67818dfbdbd1d799cd61832f1b5d151c229e907\n"
)
_CONFIG = """\
version: 1
modules:
  - id: shop
    source: prisma
    environments:
      prod: {approvers: ["@bob"]}
"""
Files = dict[str, str | bytes | None]


@dataclass(frozen=True)
class PrismaHistory:
    """A project: `schema` is the text at head, and `folder` that of its migrations."""

    name: str
    schema: str
    folder: Path

    @cached_property
    def migrations(self) -> tuple[str, ...]:
        """The names of its migrations in Prisma's order."""
        return in_order(item.name for item in self.folder.iterdir() if (item / "migration.sql").is_file())

    @property
    def engine(self) -> Engine:
        """The engine that the schema names."""
        return Engine.SQLITE if re.search(r'provider\s*=\s*"sqlite"', self.schema) else Engine.POSTGRESQL

    @property
    def extensions(self) -> frozenset[str]:
        """What its migrations ask the server for, beyond itself."""
        every = "\n".join(script.sql or "" for script in self.scripts())
        return frozenset(re.findall(r'(?im)^create extension if not exists "?(\w+)', every))

    def scripts(self) -> tuple[Script, ...]:
        """Every migration as it is at head."""
        return tuple(self.script(name) for name in self.migrations)

    def script(self, name: str) -> Script:
        """One of them."""
        text = (self.folder / name / "migration.sql").read_bytes().decode()
        return Script(name=name, path=self.path_of(name), sql=text)

    @staticmethod
    def path_of(name: str) -> str:
        """Where a migration's script lies."""
        return f"{MIGRATIONS}/{name}/migration.sql"

    def files(self, start: int, end: int) -> Files:
        """The migrations from one place of the order up to another."""
        return {script.path: script.sql for script in map(self.script, self.migrations[start:end])}

    def cuts(self, start: int, most: int, *, last: int) -> list[int]:
        """Where pulls end: about three or more, none with more than so many characters of SQL."""
        sizes = [len(script.sql or "") for script in self.scripts()][:last]
        each = min(most, sum(sizes) // 3 + 1)
        ends, size = [], sum(sizes[:start])
        for number in range(start, len(sizes)):
            if size + sizes[number] > each and number > start:
                ends.append(number)
                size = 0
            size += sizes[number]
        return [*ends, len(sizes)]

    def first(self, end: int) -> dict[str, str]:
        """A repository with the newest schema, which no pull changes, and the first migrations."""
        lock = self.folder / Path(LOCK).name
        files = {CONFIG: _CONFIG, SCHEMA: self.schema}
        files |= {LOCK: lock.read_text()} if lock.exists() else {}
        return files | {path: str(text) for path, text in self.files(0, end).items()}


def corpus(name: str) -> PrismaHistory | None:
    """A project of the corpora, None where the environment names none."""
    place = corpus_folder(name)
    return _read(name, place / "prisma") if place else None


def corpus_folder(name: str) -> Path | None:
    """Where a project of the corpora lies."""
    place = os.environ.get(CORPORA, "")
    folder = Path(place, "prisma", name)
    return folder if place and folder.is_dir() else None


def litellm(folder: Path) -> PrismaHistory:
    """The 220 migrations of a published wheel, fetched by its hash; nothing of it is run."""
    needs = folder / "litellm.txt"
    needs.write_text(_WHEEL)
    words = ["pip", "install", "--quiet", "--no-deps", "--require-hashes", "--target", str(folder / "litellm")]
    uv = str(Path(sys.executable).parent / "uv")
    subprocess.run([uv, *words, "-r", str(needs)], env=dict(os.environ), check=True, capture_output=True, timeout=120)
    return _read("litellm-proxy-extras 0.4.110", folder / "litellm" / "litellm_proxy_extras")


def _read(name: str, folder: Path) -> PrismaHistory:
    return PrismaHistory(name, (folder / "schema.prisma").read_bytes().decode(), folder / "migrations")
