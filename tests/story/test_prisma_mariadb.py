"""The main story on Prisma and MariaDB, where Prisma's engine cannot help: a pull, a report, an approval, an apply; a failure half way."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from deploy.demo.mariadb import MariadbServer
from tests.story.prisma_shop import FIRST, SCHEMA, SECOND, add_column, schema, script, with_column
from tests.story.prisma_stage import OpenPrisma
from tests.story.targets import MariadbDatabase


@pytest.fixture
def prod(mariadb: MariadbServer, mariadb_name: str) -> Iterator[MariadbDatabase]:
    """A database that a user of its own may do anything in, and nothing elsewhere."""
    user, password = f"shop_{secrets.token_hex(4)}", f"canary-{secrets.token_hex(12)}"
    mariadb.create_user(user, password, f"ALL PRIVILEGES ON `{mariadb_name}`.*")
    yield MariadbDatabase(mariadb.url(mariadb_name, user=user, password=password), mariadb, mariadb_name)
    mariadb.query(f"DROP USER '{user}'@'%'")


def test_a_pull_is_planned_approved_applied_and_recorded_as_prisma_would(
    open_prisma: OpenPrisma, prod: MariadbDatabase
):
    house, _ = open_prisma(mariadb=prod)
    pull = house.open_pull(add_column(provider="mysql"))
    report = house.report(pull)
    assert "**Add column** `orders.delivery`" in report
    assert "drift: 0 on what this pull touches, 0 elsewhere" in report
    house.say(pull, "bob", house.offered(pull))
    assert "prod applied and verified" in house.answers(pull)[-1], report
    assert "delivery" in prod.columns()
    assert rows(prod) == [(FIRST, "1"), (SECOND, "1")]
    assert house.check(pull).conclusion == "success"


def rows(prod: MariadbDatabase) -> list[tuple[str, str]]:
    query = "SELECT migration_name, applied_steps_count FROM _prisma_migrations WHERE finished_at IS NOT NULL ORDER BY started_at"
    return [(str(name), str(steps)) for name, steps in prod.server.query(query, prod.name)]
