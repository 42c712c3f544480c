"""The main story on MariaDB: a pull, a report, an approval, an apply, the evidence; where a failure stops half way."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from deploy.demo.mariadb import MariadbServer
from tests.story.conftest import OpenShop
from tests.story.shop import add_column
from tests.story.targets import MariadbDatabase


@pytest.fixture
def prod(mariadb: MariadbServer, mariadb_name: str) -> Iterator[MariadbDatabase]:
    """A database that a user of its own may do anything in, and nothing elsewhere."""
    user, password = f"shop_{secrets.token_hex(4)}", f"canary-{secrets.token_hex(12)}"
    mariadb.create_user(user, password, f"ALL PRIVILEGES ON `{mariadb_name}`.*")
    yield MariadbDatabase(mariadb.url(mariadb_name, user=user, password=password), mariadb, mariadb_name)
    mariadb.query(f"DROP USER '{user}'@'%'")


def test_a_pull_is_planned_approved_applied_and_documented(open_shop: OpenShop, prod: MariadbDatabase):
    shop = open_shop(mariadb=prod)
    pull = shop.house.open_pull(add_column())
    report = shop.house.report(pull)
    assert "**Add column** `orders.delivery`" in report
    assert "drift: 0 on what this pull touches" in report
    assert "delivery" not in shop.prod.columns()
    shop.house.say(pull, "bob", f"/approve prod {shop.house.code(pull)}")
    assert "prod applied and verified" in shop.house.answers(pull)[-1]
    assert "delivery" in shop.prod.columns()
    assert shop.house.check(pull).conclusion == "success"
