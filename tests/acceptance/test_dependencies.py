"""What a project needs: from a lock of its own, and changed in a pull, which counts once a maintainer has merged it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.acceptance.conftest import Install, OpenStage
from tests.acceptance.projects import OPTUNA
from tests.acceptance.stage import WORDS
from workers.machine import UV

pytestmark = [pytest.mark.acceptance, pytest.mark.sandbox, pytest.mark.timeout(900)]

PYPROJECT = """\
[project]
name = "study"
version = "1"
requires-python = ">=3.11,<3.13"
dependencies = ["optuna==5.0.0"]
"""


def test_a_project_with_a_lock_of_uv_is_installed_by_it(
    installed: Install, open_project: OpenStage, sqlite_url: str, data_dir: Path
):
    found = installed(OPTUNA)
    files = {path: text for path, text in found.files.items() if path != "requirements.txt"}
    files |= {"pyproject.toml": PYPROJECT, "uv.lock": locked(data_dir / "locking")}
    stage = open_project(replace(found, files=files), sqlite_url, "v2.6.0.a")
    stage.stock("upgrade", "v2.6.0.a")
    report = stage.bring("v3.0.0.b")
    assert "dependencies by the lock `uv.lock` of the default branch" in report
    assert "resolved by us" not in report
    assert "v3.0.0.b" in stage.stock("current")


def test_changed_requirements_in_a_pull_are_not_followed_before_a_maintainer_merged_them(
    installed: Install, open_project: OpenStage, sqlite_url: str
):
    stage = open_project(installed(OPTUNA), sqlite_url, "v2.6.0.a")
    stage.stock("upgrade", "v2.6.0.a")
    changed: dict[str, str | None] = {"requirements.txt": OPTUNA.needs + "not-a-package-of-anybody==1\n"}
    pull = stage.house.open_pull(stage.installed.between("v2.6.0.a", "v3.0.0.a") | changed, branch="needs")
    report = stage.house.report(pull)
    assert "this pull changes `requirements.txt`, which counts once a maintainer has merged it" in report
    assert "resolved by us from `requirements.txt` of the default branch" in report
    # Merged by a maintainer, the words count; nobody has that package, so the next pull is told so.
    stage.house.say(pull, "bob", f"{stage.house.offered(pull).split(' --')[0]} {WORDS}")
    assert "prod applied and verified" in stage.house.answers(pull)[-1]
    stage.house.world.merge(pull, stage.house.people["bob"])
    stage.house.settle()
    later = stage.house.open_pull(stage.installed.between("v3.0.0.a", "v3.0.0.b"), branch="later")
    report = stage.house.report(later)
    assert "dependencies_unavailable" in report
    assert "not-a-package-of-anybody" in report
    for way_out in ("uv.lock", "hashes", "python_environment"):
        assert way_out in report


def locked(folder: Path) -> str:
    """The lock that the project's author would commit."""
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PYPROJECT)
    variables = {name: value for name, value in os.environ.items() if name.startswith(("UV_", "SSL_CERT_", "HOME"))}
    subprocess.run(
        [str(UV), "lock", "--quiet", "--no-config", "--no-build", "--no-python-downloads"],
        cwd=folder,
        env=variables | {"PATH": os.defpath},
        check=True,
        timeout=120,
    )
    return (folder / "uv.lock").read_text()
