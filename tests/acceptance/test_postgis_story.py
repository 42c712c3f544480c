"""The whole loop on a database with PostGIS and pg_trgm, which the worker's machine does not have: a lent server has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.demo.servers import PostgresServer
from tests.acceptance.postgis import EXTENSIONS, PostgisPrograms
from tests.story.ground import Ground, make_ground
from tests.story.shop import FIRST, migration, shop_config
from tests.story.yard import Yard, open_yard

pytestmark = pytest.mark.acceptance
REVISION = "2b00000000bb"
PATH = f"alembic/versions/{REVISION}_places.py"
UP = """\
    op.execute("ALTER TABLE customers ADD COLUMN spot geometry(Point, 4326)")
    op.execute("CREATE INDEX customers_spot ON customers USING gist (spot)")
    op.execute("CREATE INDEX customers_email ON customers USING gin (email gin_trgm_ops)")
"""
DOWN = """\
    op.execute("DROP INDEX customers_email")
    op.execute("ALTER TABLE customers DROP COLUMN spot")
"""
PULL = {PATH: migration(REVISION, FIRST, UP, DOWN)}
WITHOUT = "filter: {mode: exclude-extensions}"
PASSWORD = "canary-of-the-lender"
OpenProd = Callable[..., Yard]


@pytest.fixture(scope="module")
def ground(shared_dir: Path) -> Ground:
    return make_ground(shared_dir / "postgis-ground")


@pytest.fixture(scope="module")
def served(postgis: PostgisPrograms, shared_dir: Path) -> Iterator[PostgresServer]:
    with postgis.server(shared_dir / "postgis-prod") as server:
        yield server


@pytest.fixture(scope="module")
def lender(postgis: PostgisPrograms, shared_dir: Path) -> Iterator[PostgresServer]:
    with postgis.server(shared_dir / "postgis-lender") as server:
        server.create_role("lent", PASSWORD, options="LOGIN CREATEDB CREATEROLE")
        server.create_database("shop_template")
        server.execute(EXTENSIONS, "shop_template")
        server.execute("ALTER DATABASE shop_template IS_TEMPLATE true")
        yield server


@pytest.fixture
def open_prod(ground: Ground, served: PostgresServer, lender: PostgresServer, data_dir: Path) -> Iterator[OpenProd]:
    opened: list[Yard] = []

    def open_one(config: str = "") -> Yard:
        scratch = lender.url("shop_template", user="lent", password=PASSWORD)
        opened.append(open_yard(ground, served, data_dir, scratch=scratch, config=config))
        opened[-1].run(EXTENSIONS)
        return opened[-1]

    yield open_one
    for yard in opened:
        yard.house.close()


def drift_of(report: str) -> list[str]:
    return [line for line in report.splitlines() if line.startswith("- ") and "drift-" in line]


def test_a_geometry_column_goes_from_a_pull_to_the_database(open_prod: OpenProd):
    yard = open_prod()
    house = yard.house
    yard.run("ALTER TABLE orders ADD COLUMN odd text")
    pull = house.open_pull(PULL)
    report = house.report(pull)
    assert "extensions are installed (pg_trgm 1.6, postgis 3" in report
    assert "`filter: {mode: exclude-extensions}` under `prod:`" in report
    assert len(drift_of(report)) == 1
    assert "`public.orders.odd`" in drift_of(report)[0]
    house.say(pull, "bob", house.offered(pull))
    assert "applied and verified" in house.answers(pull)[-1], house.answers(pull)[-1]
    assert "customers.spot geometry(Point,4326) false" in yard.schema()
    assert "`postgis` 3.3.2 in `public`" in house.evidence(pull, "00-connection-check.md")
    assert "⛔" not in house.evidence(pull, "04-post-verify.md")


def test_with_the_filter_nothing_of_theirs_is_asked_about_or_told(open_prod: OpenProd):
    yard = open_prod(shop_config(prod=WITHOUT))
    house = yard.house
    yard.run("CREATE EXTENSION hstore; ALTER TABLE orders ADD COLUMN odd text;")
    pull = house.open_pull(PULL)
    report = house.report(pull)
    assert "extensions are installed" not in report
    assert len(drift_of(report)) == 1
    assert "`public.orders.odd`" in drift_of(report)[0]
    house.say(pull, "bob", house.offered(pull))
    assert "applied and verified" in house.answers(pull)[-1], house.answers(pull)[-1]
    told = house.evidence(pull, "02-extension-exclusion.md")
    assert "owned by extension postgis" in told
    assert "spatial_ref_sys" in told
    assert "`public.customers" not in told
