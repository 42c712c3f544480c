"""jupyterhub: its tables come from `create_all`, its history begins in the middle, and a baseline is the start."""

from __future__ import annotations

import os
import subprocess

import psycopg
import pytest

from deploy.demo.mariadb import MariadbServer
from tests.acceptance.conftest import Install, OpenStage
from tests.acceptance.projects import Installed, Project
from tests.acceptance.stage import NO_DRIFT, Stage
from tests.acceptance.table import Measured

pytestmark = [pytest.mark.acceptance, pytest.mark.sandbox, pytest.mark.timeout(900)]

JUPYTERHUB = Project(
    name="jupyterhub 5.4.2", needs="jupyterhub==5.4.2\npsycopg2-binary\npymysql\n", folder="jupyterhub/alembic"
)
START = "3c2384c5aae1"
# What the hub itself does with an empty database when it starts for the first time.
_FIRST_START = "import sys, sqlalchemy; from jupyterhub import orm; orm.Base.metadata.create_all(sqlalchemy.create_engine(sys.argv[1]))"
_DRIVERS = (("postgresql://", "postgresql+psycopg2://"), ("mysql://", "mysql+pymysql://"))


def test_on_sqlite_it_goes_on_from_an_adopted_schema(
    installed: Install, open_project: OpenStage, sqlite_url: str, measured: list[Measured]
):
    stage = from_first_start(installed(JUPYTERHUB), open_project, sqlite_url)
    adopt(stage)
    stage.assert_at_head()
    measured.append(stage.measured("SQLite", START))


def test_on_postgresql_it_goes_on_from_an_adopted_schema_and_drift_from_it_is_told(
    installed: Install, open_project: OpenStage, pg_url: str, measured: list[Measured]
):
    stage = from_first_start(installed(JUPYTERHUB), open_project, pg_url)
    adopt(stage)
    stage.assert_at_head()
    measured.append(stage.measured("PostgreSQL", START))
    with psycopg.connect(pg_url) as connection:
        connection.execute("ALTER TABLE users ADD COLUMN loose text")
    pull = stage.house.open_pull({"alembic/versions/drift.md": "# Look\n"}, branch="look")
    report = stage.house.report(pull)
    assert "column `users.loose`" in report.replace("public.", "")
    assert "drift: 0 on what this pull touches, 1 elsewhere" in report


def test_on_mariadb_it_goes_on_from_an_adopted_schema(
    installed: Install, open_project: OpenStage, mariadb: MariadbServer, mariadb_name: str, measured: list[Measured]
):
    stage = from_first_start(installed(JUPYTERHUB), open_project, mariadb.url(mariadb_name))
    adopt(stage)
    stage.assert_at_head()
    measured.append(stage.measured("MariaDB", START))


def from_first_start(project: Installed, open_project: OpenStage, url: str) -> Stage:
    """A hub's database as of one migration before the newest, which the project's own tool took back."""
    stage: Stage = open_project(project, url, START)
    for plain, driven in _DRIVERS:
        url = url.replace(plain, driven)
    subprocess.run(
        [str(project.python / "bin" / "python"), "-P", "-c", _FIRST_START, url],
        env={"PATH": os.defpath, "HOME": str(stage.folder), "PYTHONWARNINGS": "ignore"},
        check=True,
        timeout=120,
    )
    stage.stock("stamp", "head")
    stage.stock("downgrade", START)
    return stage


def adopt(stage: Stage) -> None:
    """Take the schema as it is for the start, and bring the newest migration in the same pull."""
    house, pull = stage.house, stage.open(stage.head)
    refused = house.report(pull)
    assert "applied migrations cannot be replayed from empty" in refused
    assert f"/baseline prod {START}" in refused
    house.say(pull, "bob", f"/baseline prod {START}")
    house.say(pull, "bob", house.offered(pull))
    assert "baseline recorded and verified" in house.answers(pull)[-1]
    report = house.report(pull)
    assert NO_DRIFT in report, report
    assert "starts from the snapshot that was adopted at" in report
    house.say(pull, "bob", house.offered(pull))
    assert "prod applied and verified" in house.answers(pull)[-1], house.answers(pull)[-1]
    evidence = f"modules/shop/workdocs/active/pr-{pull.number}-up-to-{stage.head}-prod-2/db/01-schema-drift-report.md"
    assert b"starts from the snapshot that was adopted at" in (
        house.world.read_file(house.repo, pull.head_sha, evidence) or b""
    )
    plans = house.services.store.plans(house.repo.id, pull.number, "shop", "prod")
    stage.statements += len(plans[0].plan.body.statements)
    house.world.merge(pull, house.people["bob"])
    house.settle()
    stage.now = stage.head
