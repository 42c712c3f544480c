"""Histories of real projects, replayed whole by the engine. `SCHEMAGATE_CORPORA` names the folder that holds them."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.sandbox.machine import real_sandbox
from tests.sources.prisma.engine.projects import Database, shown, told
from workers.core.names import Engine
from workers.databases.postgresql.binaries import Binaries, installed
from workers.databases.postgresql.server import Servers
from workers.ports import Bind, ScratchAddress
from workers.sources.prisma.engine import Declared, Described, Line, MigrationText, PrismaEngine, SchemaFile

CORPORA = os.environ.get("SCHEMAGATE_CORPORA")
pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.sandbox,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not CORPORA, reason="SCHEMAGATE_CORPORA names no folder of real histories"),
]
# What each history leaves undeclared, as its own tool says it too.
LEFT = {
    "langfuse": (),
    "pingvin": (),
    "litellm": ('"LiteLLM_SpendLogs_litellm_call_id_idx"', '"LiteLLM_SpendLogs_api_key_startTime_idx"'),
    "umami-pg": ('"session_replay_visit_id_idx"',),
    "hoppscotch": (  # made by hand in a migration, of kinds that a schema cannot say
        '"TeamCollection_title_trgm_idx"',
        '"TeamRequest_title_trgm_idx"',
        '"idx_mock_examples_team_requests_gin"',
        '"idx_mock_examples_user_requests_gin"',
    ),
}


@dataclass(frozen=True, slots=True)
class Project:
    files: tuple[SchemaFile, ...]
    lock: str
    migrations: tuple[MigrationText, ...]


def project(name: str) -> Project:
    root = Path(CORPORA or "", "prisma", name, "prisma")
    files = [SchemaFile(path.name, path.read_text()) for path in sorted(root.rglob("*.prisma"))]
    scripts = sorted((root / "migrations").glob("*/migration.sql"))
    migrations = [MigrationText(path.parent.name, path.parent.name, path.read_text()) for path in scripts]
    return Project(tuple(files), (root / "migrations" / "migration_lock.toml").read_text(), tuple(migrations))


def with_contrib() -> Binaries:
    """A PostgreSQL that has the extensions which come with it; some histories make `pgcrypto` and `pg_trgm`."""
    for item in installed():
        asked = subprocess.run([item.program("pg_config"), "--sharedir"], capture_output=True, text=True, check=True)
        share = Path(asked.stdout.strip())
        if (share / "extension" / "pgcrypto.control").exists():
            return item
    pytest.skip("no PostgreSQL here has pgcrypto")


@contextlib.contextmanager
def server(area: Path) -> Iterator[Database]:
    sandbox = real_sandbox(area).sandbox
    with Servers(sandbox=sandbox, area=area, binaries=with_contrib()).started() as running:
        with psycopg.connect(running.conninfo(), autocommit=True) as connection:
            connection.execute("CREATE ROLE shop LOGIN")
            connection.execute("CREATE DATABASE shop OWNER shop")
        host, inside = running.bind
        address = ScratchAddress(url=f"postgresql://shop@/shop?host={inside}", writable=(Bind(host, inside),))
        yield Database(Engine.POSTGRESQL, address, running.conninfo("shop"))


@pytest.mark.parametrize("name", LEFT)
def test_a_real_history_is_replayed_and_leaves_what_is_known(
    name: str, prisma: PrismaEngine, sqlite: Database, area: Path
):
    found = project(name)
    described = prisma.describe_as(found.files, (Line.SIX, Line.SEVEN))
    line, said = next((line, item) for line, item in zip(Line, described, strict=True) if isinstance(item, Described))
    names = [item.name for item in found.migrations]
    assert prisma.order(list(reversed(names))) == tuple(names)
    place = contextlib.nullcontext(sqlite) if said.provider == "sqlite" else server(area)
    with place as database:
        words = (database.address, database.engine, found.files)
        assert prisma.deploy(*told(*words, found.lock, found.migrations, line)) is None
        left = prisma.undeclared(*shown(*words, line))
        assert isinstance(left, Declared)
        changes = [text for text in left.sql.splitlines() if text and not text.startswith("--")]
        assert len(changes) == len(LEFT[name]), left.sql
        assert all(any(index in text for text in changes) for index in LEFT[name])
        made = prisma.created(*told(*words, found.lock, found.migrations, line))
        assert getattr(made, "sql", made) == left.sql
