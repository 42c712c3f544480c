"""Published projects on the other engines that they support: what their own tool brought to head has no drift."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.acceptance.conftest import Install, OpenStage
from tests.acceptance.projects import AIRFLOW, CINDER, QUETZ, Project

pytestmark = [pytest.mark.acceptance, pytest.mark.sandbox, pytest.mark.timeout(900)]


def with_psycopg(project: Project) -> Project:
    """The project with the driver that its users on PostgreSQL install beside it."""
    return replace(project, name=f"{project.name} and psycopg2", needs=f"{project.needs}psycopg2-binary\n")


@pytest.mark.parametrize("project", [with_psycopg(QUETZ), with_psycopg(CINDER)], ids=lambda project: project.name)
def test_on_postgresql(project: Project, installed: Install, open_project: OpenStage, pg_url: str):
    found = installed(project)
    stage = open_project(found, pg_url, found.revisions[-1].id)
    stage.stock("upgrade", "head")
    stage.assert_at_head()


@pytest.mark.parametrize("project", [AIRFLOW, CINDER], ids=lambda project: project.name)
def test_on_sqlite(project: Project, installed: Install, open_project: OpenStage, sqlite_url: str):
    found = installed(project)
    stage = open_project(found, sqlite_url, found.revisions[-1].id)
    stage.stock("upgrade", "head")
    stage.assert_at_head()
