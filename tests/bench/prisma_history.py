"""`python -m tests.bench.prisma_history [--migrations N] [--engine E]`: the report of a pull on a long Prisma history, cold and warm.

Beside it the engine's own replay of the whole history on an empty scratch database, in the same run. Exit 1 where a gate is missed.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg

from deploy.demo.servers import PostgresServer
from tests.bench.peers import PROJECT
from tests.story.prisma_shop import row, schema
from workers.core.names import Engine
from workers.machine import find_machine
from workers.ports import Bind, ScratchAddress
from workers.sources.prisma.engine import EngineFault, Line, MigrationText, PrismaEngine, SchemaFile
from workers.sources.prisma.process import EngineProcess

COLD, WARM = 15.0, 3.0
_CONFIG = (
    "version: 1\nmodules:\n  - id: shop\n    source: prisma\n    environments:\n      prod: {approvers: ['@bob']}\n"
)
_GIT = ("git", "-c", "user.name=bench", "-c", "user.email=bench@example.com")


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
        repository = _repository(folder / "repository", asked.engine, scripts)
        cold, warm = (_report(repository, url, folder / "data") for _ in range(2))
        replay = _replay(folder, scripts)
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


def _repository(place: Path, engine: Engine, scripts: tuple[tuple[str, str], ...]) -> Path:
    """The base has all migrations but the newest, and the head has it."""
    provider = "postgresql" if engine is Engine.POSTGRESQL else "sqlite"
    _write(place / ".github/schemagate.yml", _CONFIG)
    _write(place / "prisma/migrations/migration_lock.toml", f'provider = "{provider}"\n')
    subprocess.run([*_GIT, "init", "-q", "-b", "main"], cwd=place, check=True)
    for part in (scripts[:-1], scripts):
        _write(place / "prisma/schema.prisma", _models(part, provider))
        for name, sql in part:
            _write(place / f"prisma/migrations/{name}/migration.sql", sql)
        subprocess.run([*_GIT, "add", "-A"], cwd=place, check=True)
        subprocess.run([*_GIT, "commit", "-q", "-m", "step"], cwd=place, check=True)
    return place


def _report(repository: Path, url: str, data: Path) -> float:
    words = ["report", "--repo", str(repository), "--base", "HEAD~1", "--head", "HEAD", "--env", "prod", "--url", url]
    environment = {"PATH": os.environ["PATH"], "SCHEMAGATE_DATA_DIR": str(data), "PYTHONPATH": str(PROJECT)}
    started = time.perf_counter()
    ran = subprocess.run(
        [sys.executable, "-m", "workers.cli", *words], env=environment, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - started
    if ran.returncode not in {0, 3}:
        raise RuntimeError(ran.stderr[-2000:])
    sys.stdout.write(ran.stdout.splitlines()[0] + "\n")
    return seconds


def _replay(folder: Path, scripts: tuple[tuple[str, str], ...]) -> float:
    """The engine alone, from nothing to the newest migration."""
    machine = find_machine(folder / "replay", off=False)
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


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
