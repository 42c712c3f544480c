"""`python -m tests.bench.prisma_history [--engine E…] [--migrations N] [--times N]`: the report of a pull on a long Prisma history.

Cold: a pull with the newest migration, on a service that has just started and has never seen anything. Warm: another commit of the same pull,
whose plan stands. Both from the push to the end of the check, through the served bot: webhook, Redis, a process a job. Beside it the
engine's own replay of the whole history on an empty scratch database like the target, in the same run. Exit 1 where a gate is missed.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import psycopg

from deploy.demo.github.records import Pull
from deploy.demo.servers import PostgresServer
from tests.bench.gates import Gate
from tests.console import service as stage
from tests.console.service import Service
from tests.story.prisma_shop import FOLDER, SCHEMA, prisma_config, prisma_files, row, schema, script
from workers.core.names import Engine
from workers.machine import databases, find_machine
from workers.sandbox.identity import identity
from workers.sources.prisma.engine import EngineFault, Line, MigrationText, PrismaEngine, Said, SchemaFile
from workers.sources.prisma.process import EngineProcess
from workers.steps.target import database_of

COLD, WARM = 15.0, 3.0
_PATIENCE = 300.0
_SERVER = """\
repositories:
  acme/shop:
    modules:
      shop:
        environments:
          prod: {url: "env:PROD_URL", approvers: from_repository}
"""
_ENGINES = (Engine.POSTGRESQL, Engine.SQLITE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A long history: (name, script) of every migration, and the models that they make up to the newest and up to the one before."""

    engine: Engine
    scripts: tuple[tuple[str, str], ...]
    models: str
    before: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """Seconds."""

    cold: float
    warm: float
    replay: float


def main(words: list[str]) -> int:
    """Measure, print, and judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.prisma_history")
    parser.add_argument("--engine", nargs="+", type=Engine, default=_ENGINES, choices=_ENGINES, help="default: both")
    parser.add_argument("--migrations", type=int, default=300)
    parser.add_argument("--times", type=int, default=3, help="warm reports, the median counts; default 3")
    asked = parser.parse_args(words)
    missed = 0
    for engine in asked.engine:
        found = _timed(long_history(asked.migrations, engine), asked.times)
        sys.stdout.write(
            f"{engine.value}, a Prisma history of {asked.migrations} migrations: cold {found.cold:.2f} s, warm {found.warm:.2f} s; the engine's "
            f"own replay of it {found.replay:.2f} s, cold {found.cold / found.replay:.1f} times that, warm {found.warm / found.replay:.1f} times\n"
        )
        gates = (Gate("seconds of a cold report", found.cold, COLD), Gate("seconds of a warm report", found.warm, WARM))
        sys.stdout.writelines(f"{engine.value}: {gate.line}\n" for gate in gates)
        sys.stdout.flush()
        missed += sum(not gate.good for gate in gates)
    return 1 if missed else 0


def long_history(count: int, engine: Engine) -> Project:
    """A table a migration for the first half, then columns and indexes."""
    key = "SERIAL PRIMARY KEY" if engine is Engine.POSTGRESQL else "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT"
    tables = count // 2
    made = [f'CREATE TABLE "t{number}" ("id" {key}, "name" TEXT NOT NULL);\n' for number in range(tables)]
    for number in range(count - tables):
        table, column = f'"t{number % tables}"', f'"c{number}"'
        made.append(f'ALTER TABLE {table} ADD COLUMN {column} TEXT;\nCREATE INDEX "i{number}" ON {table}({column});\n')
    scripts = tuple((f"2024{number:010}_step", sql) for number, sql in enumerate(made, 1))
    return Project(
        engine=engine,
        scripts=scripts,
        models=_models(tables, count - tables, engine),
        before=_models(tables, count - tables - 1, engine),
    )


def _models(tables: int, columns: int, engine: Engine) -> str:
    found = []
    for number in range(tables):
        own = range(number, columns, tables)
        fields = "".join(f"  c{place} String?\n" for place in own)
        indexes = "".join(f'  @@index([c{place}], map: "i{place}")\n' for place in own)
        key = "  id Int @id @default(autoincrement())\n  name String\n"
        found.append(f"model t{number} {{\n{key}{fields}{indexes}}}\n")
    return schema(engine.value, "\n".join(found))


def _timed(project: Project, times: int) -> Timed:
    with ExitStack() as kept:
        folder = Path(kept.enter_context(tempfile.TemporaryDirectory(prefix="schemagate-bench-")))
        folder.chmod(0o755)
        url = _target(kept, folder, project)
        service = stage.serve(folder, _first_commit(project), _SERVER, PROD_URL=url)
        kept.callback(stage.end, service)
        started = time.perf_counter()
        pull = service.open_pull("change", _newest(project))
        cold = _until_checked(service, pull, started)
        _check_report(service, pull)
        replay = _replay(folder / "alone", url, project)
        warm = statistics.median(_next_commit(service, pull, number) for number in range(times))
        _check_report(service, pull)
    return Timed(cold=cold, warm=warm, replay=replay)


def _target(kept: ExitStack, folder: Path, project: Project) -> str:
    """A database with all migrations but the newest, as Prisma leaves it."""
    provider = project.engine.value
    text = "".join(f"{sql}{row(name, sql, provider)}" for name, sql in project.scripts[:-1])
    if project.engine is Engine.SQLITE:
        place = folder / "prod"
        place.mkdir()
        with closing(sqlite3.connect(place / "prod.db")) as connection:
            connection.executescript(f"PRAGMA synchronous=OFF;\n{text}")
        identity(os.geteuid(), os.getegid()).owns(place)
        return f"sqlite:///{place}/prod.db"
    server = PostgresServer.start(16, folder / "postgres")
    kept.callback(server.stop)
    url = server.create_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(text.encode())
    return url


def _first_commit(project: Project) -> dict[str, str]:
    files = prisma_files(project.engine.value, prisma_config())
    own = {path: text for path, text in files.items() if not path.endswith("/migration.sql")}
    return own | {SCHEMA: project.before} | {script(name): sql for name, sql in project.scripts[:-1]}


def _newest(project: Project) -> dict[str, str | None]:
    name, sql = project.scripts[-1]
    return {script(name): sql, SCHEMA: project.models}


def _next_commit(service: Service, pull: Pull, number: int) -> float:
    started = time.perf_counter()
    service.github.world.push(service.repo, service.alice, "change", {"README.md": f"# {number}\n"}, "Say more")
    return _until_checked(service, pull, started)


def _until_checked(service: Service, pull: Pull, started: float) -> float:
    service.wait(lambda: service.checked(pull), _PATIENCE, step=0.02)
    return time.perf_counter() - started


def _check_report(service: Service, pull: Pull) -> None:
    """What is measured is a report that offers a plan, and nothing else."""
    texts = service.comments(pull)
    if len(texts) != 1 or "\n/approve prod" not in texts[0]:
        raise RuntimeError(f"this is no report of a plan: {texts}")


def _replay(folder: Path, url: str, project: Project) -> float:
    """The engine alone, from nothing to the newest migration."""
    machine = find_machine(folder, off=os.environ.get("SCHEMAGATE_SANDBOX") == "off")
    database = database_of(databases(machine, b"of this run"), url)
    if database is None:
        raise RuntimeError(f"{project.engine.value} is not served")
    process = EngineProcess(sandbox=machine.sandbox, area=machine.area, search_path=os.environ["PATH"])
    files = (SchemaFile(SCHEMA, project.models),)
    texts = [MigrationText(name, f"{FOLDER}/{name}", sql) for name, sql in project.scripts]
    said = Said(files, Line.SIX, f'provider = "{project.engine.value}"\n', texts)
    with database.scratch(None).empty(database.target(url, None).dump(())) as empty:
        process.node()  # found once a process, as in the service
        started = time.perf_counter()
        fault = PrismaEngine(process).deploy(empty.address, project.engine, said)
        took = time.perf_counter() - started
    if isinstance(fault, EngineFault):
        raise RuntimeError(fault.message)  # noqa: TRY004 -- no type is wrong
    return took


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
