"""Environments are built from wheels by hash, once per content, and nothing of a repository says from where."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sources.alembic.projects import HEAD, MemoryTree, module, shop, tree
from workers.core.errors import ExpectedError
from workers.core.names import Engine
from workers.core.refusals import RefusalCode
from workers.ports import PythonEnvironment, RecordDirection, RecordRequest, ScratchAddress
from workers.sources.alembic.dependencies import Form, dependency_files, stated
from workers.sources.alembic.environments import Environments, from_operator
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


@pytest.mark.sandbox
def test_requirements_without_a_lock_are_resolved_once_and_the_environment_runs_the_migrations(
    environments: Environments, source: AlembicSource, sqlite: ScratchAddress
):
    files = shop({"requirements.txt": "alembic>=1.14  # with SQLAlchemy\n"})
    made = environments.environment(files, files, module())
    assert made.note.startswith("dependencies resolved by us from `requirements.txt` of the default branch")
    assert "sha256 " in made.note
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
    assert HEAD in {item.revision for item in found.statements}
    _every_user_reads_and_none_but_us_writes(made.path)
    # A pull's own requirements are named and not installed.
    changed = environments.environment(
        files, shop({"requirements.txt": "evil @ https://example.org/evil.whl\n"}), module()
    )
    assert (changed.path, changed.digest) == (made.path, made.digest)
    assert "this pull changes `requirements.txt`" in changed.note


def _every_user_reads_and_none_but_us_writes(path: Path) -> None:
    modes = [item.stat().st_mode for item in path.rglob("*") if not item.is_symlink()]
    assert len(modes) > 500
    assert all(mode & stat.S_IROTH and not mode & (stat.S_IWOTH | stat.S_IWGRP) for mode in modes)
    assert [item.name for item in path.parent.iterdir() if item.name.startswith(".new")] == []


@pytest.mark.parametrize(
    "line",
    [
        "-e .",
        "-e git+https://example.org/x.git#egg=x",
        "--index-url https://user:hunter2@example.org/simple",
        "--extra-index-url=https://example.org/simple",
        "-i https://example.org/simple",
        "--find-links ./wheels",
        "--no-binary :all:",
        "--trusted-host example.org",
        "x @ https://user:hunter2@example.org/x.whl",
        "git+https://example.org/x.git",
        "./local",
        "../../etc/passwd",
        "file:///etc/passwd",
        "x==1.0 --config-settings=y",
        "x==1.0 --hash=md5:00000000000000000000000000000000",
        "${SECRET}",
        "x==${SECRET}",
        "-r https://example.org/requirements.txt",
        "-r ../../outside.txt",
        "-c /etc/passwd",
        "x; python_version > '3' --index-url=y",
        "x$(id)",
        "x`id`",
    ],
)
def test_a_line_that_names_more_than_a_package_is_refused_and_its_secret_not_shown(
    environments: Environments, line: str
):
    said = refusal(environments, tree({"requirements.txt": f"alembic\n{line}\n"}))
    assert "`requirements.txt`" in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "line",
    [
        "alembic",
        "alembic==1.14.0",
        "alembic >= 1.14, < 2",
        "alembic~=1.14  # why",
        "SQLAlchemy[asyncio]>=2.0",
        "psycopg[binary, pool] >=3.1; python_version >= '3.8' and sys_platform != \"win32\"",
        "alembic==1.14.0 \\\n    --hash=sha256:" + "0" * 64 + " \\\n    --hash=sha256:" + "1" * 64,
        "--require-hashes",
        "--only-binary :all:",
        "alembic (>=1.0)",
        "x==1.*",
    ],
)
def test_a_line_that_names_a_package_is_followed(line: str):
    stated(tree({"requirements.txt": f"{line}\nmako\n"}), module())


def test_included_files_of_the_repository_are_followed_and_never_in_a_circle(environments: Environments):
    files = tree(
        {
            "requirements.txt": "-r requirements/base.txt\n-c limits.txt\n",
            "requirements/base.txt": "mako\n",
            "limits.txt": "mako<2\n",
        }
    )
    found = stated(files, module())
    assert (found.text, found.constraints) == ("mako\n", "mako<2\n")
    circle = {"requirements.txt": "-r other.txt\nmako\n" * 1000, "other.txt": "-r requirements.txt\n" * 1000}
    assert set(stated(tree(circle), module()).text.split()) == {"mako"}
    many = {f"{number}.txt": f"-r {number + 1}.txt\n" for number in range(40)} | {"requirements.txt": "-r 0.txt\n"}
    assert "too many" in refusal(environments, tree(many))


def test_only_the_files_that_count_are_dependency_files():
    files = {
        "requirements.txt": "-r requirements/base.txt\n-r gone.txt\n",
        "requirements/base.txt": "mako\n",
        "pyproject.toml": PYPROJECT,
    }
    assert dependency_files(tree(files), module()) == ("requirements.txt", "requirements/base.txt", "gone.txt")
    assert dependency_files(tree(files | {"uv.lock": "version = 1\n"}), module()) == ("uv.lock",)
    circle = tree({"requirements.txt": "-r requirements.txt\n" * 3})
    assert dependency_files(circle, module()) == ("requirements.txt",)


def test_the_nearest_statement_counts_and_the_configs_own_before_all():
    files = {
        "requirements.txt": "root\n",
        "services/shop/requirements.txt": "near\n",
        "services/shop/deps/app.txt": "named\n",
    }
    assert stated(tree(files), module("services/shop")).text == "near\n"
    assert stated(tree(files), module("services/shop", requirements="deps/app.txt")).text == "named\n"
    assert stated(tree(files), module("services/other")).text == "root\n"
    both = files | {"services/shop/uv.lock": "version = 1\n", "services/shop/pyproject.toml": PYPROJECT}
    assert stated(tree(both), module("services/shop")).form is Form.UV_LOCK


def test_a_pyproject_states_its_dependencies_and_its_dev_group():
    text = PYPROJECT + '[dependency-groups]\ndev = ["psycopg[binary]>=3", {include-group = "lint"}]\n'
    assert stated(tree({"pyproject.toml": text}), module()).text == "alembic\npsycopg[binary]>=3\n"


def test_a_project_that_says_nothing_or_asks_for_no_alembic_is_refused_with_the_ways_out(environments: Environments):
    assert "says which packages" in refusal(environments, tree({"alembic.ini": "[alembic]\n"}))
    hashed = "mako==1.4.3 --hash=sha256:" + "0" * 64 + "\n"
    assert "`alembic`" in refusal(environments, tree({"requirements.txt": hashed}))
    poetry = '[tool.poetry.dependencies]\nalembic = "^1"\n'
    assert "says which packages" in refusal(environments, tree({"pyproject.toml": poetry}))


def test_an_environment_that_the_operator_names_is_used_as_it_is(
    environments: Environments, environment: PythonEnvironment
):
    files = tree({})
    found = environments.environment(files, files, module(python_environment=str(environment.path)))
    assert (found.path, "operator" in found.note) == (environment.path, True)
    (folder,) = environment.path.glob("lib/python3*/site-packages")
    marker = folder / "extra-1.dist-info"
    marker.mkdir()
    try:
        changed = environments.environment(files, files, module(python_environment=str(environment.path)))
    finally:
        marker.rmdir()
    assert changed.digest != found.digest
    assert "python_environment" in refusal(environments, files, python_environment="/nonexistent")


@pytest.mark.acceptance
def test_a_lock_of_uv_is_exported_without_its_addresses_and_installed_by_its_hashes(
    environments: Environments, tmp_path: Path
):
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    lock(environments, tmp_path)
    text = (tmp_path / "uv.lock").read_text()
    assert "://" in text
    elsewhere = re.sub(r'"[^"]*://[^/"]*', '"https://attacker.invalid', text)
    files = tree({"pyproject.toml": PYPROJECT, "uv.lock": elsewhere})
    made = environments.environment(files, files, module())
    assert made.note == "dependencies by the lock `uv.lock` of the default branch"
    assert [*made.path.glob("lib/python3*/site-packages/alembic/__init__.py")]
    wrong = tree({"pyproject.toml": PYPROJECT, "uv.lock": re.sub(r"sha256:[0-9a-f]{8}", "sha256:00000000", text)})
    assert "cannot be installed" in refusal(environments, wrong)


@pytest.mark.acceptance
def test_no_code_of_the_project_or_of_a_source_package_runs_while_dependencies_are_prepared(
    environments: Environments, tmp_path: Path
):
    trap = f"open({str(tmp_path / 'ran')!r}, 'w')\n"
    files = {"pyproject.toml": PYPROJECT, "setup.py": trap, "sitecustomize.py": trap, "alembic/__init__.py": trap}
    made = environments.environment(tree(files), tree(files), module())
    assert made.path.is_dir()
    assert not (tmp_path / "ran").exists()


def test_only_what_the_operator_may_say_reaches_uv():
    given = from_operator(
        {"UV_DEFAULT_INDEX": "x", "SCHEMAGATE_STATE_KEY": "secret", "PATH": "/bin", "HTTPS_PROXY": "y"}
    )
    assert dict(given) == {"UV_DEFAULT_INDEX": "x", "HTTPS_PROXY": "y"}


def test_what_uv_says_of_a_private_index_is_not_repeated(environments: Environments):
    given = (("UV_DEFAULT_INDEX", "http://user:hunter2@127.0.0.1:9/simple"), ("UV_HTTP_RETRIES", "0"))
    private = replace(environments, operator=given)
    files = tree({"requirements.txt": "alembic==1.14.1\n"})
    assert "hunter2" not in refusal(private, files)


def lock(environments: Environments, folder: Path) -> None:
    words = [str(environments.uv), "lock", "--no-config", "--quiet", "--directory", str(folder)]
    given = dict(environments.operator) | {"PATH": "/usr/bin:/bin", "HOME": str(folder), "UV_PYTHON": sys.executable}
    subprocess.run(words, env=given, check=True, timeout=120)
