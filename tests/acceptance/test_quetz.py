"""quetz-server on SQLite: batch mode, a branch label, two branches and their merge."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import Install, OpenStage
from tests.acceptance.projects import QUETZ
from tests.acceptance.table import Measured

pytestmark = [pytest.mark.acceptance, pytest.mark.sandbox, pytest.mark.timeout(900)]


def test_quetz_on_sqlite_comes_over_a_merge_to_head(
    installed: Install, open_project: OpenStage, sqlite_url: str, measured: list[Measured]
):
    stage = open_project(installed(QUETZ), sqlite_url, "98c04a65df4a")
    stage.stock("upgrade", "98c04a65df4a")
    for until in ("30241b33d849", "ea6eba9a9ffc", "3ba25f23fb7d"):
        stage.bring(until)
    stage.assert_at_head()
    measured.append(stage.measured("SQLite", "98c04a65df4a"))
