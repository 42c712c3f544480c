"""optuna from its first revisions to head, pull by pull, on SQLite and on PostgreSQL; and what rows in its tables change."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import Install, OpenStage
from tests.acceptance.projects import OPTUNA
from tests.acceptance.stage import Measured

pytestmark = [pytest.mark.acceptance, pytest.mark.sandbox, pytest.mark.timeout(900)]


def test_optuna_on_sqlite_comes_from_nothing_to_head(
    installed: Install, open_project: OpenStage, sqlite_url: str, measured: list[Measured]
):
    stage = open_project(installed(OPTUNA), sqlite_url, "")
    for until in ("v1.3.0.a", "v2.6.0.a", "v3.0.0.b", "v3.2.0.a"):
        stage.bring(until)
    stage.assert_at_head()
    measured.append(stage.measured("SQLite", ""))


def test_optuna_on_postgresql_comes_from_an_older_revision_to_head(
    installed: Install, open_project: OpenStage, pg_url: str, measured: list[Measured]
):
    stage = open_project(installed(OPTUNA), pg_url, "v2.4.0.a")
    stage.stock("upgrade", "v2.4.0.a")
    for until in ("v2.6.0.a", "v3.0.0.b", "v3.0.0.d", "v3.2.0.a"):
        report = stage.bring(until)
        assert "dependencies resolved by us" in report
    stage.assert_at_head()
    measured.append(stage.measured("PostgreSQL", "v2.4.0.a"))
