"""Published projects on the other engines that they support: what their own tool brought to head has no drift."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from deploy.demo.servers import PostgresServer
from tests.acceptance.conftest import Install, OpenStage
from tests.acceptance.prisma_ground import server_with
from tests.acceptance.projects import AIRFLOW, CINDER, QUETZ, Project
from tests.acceptance.stage import Stage

pytestmark = [pytest.mark.acceptance, pytest.mark.sandbox, pytest.mark.timeout(900)]


def with_psycopg(project: Project) -> Project:
    """The project with the driver that its users on PostgreSQL install beside it."""
    return replace(project, name=f"{project.name} and psycopg2", needs=f"{project.needs}psycopg2-binary\n")


def assert_no_drift(stage: Stage) -> None:
    """Bring the database to head with the project's own tool, and read a report."""
    stage.stock("upgrade", "head")
    stage.assert_at_head()


def test_cinder_on_postgresql(installed: Install, open_project: OpenStage, pg_url: str):
    found = installed(with_psycopg(CINDER))
    assert_no_drift(open_project(found, pg_url, found.revisions[-1].id))


def test_quetz_on_postgresql(installed: Install, open_project: OpenStage, data_dir: Path):
    """One of its collations needs ICU, which the wheel's PostgreSQL is built without; a server with contrib has it."""
    newest = server_with(frozenset({"pg_trgm"}))
    server = PostgresServer.start(newest.major, data_dir / "postgres", install=newest.folder.parent)
    try:
        found = installed(with_psycopg(QUETZ))
        assert_no_drift(open_project(found, server.create_database(), found.revisions[-1].id))
    finally:
        server.stop()


@pytest.mark.parametrize("project", [AIRFLOW, CINDER], ids=lambda project: project.name)
def test_on_sqlite(project: Project, installed: Install, open_project: OpenStage, sqlite_url: str):
    found = installed(project)
    assert_no_drift(open_project(found, sqlite_url, found.revisions[-1].id))
