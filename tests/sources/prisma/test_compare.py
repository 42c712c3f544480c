"""Our comparison of a datamodel with a MariaDB schema: equal at first, and then every difference told, each as a case of data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deploy.demo.mariadb import MariadbServer
from tests.sandbox.machine import our_identity, real_sandbox
from workers.core.hidden import Hiding
from workers.core.schema import Snapshot
from workers.databases.mysql.address import address
from workers.databases.mysql.session import Reading, reading
from workers.sandbox.runtime import open_area
from workers.sources.prisma.compare import Compared, compare
from workers.sources.prisma.datamodel import Table, read
from workers.sources.prisma.engine import Described, Line, PrismaEngine, SchemaFile
from workers.sources.prisma.process import EngineProcess
from workers.sources.prisma.schema_text import outline

pytestmark = pytest.mark.sandbox
CASES = Path(__file__).with_name("mysql_cases")
SCHEMA = (CASES / "schema.prisma").read_text()
MADE = (CASES / "made.sql").read_text()


def cases() -> list[tuple[str, str, tuple[str, ...]]]:
    """(what was done by hand, its statements, the entries that must follow)."""
    found = []
    for text in (CASES / "cases.sql").read_text().split("\n\n"):
        title, *lines = text.strip().splitlines()
        sql = "\n".join(line for line in lines if not line.startswith("--> "))
        told = tuple(line.removeprefix("--> ") for line in lines if line.startswith("--> "))
        found.append((title.removeprefix("-- "), sql, told))
    return found


@pytest.fixture(scope="module")
def described(shared_dir: Path) -> Described:
    area = open_area(shared_dir / "compare", our_identity())
    process = EngineProcess(
        sandbox=real_sandbox(area).sandbox, area=area, search_path=os.environ.get("PATH", os.defpath)
    )
    found = PrismaEngine(process).describe((SchemaFile("schema.prisma", SCHEMA),), Line.SIX, datamodel=True)
    assert isinstance(found, Described), found
    return found


@pytest.fixture(scope="module")
def tables(described: Described) -> tuple[Table, ...]:
    return read(described.datamodel, outline((("schema.prisma", SCHEMA),)))


@pytest.fixture
def database(mariadb: MariadbServer, mariadb_name: str) -> str:
    mariadb.load(MADE, mariadb_name)
    return mariadb_name


def compared(
    mariadb: MariadbServer, database: str, tables: tuple[Table, ...], *, foreign_keys: bool = True
) -> Compared:
    seen = outline((("schema.prisma", SCHEMA),))
    return compare(tables, snapshot(mariadb, database), seen, foreign_keys=foreign_keys)


def snapshot(mariadb: MariadbServer, database: str) -> Snapshot:
    with reading(address(mariadb.url(database))) as connection:
        return Reading(connection, Hiding(b"a test")).snapshot()


def test_a_table_that_is_external_is_left_alone(mariadb: MariadbServer, database: str, tables: tuple[Table, ...]):
    mariadb.load("CREATE TABLE others (id INT PRIMARY KEY)", database)
    seen, live = outline((("schema.prisma", SCHEMA),)), snapshot(mariadb, database)
    (entry,) = compare(tables, live, seen, foreign_keys=True).entries
    assert '"others"' in entry
    assert compare(tables, live, seen, foreign_keys=True, external=("others",)).entries == ()


def test_what_prisma_itself_makes_of_a_schema_is_equal_to_it(
    mariadb: MariadbServer, database: str, tables: tuple[Table, ...]
):
    found = compared(mariadb, database, tables)
    assert found.entries == ()
    assert found.notes[1] == (
        "of the datamodel not compared: table Hidden (`@@ignore`), default of posts.day, default of posts.since, "
        "column users.place (`@ignore` or Unsupported), default of users.guess, default of users.settings"
    )


@pytest.mark.acceptance
@pytest.mark.parametrize(("title", "sql", "told"), cases(), ids=[title for title, _, _ in cases()])
def test_a_difference_is_told(
    mariadb: MariadbServer, database: str, tables: tuple[Table, ...], title: str, sql: str, told: tuple[str, ...]
):
    mariadb.load(sql, database)
    assert compared(mariadb, database, tables).entries == told, title


def test_where_prisma_keeps_relations_itself_every_foreign_key_is_one_too_many(
    mariadb: MariadbServer, database: str, tables: tuple[Table, ...]
):
    told = compared(mariadb, database, tables, foreign_keys=False)
    assert len(told.entries) == 3
    assert all("the schema has no relation for it" in item for item in told.entries)
    assert 'relationMode = "prisma"' in told.notes[0]
