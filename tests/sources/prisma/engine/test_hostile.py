"""Schemas and migrations that mean harm: what they try does not happen, and each ends in a fault that says why."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests.sources.prisma.engine.projects import Database, deploy, migration, schema, shown
from workers.sources.prisma.engine import Declared, Described, EngineFault, Line, PrismaEngine, SchemaFile
from workers.sources.prisma.process import PROGRAM

pytestmark = pytest.mark.sandbox
GENERATOR = """
generator client {{
  provider = "node -e require('fs').writeFileSync('{mark}','')"
  output   = "{mark}"
}}
model A {{
  id Int @id
}}
"""


def test_programs_and_output_paths_of_generators_are_words(either: PrismaEngine, sqlite: Database, data_dir: Path):
    data_dir.chmod(0o777)
    mark = data_dir / "ran"
    files = schema(sqlite, GENERATOR.format(mark=mark))
    assert isinstance(either.describe(files, Line.SEVEN, datamodel=True), Described)
    assert isinstance(either.undeclared(*shown(sqlite.address, sqlite.engine, files, Line.SEVEN)), Declared)
    assert not mark.exists()


@pytest.mark.parametrize(
    "sql",
    [
        "ATTACH DATABASE '{place}/other.db' AS other; CREATE TABLE other.t (id INTEGER);",
        "ATTACH DATABASE ':memory:' AS other;",
        "CREATE TABLE t (id INTEGER); VACUUM INTO '{place}/copy.db';",
        "SELECT load_extension('{place}/evil.so');",
    ],
)
def test_a_sqlite_migration_reaches_no_other_file(either: PrismaEngine, sqlite: Database, data_dir: Path, sql: str):
    place = data_dir / "scratch"
    inside = "/scratch" if either.process.isolated else str(place)
    said = deploy(either, sqlite, migration("1_hostile", sql.format(place=inside)))
    assert isinstance(said, EngineFault)
    assert (said.code, said.migration) == ("P3018", "1_hostile")
    assert {file.name.partition("-")[0] for file in place.iterdir()} == {"db.sqlite"}


def test_a_program_of_a_postgresql_migration_needs_rights_that_an_owner_has_not(
    prisma: PrismaEngine, postgresql: Database, data_dir: Path
):
    data_dir.chmod(0o777)
    role = f"owner_{data_dir.name.replace('-', '_')}"
    name = postgresql.place.rpartition("/")[2]
    postgresql.ask(f"CREATE ROLE \"{role}\" LOGIN PASSWORD 'x'", f'ALTER DATABASE "{name}" OWNER TO "{role}"')
    url = f"postgresql://{role}:x@/{name}?host=/sockets"
    owned = Database(
        postgresql.engine, type(postgresql.address)(url=url, writable=postgresql.address.writable), postgresql.place
    )
    try:
        said = deploy(prisma, owned, migration("1_hostile", f"COPY (SELECT 1) TO PROGRAM 'touch {data_dir}/ran';"))
    finally:
        postgresql.ask(f'REASSIGN OWNED BY "{role}" TO postgres', f'DROP OWNED BY "{role}"', f'DROP ROLE "{role}"')
    assert isinstance(said, EngineFault)
    assert (said.code, said.state) == ("P3018", "42501")
    assert not (data_dir / "ran").exists()


@pytest.mark.parametrize(
    ("sql", "state"),
    [
        ("CREATE TABLE t (id INTEGER); COPY t FROM STDIN;", "57014"),
        ("BEGIN; CREATE TABLE t (id INTEGER); NONSENSE;", "42601"),
        ("SELECT pg_terminate_backend(pg_backend_pid());", "57P01"),
    ],
)
def test_a_migration_that_plays_with_the_session_is_a_fault(
    prisma: PrismaEngine, postgresql: Database, sql: str, state: str
):
    said = deploy(prisma, postgresql, migration("1_hostile", sql))
    assert isinstance(said, EngineFault)
    assert (said.code, said.migration, said.state) == ("P3018", "1_hostile", state)


@pytest.mark.parametrize(
    "sql",
    [
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n;",
        "SELECT pg_sleep(8);",
    ],
    ids=["sqlite", "postgresql"],
)
def test_a_migration_without_an_end_is_ended(hurried: PrismaEngine, sql: str, request: pytest.FixtureRequest):
    database = request.getfixturevalue("postgresql" if "pg_sleep" in sql else "sqlite")
    began = time.monotonic()
    said = deploy(hurried, database, migration("1_endless", sql))
    assert time.monotonic() - began < 7
    assert isinstance(said, EngineFault)
    assert said.code == "out_of_time"


def test_fifty_megabytes_are_not_even_tried(prisma: PrismaEngine):
    said = prisma.describe([SchemaFile("schema.prisma", "// x\n" * 10_000_000)], Line.SEVEN)
    assert isinstance(said, EngineFault)
    assert said.code == "too_large"
    assert "at most 32 MB" in said.message


def test_ten_thousand_models_are_a_schema_like_another(prisma: PrismaEngine):
    models = "".join(f"model M{number} {{\n  id Int @id\n  name String @unique\n}}\n" for number in range(10_000))
    began = time.monotonic()
    assert isinstance(prisma.describe(schema("postgresql", models), Line.SEVEN), Described)
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("depth", ["(", "[", "{ a: "])
def test_deep_nesting_is_a_fault_and_no_crash(prisma: PrismaEngine, depth: str):
    models = f"model A {{\n  id Int @id @default({depth * 100_000})\n}}\n"
    for said in prisma.describe_as(schema("sqlite", models), (Line.SIX, Line.SEVEN)):
        assert isinstance(said, EngineFault)


def test_words_of_a_fault_have_an_end(prisma: PrismaEngine, sqlite: Database):
    said = deploy(prisma, sqlite, migration("1_long", f"SELECT {'x' * 1_000_000};"))
    assert isinstance(said, EngineFault)
    assert max(len(said.message), len(said.database)) < 5000


def test_the_engine_is_never_asked_to_reset_or_to_run_what_nobody_reads():
    program = "".join(path.read_text() for path in sorted(PROGRAM.glob("*.mjs")))
    asked = set(re.findall(r"\bengine\.(\w+)\(", program))
    assert asked == {
        *("validate", "lint", "get_config", "get_datamodel"),
        *("applyMigrations", "createMigration", "devDiagnostic", "diagnoseMigrationHistory", "diff"),
        *("evaluateDataLoss", "introspect", "schemaPush", "free"),
    }
    assert "reset" not in program
