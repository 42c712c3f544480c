"""Prisma projects as tests make them: schemas, migrations, a scratch database and what is asked about it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from workers.core.names import Engine
from workers.ports import ScratchAddress
from workers.sources.prisma.engine import External, Line, MigrationText, PrismaEngine, Said, SchemaFile

SHOP = """
model User {
  id    Int     @id
  name  String
  email String?
  posts Post[]
}

model Post {
  id    Int     @id
  title String?
  by    Int
  user  User    @relation(fields: [by], references: [id])
}
"""


@dataclass(frozen=True, slots=True)
class Database:
    """A scratch database, and how the tests themselves reach it."""

    engine: Engine
    address: ScratchAddress
    place: str

    @property
    def provider(self) -> str:
        return "sqlite" if self.engine is Engine.SQLITE else "postgresql"

    @property
    def lock(self) -> str:
        return f'provider = "{self.provider}"\n'

    def ask(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements of a test's own; the rows of the last."""
        if self.engine is Engine.SQLITE:
            with contextlib.closing(sqlite3.connect(self.place)) as file, file:
                return [file.execute(text).fetchall() for text in statements][-1]
        with psycopg.connect(self.place, autocommit=True) as connection:
            last = [connection.execute(text.encode()) for text in statements][-1]
            return last.fetchall() if last.description else []


def schema(database: Database | str, models: str = SHOP, line: Line = Line.SEVEN, more: str = "") -> list[SchemaFile]:
    """One file with a datasource as that line wants it."""
    provider = database if isinstance(database, str) else database.provider
    url = '  url = env("DATABASE_URL")\n' if line is Line.SIX else ""
    head = f'datasource db {{\n  provider = "{provider}"\n{url}{more}}}\n'
    return [SchemaFile("prisma/schema.prisma", head + models)]


def migration(name: str, sql: str | None) -> MigrationText:
    return MigrationText(name, f"prisma/migrations/{name}/migration.sql", sql)


def told(
    address: ScratchAddress,
    engine: Engine,
    files: Sequence[SchemaFile],
    lock: str | None,
    migrations: Sequence[MigrationText],
    line: Line,
    external: External = External(),  # noqa: B008 -- it is frozen
) -> tuple[ScratchAddress, Engine, Said]:
    """A database, and a project with its history, as the engine is asked about them."""
    return address, engine, Said(files, line, lock, migrations, external)


def shown(
    address: ScratchAddress,
    engine: Engine,
    files: Sequence[SchemaFile],
    line: Line,
    external: External = External(),  # noqa: B008 -- it is frozen
) -> tuple[ScratchAddress, Engine, Said]:
    """The same of a schema alone."""
    return address, engine, Said(files, line, external=external)


def deploy(prisma: PrismaEngine, database: Database, *migrations: MigrationText, **said: Any) -> Any:
    """Apply migrations with a lock file that fits, unless another is said."""
    line = said.get("line", Line.SEVEN)
    files = said.get("files") or schema(database, line=line)
    return prisma.deploy(
        *told(database.address, database.engine, files, said.get("lock", database.lock), migrations, line)
    )
