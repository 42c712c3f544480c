"""The whole loop with copies on a server that the operator lends: a second PostgreSQL, reached from the sandbox through a door of ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.demo.servers import PostgresServer
from tests.story.ground import Ground
from tests.story.shop import FIRST, migration
from tests.story.yard import Yard, open_yard
from workers.databases.postgresql.borrowed import PREFIX

PASSWORD = "canary-of-the-lender"
REVISION = "2b00000000bb"
PATH = f"alembic/versions/{REVISION}_change.py"
NAMES = "SELECT datname FROM pg_database UNION ALL SELECT rolname FROM pg_roles"
ADD = (
    '    op.add_column("orders", sa.Column("gift", sa.Text))\n    op.execute("GRANT SELECT ON orders TO pg_monitor")\n'
)
DROP = '    op.execute("REVOKE ALL ON orders FROM pg_monitor")\n    op.drop_column("orders", "gift")\n'
SPY = """\
    import os, socket
    import psycopg
    found = []
    for host in ("127.0.0.1", "localhost"):
        try:
            socket.create_connection((host, PORT), 2).close()
            found.append("REACHED-NETWORK")
        except OSError:
            pass
    for name in ("postgres", "shop_template"):
        try:
            url = op.get_bind().engine.url
            psycopg.connect(host="/sockets", user=url.username, password=url.password, dbname=name).close()
            found.append("REACHED-" + name)
        except psycopg.OperationalError:
            pass
    op.execute("COMMENT ON TABLE orders IS 'reached: %s'" % ", ".join(found))
"""


@pytest.fixture(scope="module")
def lender(shared_dir: Path) -> Iterator[PostgresServer]:
    server = PostgresServer.start(16, shared_dir / "story-lender")
    server.create_role("lent", PASSWORD, options="LOGIN NOSUPERUSER CREATEDB CREATEROLE")
    yield server
    server.stop()


@pytest.fixture
def yard(ground: Ground, postgres: PostgresServer, lender: PostgresServer, data_dir: Path) -> Iterator[Yard]:
    opened = open_yard(ground, postgres, data_dir, scratch=lender.url("postgres", user="lent", password=PASSWORD))
    yield opened
    opened.house.close()
    with lender.connect() as connection:
        assert not [name for (name,) in connection.execute(NAMES).fetchall() if name.startswith(PREFIX)]


@pytest.mark.acceptance
def test_what_was_rehearsed_on_a_lent_server_is_applied_and_verified(yard: Yard, lender: PostgresServer):
    house = yard.house
    pull = house.open_pull({PATH: migration(REVISION, FIRST, ADD, DROP)})
    report = house.report(pull)
    assert "lossless until" in report
    assert "pg_monitor may SELECT" in report
    assert PREFIX in lender.log.read_text(), "the copies were there"
    house.say(pull, "bob", house.offered(pull))
    assert yard.rows("SELECT version_num FROM alembic_version") == [(REVISION,)], house.answers(pull)[-1]
    assert "⛔" not in house.evidence(pull, "04-post-verify.md")
    for text in (
        *house.comments(pull),
        *(house.evidence(pull, name) for name in ("01-schema-drift-report.md", "02-migration-plan.md")),
    ):
        assert PASSWORD not in text
        assert PREFIX not in text


@pytest.mark.acceptance
def test_code_of_a_pull_finds_its_own_database_there_and_nothing_else(yard: Yard, lender: PostgresServer):
    pull = yard.house.open_pull({PATH: migration(REVISION, FIRST, SPY.replace("PORT", str(lender.port)))})
    assert "'reached: '" in yard.house.report(pull), yard.house.report(pull)
