"""`python -m tests.bench.prisma_history [--migrations N] [--engine E]`: the report of a pull on a long Prisma history, cold and warm.

Cold: a pull with the newest migration, nothing of it ever seen. Warm: another commit of the same pull, whose plan stands. Both from the
push to the comment, through the whole bot. Beside it the engine's own replay of the whole history on an empty scratch database, in the same
run. Exit 1 where a gate is missed.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg

from deploy.demo.servers import PostgresServer
from tests.story.house import open_house
from tests.story.prisma_shop import SCHEMA, row, schema
from tests.story.prisma_stage import SERVER
from workers.core.names import Engine
from workers.machine import Machine, find_machine
from workers.ports import Bind, ScratchAddress
from workers.sources.prisma.engine import EngineFault, Line, MigrationText, PrismaEngine, SchemaFile
from workers.sources.prisma.process import EngineProcess

COLD, WARM = 15.0, 3.0
_CONFIG = (
    "version: 1\nmodules:\n  - id: shop\n    source: prisma\n    environments:\n      prod: {approvers: ['@bob']}\n"
)


def main(words: list[str]) -> int:
    """Measure, print, and judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.prisma_history")
    parser.add_argument("--migrations", type=int, default=300)
    parser.add_argument("--engine", type=Engine, default=Engine.POSTGRESQL, choices=(Engine.POSTGRESQL, Engine.SQLITE))
    asked = parser.parse_args(words)
    with ExitStack() as kept:
        folder = Path(kept.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        scripts = tuple(_scripts(asked.migrations, asked.engine))
        url = _target(kept, folder, asked.engine, scripts[:-1])
        machine = find_machine(folder / "machine", off=False)
        cold, warm = _reports(kept, folder, machine, url, asked.engine, scripts)
        replay = _replay(machine, scripts)
    sys.stdout.write(f"{asked.engine.value}, {asked.migrations} migrations: cold {cold:.1f} s, warm {warm:.1f} s\n")
    sys.stdout.write(f"the engine's own replay of all of them on SQLite: {replay:.1f} s\n")
    return 0 if cold < COLD and warm < WARM else 1


def _scripts(count: int, engine: Engine) -> list[tuple[str, str]]:
    """A table a migration for the first half, then columns and indexes."""
    key = "SERIAL PRIMARY KEY" if engine is Engine.POSTGRESQL else "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT"
    tables = count // 2
    found = [f'CREATE TABLE "t{number}" ("id" {key}, "name" TEXT NOT NULL);\n' for number in range(tables)]
    for number in range(count - tables):
        place = number % tables
        found.append(
            f'ALTER TABLE "t{place}" ADD COLUMN "c{number}" TEXT;\nCREATE INDEX "i{number}" ON "t{place}"("c{number}");\n'
        )
    return [(f"2024{number:010}_step", sql) for number, sql in enumerate(found, 1)]


def _models(scripts: tuple[tuple[str, str], ...], provider: str) -> str:
    tables = [sql for _, sql in scripts if sql.startswith("CREATE TABLE")]
    columns = [sql for _, sql in scripts if sql.startswith("ALTER")]
    found = []
    for number in range(len(tables)):
        own = [place for place in range(len(columns)) if place % len(tables) == number]
        fields = "".join(f"  c{place} String?\n" for place in own) + "".join(
            f'  @@index([c{place}], map: "i{place}")\n' for place in own
        )
        found.append(f"model t{number} {{\n  id Int @id @default(autoincrement())\n  name String\n{fields}}}\n")
    return schema(provider, "\n".join(found))


def _target(kept: ExitStack, folder: Path, engine: Engine, scripts: tuple[tuple[str, str], ...]) -> str:
    provider = "postgresql" if engine is Engine.POSTGRESQL else "sqlite"
    text = "".join(f"{sql}{row(name, sql, provider)}" for name, sql in scripts)
    if engine is Engine.SQLITE:
        place = folder / "prod"
        place.mkdir()
        with closing(sqlite3.connect(place / "prod.db")) as connection:
            connection.executescript(text)
        place.chmod(0o777)
        (place / "prod.db").chmod(0o666)
        return f"sqlite:///{place}/prod.db"
    server = PostgresServer.start(16, folder / "postgres")
    kept.callback(server.stop)
    url = server.create_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(text.encode())
    return url


def _reports(
    kept: ExitStack, folder: Path, machine: Machine, url: str, engine: Engine, scripts: tuple[tuple[str, str], ...]
) -> tuple[float, float]:
    """The base has all migrations but the newest, and the pull brings it."""
    provider = "postgresql" if engine is Engine.POSTGRESQL else "sqlite"
    files = {f"prisma/migrations/{name}/migration.sql": sql for name, sql in scripts}
    newest = next(reversed(files))
    lock = {"prisma/migrations/migration_lock.toml": f'provider = "{provider}"\n', ".github/schemagate.yml": _CONFIG}
    first = {path: sql for path, sql in files.items() if path != newest} | lock
    first[SCHEMA] = _models(scripts[:-1], provider)
    house = open_house(folder, SERVER, {"PROD_URL": url}, first, machine=machine)
    kept.callback(house.close)
    started = time.perf_counter()
    pull = house.open_pull({newest: files[newest], SCHEMA: _models(scripts, provider)})
    cold = time.perf_counter() - started
    sys.stdout.write(house.report(pull).splitlines()[0] + "\n")
    started = time.perf_counter()
    house.push("change", {"README.md": "# More\n"})
    return cold, time.perf_counter() - started


def _replay(machine: Machine, scripts: tuple[tuple[str, str], ...]) -> float:
    """The engine alone, from nothing to the newest migration."""
    engine = PrismaEngine(EngineProcess(sandbox=machine.sandbox, area=machine.area, search_path=os.environ["PATH"]))
    place = machine.area / "file"
    place.mkdir()
    machine.identity.owns(place)
    address = ScratchAddress(url="sqlite:////scratch/db.sqlite", writable=(Bind(place, "/scratch"),))
    texts = [MigrationText(name, name, sql.replace("SERIAL PRIMARY", "INTEGER PRIMARY")) for name, sql in scripts]
    started = time.perf_counter()
    fault = engine.deploy(address, Engine.SQLITE, (SchemaFile("schema.prisma", schema()),), None, texts, Line.SIX)
    if isinstance(fault, EngineFault):
        raise TypeError(fault.message)
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
