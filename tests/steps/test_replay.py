"""What migrations make from empty: their own texts leave what their tool leaves, and where one fails the tool says why."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.sandbox.machine import our_identity, real_sandbox
from tests.sources.alembic.projects import tree
from workers.core.config import Module
from workers.core.errors import ExpectedError
from workers.core.hidden import Hiding
from workers.core.names import Engine, SourceKind
from workers.databases.mysql.plain import MysqlPlainClient
from workers.databases.postgresql.binaries import Binaries, installed
from workers.databases.postgresql.scratch import PostgresqlScratch
from workers.ports import Dump
from workers.sandbox.runtime import open_area
from workers.sources.prisma.batches import Batches
from workers.sources.prisma.engine import PrismaEngine
from workers.sources.prisma.native import NativeEngine
from workers.sources.prisma.process import PROGRAM, EngineProcess
from workers.sources.prisma.record import Recorder
from workers.sources.prisma.source import PrismaSource
from workers.steps.faults import faults
from workers.steps.replay import Replayed, ReplayQuestion, code_of, replay, run_replay

pytestmark = pytest.mark.sandbox
CORPORA = os.environ.get("SCHEMAGATE_CORPORA", "")
SCHEMA = 'datasource db {\n  provider = "postgresql"\n  url      = env("URL")\n}\n'
SCRIPTS = {
    "1_first": "CREATE TYPE mood AS ENUM ('happy');\nCREATE TABLE a (id SERIAL PRIMARY KEY, mood mood);\nINSERT INTO a (mood) VALUES ('happy');",
    "2_label": "ALTER TYPE mood ADD VALUE 'sad';",
    "3_uses": "ALTER TABLE a ALTER mood SET DEFAULT 'sad';\nALTER TABLE _prisma_migrations ENABLE ROW LEVEL SECURITY;",
    "4_empty": "-- nothing is to be done",
    "5_alone": "CREATE INDEX CONCURRENTLY i ON a (mood);",
    "6_steers": "BEGIN;\nCREATE TABLE b (id INTEGER);\nCOMMIT;\nSELECT pg_catalog.set_config('application_name', 'left', false);",
    "7_code": "CREATE FUNCTION f() RETURNS INTEGER LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END; $$;",
}


@dataclass
class KeptHere:
    """Results of replays, in memory."""

    texts: dict[str, str] = field(default_factory=dict)

    def get(self, key: str) -> str | None:
        return self.texts.get(key)

    def keep(self, key: str, text: str) -> None:
        self.texts[key] = text


@pytest.fixture(scope="module")
def area(shared_dir: Path) -> Path:
    return open_area(shared_dir / "replays", our_identity())


def prisma(area: Path, program: Path = PROGRAM) -> PrismaSource:
    sandbox, search_path = real_sandbox(area).sandbox, os.environ.get("PATH", os.defpath)
    process = EngineProcess(sandbox=sandbox, area=area, search_path=search_path, program=program)
    batches = Batches(MysqlPlainClient())
    return PrismaSource(
        recorder=Recorder(
            engine=PrismaEngine(process),
            batches=batches,
            native=NativeEngine(sandbox=sandbox, area=area),
            new_id=lambda: str(uuid.uuid4()),
        )
    )


@pytest.fixture
def source(area: Path) -> PrismaSource:
    return prisma(area)


@pytest.fixture
def unasked(area: Path) -> PrismaSource:
    """One whose engine is not there, so that asking it is an error."""
    return prisma(area, area / "nowhere")


@pytest.fixture
def scratch(area: Path) -> PostgresqlScratch:
    return PostgresqlScratch(real_sandbox(area).sandbox, area, (_binaries(),), Hiding(b"of this test"))


def _binaries() -> Binaries:
    """A PostgreSQL that has the extensions which come with it; some histories make them."""
    found = installed()
    return next((item for item in found if list(item.folder.rglob("pgcrypto.control"))), found[0])


def question(source: PrismaSource, files: dict[str, str]) -> ReplayQuestion:
    module = Module(id="shop", path=".", source=SourceKind.PRISMA)
    base = tree(files)
    dump = Dump(
        engine=Engine.POSTGRESQL,
        engine_version=_binaries().version,
        database="shop",
        writing_role="shop",
        roles=("CREATE ROLE shop LOGIN",),
        script="",
        version_rows=(),
        settings=(),
    )
    return ReplayQuestion(
        repository=1,
        module=module,
        source=source,
        tree=base,
        revisions=tuple(item.id for item in source.history(base, module).revisions),
        then=(),
        like=dump,
        python=None,
    )


def small(scripts: dict[str, str]) -> dict[str, str]:
    files = {f"prisma/migrations/{name}/migration.sql": sql for name, sql in scripts.items()}
    return files | {
        "prisma/schema.prisma": SCHEMA,
        "prisma/migrations/migration_lock.toml": 'provider = "postgresql"\n',
    }


def by_tool(asked: ReplayQuestion, scratch: PostgresqlScratch) -> Replayed:
    with scratch.empty(asked.like) as database:
        return run_replay(asked, database)


def test_texts_of_any_kind_leave_what_prismas_engine_leaves(
    source: PrismaSource, unasked: PrismaSource, scratch: PostgresqlScratch
):
    asked, kept = question(source, small(SCRIPTS)), KeptHere()
    found = replay(replace(asked, source=unasked), scratch, kept)
    assert found.error == ""
    assert found.snapshot == by_tool(asked, scratch).snapshot
    assert len(kept.texts) == 1


def test_where_a_text_fails_prismas_engine_says_why_and_nothing_is_kept(
    source: PrismaSource, scratch: PostgresqlScratch
):
    asked, kept = question(source, small({**SCRIPTS, "8_wrong": "CREATE TABLE c (id INTEGER);\nNONSENSE;"})), KeptHere()
    found = replay(asked, scratch, kept)
    assert found.snapshot is None
    assert found.error.startswith("8_wrong: Prisma's P3018: ")
    assert kept.texts == {}


def test_of_a_repository_only_prismas_own_files_decide_what_a_history_makes(source: PrismaSource):
    module, files = Module(id="shop", source=SourceKind.PRISMA), small(SCRIPTS)
    code = code_of(source, tree(files), module)
    others = {"src/app.ts": "", "i18n/de.json": "{}", "prisma/seed.sql": "SELECT 1;", "README.md": "# More\n"}
    assert code_of(source, tree(files | others), module) == code
    changed: tuple[dict[str, str], ...] = (
        {"prisma/schema.prisma": f"{SCHEMA}model A {{\n  id Int @id\n}}\n"},
        {"prisma/migrations/1_first/migration.sql": "SELECT 1;"},
        {"prisma/migrations/9_more/migration.sql": "SELECT 1;"},
        {"prisma/migrations/migration_lock.toml": 'provider = "sqlite"\n'},
        {"package.json": '{"dependencies": {"prisma": "^6.19.0"}}'},
    )
    found = {code_of(source, tree(files | more), module) for more in changed}
    assert len(found - {code}) == len(changed)


def test_a_schema_that_was_found_good_is_not_asked_about_again(source: PrismaSource, unasked: PrismaSource):
    module, kept = Module(id="shop", source=SourceKind.PRISMA), KeptHere()
    good, bad = (tree(small(SCRIPTS) | {"prisma/schema.prisma": SCHEMA + more}) for more in ("", "model A {\n"))
    assert faults(source, good, module, kept) == ()
    assert faults(unasked, good, module, kept) == ()
    assert faults(source, bad, module, kept) != ()
    with pytest.raises(ExpectedError):
        faults(unasked, bad, module, kept)


@pytest.mark.acceptance
@pytest.mark.timeout(300)
@pytest.mark.skipif(not CORPORA, reason="SCHEMAGATE_CORPORA names no folder of real histories")
@pytest.mark.parametrize("name", ["langfuse", "litellm", "umami-pg", "hoppscotch"])
def test_a_real_history_s_texts_leave_what_prismas_engine_leaves(
    name: str, source: PrismaSource, unasked: PrismaSource, scratch: PostgresqlScratch
):
    root = Path(CORPORA, "prisma", name)
    kinds = ("*.prisma", "migration.sql", "migration_lock.toml")
    files = {str(path.relative_to(root)): path.read_text() for kind in kinds for path in root.rglob(kind)}
    asked = question(source, files)
    found = replay(replace(asked, source=unasked), scratch, KeptHere())
    assert found.snapshot is not None, found.error
    assert found.snapshot == by_tool(asked, scratch).snapshot
