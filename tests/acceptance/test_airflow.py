"""apache-airflow-core on PostgreSQL: the last thirty of its revisions, one transaction each, as its env.py asks for."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import Install, OpenStage
from tests.acceptance.projects import AIRFLOW
from tests.acceptance.table import Measured

pytestmark = [pytest.mark.acceptance, pytest.mark.sandbox, pytest.mark.timeout(900)]


def test_airflow_on_postgresql_comes_from_an_older_revision_to_head(
    installed: Install, open_project: OpenStage, pg_url: str, measured: list[Measured]
):
    found = installed(AIRFLOW)
    start, *steps = (found.revisions[-distance].id for distance in (31, 21, 11, 1))
    stage = open_project(found, pg_url, start)
    stage.stock("upgrade", start)
    for until in steps:
        stage.bring(until)
    stage.assert_at_head()
    measured.append(stage.measured("PostgreSQL", start))
