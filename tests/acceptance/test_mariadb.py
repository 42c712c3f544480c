"""Published projects on MariaDB: one that comes from nothing to head, pull by pull, and one that its own history stops."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploy.demo.mariadb import MariadbServer
from tests.acceptance.conftest import Install, OpenStage
from tests.acceptance.projects import CINDER, OPTUNA
from tests.acceptance.table import Measured

pytestmark = [pytest.mark.acceptance, pytest.mark.sandbox, pytest.mark.timeout(900)]

OPTUNA_WITH_DRIVER = replace(OPTUNA, name="optuna 5.0.0 and pymysql", needs="optuna==5.0.0\npymysql\n")


def test_cinder_comes_from_nothing_to_head(
    installed: Install, open_project: OpenStage, mariadb: MariadbServer, mariadb_name: str, measured: list[Measured]
):
    """Two of its revisions read rows that the first one writes: in one plan that is known, in a later one it would be refused."""
    project = installed(CINDER)
    stage = open_project(project, mariadb.url(mariadb_name), "")
    stage.bring(stage.head)
    stage.assert_at_head()
    measured.append(stage.measured("MariaDB", ""))


def test_a_history_that_this_engine_refuses_is_told_in_the_report_and_touches_nothing(
    installed: Install, open_project: OpenStage, mariadb: MariadbServer, mariadb_name: str
):
    """A column of a key over several is dropped in v2.4.0.a: others take it out of the key, MariaDB refuses."""
    stage = open_project(installed(OPTUNA_WITH_DRIVER), mariadb.url(mariadb_name), "")
    stage.bring("v1.3.0.a")
    before = mariadb.dump(mariadb_name)
    pull = stage.open("v2.6.0.a")
    report = stage.house.report(pull)
    assert "rehearsal_failed" in report
    assert "v2.4.0.a" in report
    assert "1072" in report
    assert mariadb.dump(mariadb_name) == before
