"""The main story on MariaDB: a pull, a report, an approval, an apply, the evidence; where a failure stops half way."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator

import pytest

from deploy.demo.mariadb import MariadbServer
from tests.story.conftest import OpenShop
from tests.story.dying import Died, let_die, revive
from tests.story.shop import add_column, migration
from tests.story.targets import MariadbDatabase
from tests.story.test_continuations import FIRST, MENDED, SECOND, TWICE, held, states
from tests.story.test_flows import commit_the_file, watching_models
from workers.messages import ApplyPlan


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


@pytest.mark.acceptance
def test_a_failure_half_way_is_told_exactly_and_carried_on(open_shop: OpenShop, prod: MariadbDatabase):
    shop = open_shop(mariadb=prod)
    house = shop.house
    shop.prod.run(TWICE)
    pull = house.open_pull(two_steps())
    house.say(pull, "bob", house.offered(pull))
    told = house.answers(pull)[-1]
    assert "1 of 4 transaction groups are committed" in told
    assert "for key 'one_email' (1062)" in told
    assert "example.com" not in told  # a row's value is nobody's business here
    assert (states(shop), held(shop)) == (["partial"], 1)
    assert "delivery" in shop.prod.columns()
    house.say(pull, "bob", house.offered(pull))
    assert "0 of 3 transaction groups are committed" in house.answers(pull)[-1]
    assert (states(shop), held(shop)) == (["partial", "failed"], 1)
    shop.prod.run(MENDED)
    house.say(pull, "bob", house.offered(pull))
    assert "prod applied and verified" in house.answers(pull)[-1]
    assert (states(shop)[-1], held(shop)) == ("applied", None)
    assert {"one_email", "note_length"} <= set(re.findall(r"`(\w+)`", shop.prod.text()))
    assert recorded(prod) == [SECOND]


@pytest.mark.acceptance
@pytest.mark.parametrize("place", ["ALTER TABLE", "CREATE UNIQUE INDEX", "UPDATE alembic_version", "COMMIT"])
def test_a_worker_that_dies_half_way_is_judged_by_what_the_database_shows(
    open_shop: OpenShop, prod: MariadbDatabase, place: str
):
    shop = open_shop(mariadb=prod)
    house = shop.house
    pull = house.open_pull(two_steps())
    house.say(pull, "bob", house.offered(pull), until=ApplyPlan)
    let_die(house, place, 2 if place.startswith("ALTER") else 1)
    with pytest.raises(Died):
        house.settle()
    revive(house)
    assert states(shop) == ["applying"]
    house.reconcile()
    if states(shop) == ["partial"]:
        house.say(pull, "bob", house.offered(pull))
    assert (states(shop)[-1], held(shop)) == ("applied", None)
    assert {"delivery", "one_email", "note_length"} <= set(re.findall(r"`(\w+)`", shop.prod.text()))
    assert recorded(prod) == [SECOND]


def recorded(prod: MariadbDatabase) -> list[object]:
    return [row[0] for row in prod.server.query("SELECT version_num FROM alembic_version", prod.name)]


def two_steps() -> dict[str, str | None]:
    """One migration of three statements, whose second one rows with the same address refuse."""
    up = (
        '    op.add_column("orders", sa.Column("delivery", sa.Text))\n'
        '    op.create_index("one_email", "customers", ["email"], unique=True)\n'
        '    op.create_check_constraint("note_length", "orders", "length(note) < 1000")\n'
    )
    down = (
        '    op.drop_constraint("note_length", "orders", type_="check")\n'
        '    op.drop_index("one_email", "customers")\n    op.drop_column("orders", "delivery")\n'
    )
    return {f"alembic/versions/{SECOND}_email.py": migration(SECOND, FIRST, up, down)}


@pytest.mark.acceptance
def test_the_migration_that_a_report_holds_is_committed_and_applied(open_shop: OpenShop, prod: MariadbDatabase):
    shop = open_shop(watching_models(), mariadb=prod)
    pull = shop.house.open_pull({"shop/models.py": add_column()["shop/models.py"]})
    commit_the_file(shop.house, pull)
    shop.house.say(pull, "bob", shop.house.offered(pull))
    assert "prod applied and verified" in shop.house.answers(pull)[-1]
    assert "delivery" in shop.prod.columns()
