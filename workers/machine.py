"""What this machine offers: a sandbox for strangers' code, the engines, the sources; without GitHub, queue or state."""

from __future__ import annotations

import os
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

from workers.core.names import Engine
from workers.databases.mysql.binaries import installed as installed_mysql
from workers.databases.mysql.engine import MysqlDatabase
from workers.databases.postgresql.engine import PostgresqlDatabase
from workers.databases.sqlite.database import SqliteDatabase
from workers.ports import Database, Source
from workers.sandbox.find import Unavailable
from workers.sandbox.identity import Identity, identity, named_identity
from workers.sandbox.none import NoSandbox
from workers.sandbox.run import Sandbox, Unsandboxed
from workers.sandbox.runtime import open_area
from workers.sandbox.selftest import proven_sandbox
from workers.sources.alembic.environments import Environments
from workers.sources.alembic.record import Recorder
from workers.sources.alembic.source import AlembicSource
from workers.sources.prisma.engine import PrismaEngine
from workers.sources.prisma.process import EngineProcess
from workers.sources.prisma.record import Recorder as PrismaRecorder
from workers.sources.prisma.source import PrismaSource

PROJECT = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).parent / "uv"
_OPERATOR_VARIABLES = ("UV_", "SSL_CERT_", "REQUESTS_CA_BUNDLE", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What this machine offers for strangers' code: the area, whose user, and the sandbox with the probes that it withstood.

    Where there is none, `problem` says why and `advice` what to do.
    """

    area: Path
    identity: Identity
    sandbox: Sandbox
    problem: str = ""
    advice: str = ""
    probes: tuple[str, ...] = ()
    trusted: bool = False


def find_machine(folder: Path, *, off: bool) -> Machine:
    """Find and prove the sandbox, by a data folder and the operator's word; its self-test runs once a process."""
    if off:
        who = named_identity(os.geteuid(), os.getegid())
        area = open_area(folder / "area", who)
        return Machine(area=area, identity=who, sandbox=Unsandboxed(identity=who, area=area), trusted=True)
    who = identity(os.geteuid(), os.getegid())
    area = open_area(folder / "area", who)
    found = proven_sandbox(
        area=area, identity=who, setting=None, search_path=os.environ.get("PATH", os.defpath), project=PROJECT
    )
    if isinstance(found, Unavailable):
        none = NoSandbox(found, who)
        return Machine(area=area, identity=who, sandbox=none, problem=found.reason, advice=found.advice)
    probes = tuple(probe.name for probe in found.selftest.probes)
    return Machine(area=area, identity=who, sandbox=found.sandbox, probes=probes)


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
        PrismaSource(recorder=PrismaRecorder(engine=PrismaEngine(process), new_id=lambda: str(uuid.uuid4()))),
    )
