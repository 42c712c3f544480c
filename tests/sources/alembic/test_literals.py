"""What a driver sent with parameters and what we replay without them leaves the same rows, for every driver and type."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import psycopg
import pytest

from deploy.demo.servers import PostgresServer
from tests.sources.alembic.conftest import Record
from tests.sources.alembic.projects import SHOP, MemoryTree, module, shop
from workers.ports import PythonEnvironment, Recording, ScratchAddress
from workers.sources.alembic.environments import Environments

pytestmark = pytest.mark.sandbox

TYPED = SHOP.parent / "revisions" / "typed.py"
ASYNC = """
import asyncio
from sqlalchemy.ext.asyncio import async_engine_from_config


def migrate(connection):
    context.configure(connection=connection, target_metadata=target_metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


async def run():
    engine = async_engine_from_config(config.get_section(config.config_ini_section, {}), poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


asyncio.run(run())
"""
NEEDS = "alembic\nsqlalchemy[asyncio]\naiosqlite\nasyncpg\npg8000\npsycopg[binary]\npsycopg2-binary\n"


def project(driver: str = "", *, is_async: bool = False) -> MemoryTree:
    """The shop with a table of many types, its ini file naming a driver."""
    ini = (shop().read("alembic.ini") or b"").decode()
    env = (shop().read("alembic/env.py") or b"").decode()
    if driver:
        ini = ini.replace("driver://user:pass@localhost/shop", f"{driver}://u@localhost/shop")
    if is_async:
        env = env.partition("def run_migrations_offline")[0] + ASYNC
    return shop({"alembic.ini": ini, "alembic/env.py": env, "alembic/versions/typed.py": TYPED.read_text()})


def postgresql_rows(server: PostgresServer, database: str) -> list[tuple]:
    with server.connect(database) as connection:
        return connection.execute("SELECT t::text FROM typed t ORDER BY id").fetchall()


def replayed(server: PostgresServer, found: Recording) -> list[tuple]:
    """The rows that the recorded texts leave in a database of their own, sent as they are."""
    assert (found.error, found.failed) == ("", "")
    database = server.create_database().rpartition("/")[2]
    with psycopg.connect(server.url(database), autocommit=True, application_name="the-test") as connection:
        for item in found.statements:
            connection.execute(item.sql.encode())
    rows = postgresql_rows(server, database)
    server.drop_database(database)
    return rows


def held_to_the_same_rows(found: Recording, server: PostgresServer, address: ScratchAddress) -> None:
    database = address.url.partition("@/")[2].partition("?")[0]
    rows = postgresql_rows(server, database)
    assert len(rows) == 4
    assert replayed(server, found) == rows


def test_psycopg(record: Record, postgresql: ScratchAddress, postgres: PostgresServer):
    found = record(project(), postgresql)
    assert "driver psycopg," in found.tool
    held_to_the_same_rows(found, postgres, postgresql)


def test_the_driver_of_sqlite(record: Record, sqlite: ScratchAddress, tmp_path: Path):
    _sqlite_leaves_the_same_rows(record(project(), sqlite), sqlite, tmp_path)


@pytest.fixture(scope="module")
def every_driver(environments: Environments) -> PythonEnvironment:
    needs = MemoryTree({"requirements.txt": NEEDS.encode()})
    return environments.environment(needs, needs, module())


@pytest.mark.acceptance
@pytest.mark.parametrize(
    ("driver", "is_async"),
    [
        ("postgresql+psycopg2", False),
        ("postgresql+psycopg", False),
        ("postgresql+psycopg", True),
        ("postgresql+asyncpg", True),
        ("postgresql+pg8000", False),
        ("", True),
    ],
)
def test_every_driver_of_postgresql(
    record: Record,
    postgresql: ScratchAddress,
    postgres: PostgresServer,
    every_driver: PythonEnvironment,
    driver: str,
    is_async: bool,
):
    found = record(project(driver, is_async=is_async), postgresql, python=every_driver)
    assert f"driver {driver.partition('+')[2] or 'asyncpg'}" in found.tool
    held_to_the_same_rows(found, postgres, postgresql)


@pytest.mark.acceptance
@pytest.mark.parametrize("driver", ["sqlite+aiosqlite", ""])
def test_the_async_driver_of_sqlite(
    record: Record, sqlite: ScratchAddress, every_driver: PythonEnvironment, tmp_path: Path, driver: str
):
    found = record(project(driver, is_async=True), sqlite, python=every_driver)
    assert "driver aiosqlite" in found.tool
    _sqlite_leaves_the_same_rows(found, sqlite, tmp_path)


def _sqlite_leaves_the_same_rows(found: Recording, address: ScratchAddress, folder: Path) -> None:
    assert (found.error, found.failed) == ("", "")
    query = "SELECT *, typeof(real), typeof(money), typeof(flag) FROM typed ORDER BY id"
    recorded = sqlite3.connect(address.writable[0].host / "scratch.db")
    again = sqlite3.connect(folder / "again.db")
    for item in found.statements:
        again.execute(item.sql)
    rows = recorded.execute(query).fetchall()
    assert len(rows) == 4
    assert again.execute(query).fetchall() == rows
    recorded.close()
    again.close()
