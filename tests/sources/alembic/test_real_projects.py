"""Published projects, installed from the index with pinned versions: their whole histories are recorded and go back."""

from __future__ import annotations

import pytest

from tests.sources.alembic.projects import SHOP, MemoryTree, module
from workers.core.config import Module
from workers.core.names import Engine
from workers.ports import PythonEnvironment, RecordDirection, Recording, RecordRequest, ScratchAddress
from workers.sources.alembic.environments import Environments
from workers.sources.alembic.source import AlembicSource

pytestmark = [pytest.mark.acceptance, pytest.mark.sandbox, pytest.mark.timeout(600)]


def project(environments: Environments, requirements: str, folder: str) -> tuple[MemoryTree, PythonEnvironment]:
    """A repository with the migrations of an installed package, as its user would have it."""
    needs = MemoryTree({"requirements.txt": requirements.encode()})
    made = environments.environment(needs, needs, module())
    (packages,) = made.path.glob("lib/python3*/site-packages")
    files = {
        f"alembic/{path.relative_to(packages / folder)}": path.read_bytes()
        for path in sorted((packages / folder).rglob("*"))
        if path.suffix in {".py", ".mako"}
    }
    return MemoryTree({**files, **needs.files, "alembic.ini": (SHOP / "alembic.ini").read_bytes()}), made


def recorded(
    source: AlembicSource, files: MemoryTree, python: PythonEnvironment, address: ScratchAddress, mod: Module, **more
) -> Recording:
    engine = Engine.SQLITE if address.url.startswith("sqlite") else Engine.POSTGRESQL
    request = RecordRequest(
        tree=files,
        module=mod,
        address=address,
        engine=engine,
        direction=RecordDirection.UPGRADE,
        to=(),
        python=python,
        **more,
    )
    return source.record(request)


@pytest.fixture(scope="module")
def optuna(environments: Environments) -> tuple[MemoryTree, PythonEnvironment]:
    return project(environments, "optuna==5.0.0\npsycopg2-binary\n", "optuna/storages/_rdb/alembic")


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_optuna(
    source: AlembicSource, optuna: tuple[MemoryTree, PythonEnvironment], engine: str, request: pytest.FixtureRequest
):
    files, python = optuna
    history = source.history(files, module())
    assert (history.problems, history.unreadable, len(history.revisions), len(history.heads)) == ((), (), 10, 1)
    found = recorded(source, files, python, request.getfixturevalue(engine), module(), declared=True, undo_to=())
    assert (found.error, found.failed) == ("", "")
    assert [item.id for item in history.revisions] == list(
        dict.fromkeys(filter(None, (item.revision for item in found.statements)))
    )
    # The revisions of this project that ask its own tables before they write.
    assert {item.revision for item in found.statements if item.read} == {
        "v1.3.0.a",
        "v2.4.0.a",
        "v3.0.0.a",
        "v3.0.0.b",
        "v3.0.0.c",
        "v3.0.0.d",
    }
    assert found.declared
    # A fault of the project's own: its way back does not run.
    assert found.undo is None
    assert found.undo_error.startswith("Revision v3.0.0.c: AttributeError")


def test_airflow(source: AlembicSource, environments: Environments, postgresql: ScratchAddress):
    needs = "apache-airflow-core==3.3.2\npsycopg2-binary\nasyncpg\n"
    files, python = project(environments, needs, "airflow/migrations")
    mod = module(
        url_variables=("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",), environment=(("AIRFLOW_HOME", "/tmp/airflow"),)
    )
    history = source.history(files, mod)
    assert (history.problems, history.unreadable, len(history.heads)) == ((), (), 1)
    found = recorded(source, files, python, postgresql, mod, declared=True)
    assert (found.error, found.failed) == ("", "")
    assert (found.declared, found.declared_error) == ((), "")
    names = list(dict.fromkeys(item.revision for item in found.statements if item.revision))
    assert names == [item.id for item in history.revisions]
    assert len(names) > 100
    # One transaction a revision, as airflow's env.py asks for.
    assert len({item.group for item in found.statements if item.revision}) >= len(names)
    reading = {item.revision for item in found.statements if item.read and item.revision}
    assert reading == {
        "1d6611b6ab7c",
        "55297ae24532",
        "7645189f3479",
        "808787349f22",
        "d59cbbef95eb",
        "e39a26ac59f6",
        "e812941398f4",
    }


def test_a_history_that_begins_after_create_all_says_what_it_misses(
    source: AlembicSource, environments: Environments, sqlite: ScratchAddress
):
    files, python = project(environments, "jupyterhub==6.1.1\n", "jupyterhub/alembic")
    history = source.history(files, module())
    assert (history.problems, len(history.revisions), len(history.heads)) == ((), 19, 1)
    found = recorded(source, files, python, sqlite, module())
    assert found.failed == "eeb276e51423"  # the first that is not empty
    assert "no such table: users" in found.error
