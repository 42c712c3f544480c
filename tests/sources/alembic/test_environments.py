"""Environments are built from wheels by hash, once per content, and nothing of a repository says from where."""

from __future__ import annotations

import pytest

from tests.sources.alembic.projects import HEAD, MemoryTree, module, shop
from workers.core.errors import ExpectedError
from workers.core.names import Engine
from workers.core.refusals import RefusalCode
from workers.ports import RecordDirection, RecordRequest, ScratchAddress
from workers.sources.alembic.environments import Environments
from workers.sources.alembic.source import AlembicSource

PYPROJECT = '[project]\nname = "demo"\nversion = "0"\nrequires-python = ">=3.11"\ndependencies = ["alembic"]\n'


def refusal(environments: Environments, files: MemoryTree, **settings) -> str:
    with pytest.raises(ExpectedError) as caught:
        environments.environment(files, files, module(**settings))
    assert caught.value.code is RefusalCode.DEPENDENCIES_UNAVAILABLE
    assert "uv.lock" in caught.value.advice
    assert "hashes" in caught.value.advice
    assert "python_environment" in caught.value.advice
    return caught.value.message


def test_requirements_without_a_lock_are_resolved_once_and_the_environment_runs_the_migrations(
    environments: Environments, source: AlembicSource, sqlite: ScratchAddress
):
    files = shop({"requirements.txt": "alembic>=1.14  # with SQLAlchemy\n"})
    made = environments.environment(files, files, module())
    assert made.note.startswith("dependencies resolved by us from `requirements.txt` of the default branch")
    assert "sha256 " in made.note
    again = environments.environment(files, shop({"README": "x"}), module())
    assert (again.path, again.digest) == (made.path, made.digest)
    request = RecordRequest(
        tree=files,
        module=module(),
        address=sqlite,
        engine=Engine.SQLITE,
        direction=RecordDirection.UPGRADE,
        to=(),
        python=made,
    )
    found = source.record(request)
    assert (found.error, found.failed) == ("", "")
    assert {item.revision for item in found.statements} >= {HEAD}
