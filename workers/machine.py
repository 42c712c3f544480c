"""What this machine offers: a sandbox for strangers' code, the engines, the sources; without GitHub, queue or state."""

from __future__ import annotations

import functools
import hashlib
import os
import sys
import uuid
from pathlib import Path

from workers.core.names import Engine
from workers.databases.mysql.binaries import installed as installed_mysql
from workers.databases.mysql.engine import MysqlDatabase
from workers.databases.mysql.plain import MysqlPlainClient
from workers.databases.postgresql.engine import PostgresqlDatabase
from workers.databases.sqlite.database import SqliteDatabase
from workers.ports import Database, Source
from workers.sandbox.machine import PROJECT, Machine, find_machine
from workers.sources.alembic.environments import Environments
from workers.sources.alembic.record import Recorder
from workers.sources.alembic.source import AlembicSource
from workers.sources.prisma.batches import Batches
from workers.sources.prisma.engine import PrismaEngine
from workers.sources.prisma.native import NativeEngine
from workers.sources.prisma.process import PROGRAM, EngineProcess
from workers.sources.prisma.record import Recorder as PrismaRecorder
from workers.sources.prisma.source import PrismaSource

__all__ = ["PROJECT", "Machine", "databases", "find_machine", "sources", "tools"]
UV = Path(sys.executable).parent / "uv"
_OPERATOR_VARIABLES = ("UV_", "SSL_CERT_", "REQUESTS_CA_BUNDLE", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")


def databases(found: Machine, key: bytes) -> tuple[Database, ...]:
    """The engines that are served. By `key` they hash what stands in a catalog and must not be shown."""
    mysql = installed_mysql(PROJECT)
    return (
        PostgresqlDatabase(area=found.area, sandbox=found.sandbox, key=key),
        SqliteDatabase(area=found.area, sandbox=found.sandbox),
        MysqlDatabase(Engine.MARIADB, area=found.area, sandbox=found.sandbox, binaries=mysql, key=key),
        MysqlDatabase(Engine.MYSQL, area=found.area, sandbox=found.sandbox, binaries=mysql, key=key),
    )


def sources(found: Machine) -> tuple[Source, ...]:
    """The sources that are served."""
    operator = tuple((name, value) for name, value in os.environ.items() if name.startswith(_OPERATOR_VARIABLES))
    environments = Environments(
        area=found.area, identity=found.identity, uv=UV, interpreter=Path(sys.executable), operator=operator
    )
    process = EngineProcess(sandbox=found.sandbox, area=found.area, search_path=os.environ.get("PATH", os.defpath))
    return (
        AlembicSource(recorder=Recorder(sandbox=found.sandbox, area=found.area), environments=environments),
        PrismaSource(
            recorder=PrismaRecorder(
                engine=PrismaEngine(process),
                batches=Batches(MysqlPlainClient()),
                native=NativeEngine(sandbox=found.sandbox, area=found.area),
                new_id=lambda: str(uuid.uuid4()),
            )
        ),
    )


@functools.cache
def tools(ours: Path = Path(__file__).parent, programs: Path = PROGRAM) -> str:
    """A hash of all that decides what a replay gives, the project aside: our code, and the packages that its programs pin."""
    files = (*ours.rglob("*.py"), *programs.glob("*.mjs"), programs / "package-lock.json")
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in sorted(files))).hexdigest()
