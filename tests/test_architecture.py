"""Who may import whom: the contracts hold, name what is there, and would notice if they were broken."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

from deploy.tools.import_contracts import KeptContract, OnlyContract
from tests.source_files import ROOT, modules

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONTRACTS = PROJECT["tool"]["importlinter"]["contracts"]


def test_everybody_imports_only_what_the_table_allows():
    linter = Path(sys.executable).parent / "lint-imports"
    ran = subprocess.run(
        [linter, "--no-logo", "--no-cache"],
        cwd=ROOT,
        env={"NO_COLOR": "1"},
        capture_output=True,
        check=False,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_module_that_a_contract_names_is_there():
    named = {
        name for contract in CONTRACTS for key in ("modules", "may_import", "only_in") for name in contract.get(key, ())
    }
    missing = [name for name in sorted(named) if not _is_there(name)]
    assert missing == []


def test_every_package_of_workers_is_under_a_contract():
    everywhere = {"run", "wiring", "machine", "cli", "console", "__init__"}  # where the parts are put together
    parts = {Path(module.path).parts[1].removesuffix(".py") for module in modules("workers")}
    bound = {name.split(".")[1] for contract in CONTRACTS for name in contract.get("modules", ()) if "." in name}
    assert parts - everywhere - bound == set()


@pytest.mark.parametrize(
    ("importer", "imported", "broken"),
    [
        ("workers.core.plan", "workers.core.names", False),
        ("workers.core.plan", "json", False),
        ("workers.core.plan", "os", True),
        ("workers.core.plan", "sqlalchemy", True),
        ("workers.core.plan", "workers.jobs.triage", True),
    ],
)
def test_the_contract_of_the_core_notices(importer, imported, broken):
    contract = next(contract for contract in CONTRACTS if contract["modules"] == ["workers.core"])
    checked = OnlyContract("core", {}, contract).check(_graph(importer, imported), verbose=False)
    assert checked.kept is not broken


@pytest.mark.parametrize(("importer", "broken"), [("workers.github.client", False), ("workers.jobs.triage", True)])
def test_the_contract_of_a_kept_package_notices(importer, broken):
    contract = next(contract for contract in CONTRACTS if "githubkit" in contract.get("packages", ()))
    checked = KeptContract("githubkit", {}, contract).check(_graph(importer, "githubkit"), verbose=False)
    assert checked.kept is not broken
    if broken:
        assert checked.metadata["broken"] == ["workers.jobs.triage:1 imports githubkit"]


def _graph(importer: str, imported: str) -> grimp.ImportGraph:
    graph = grimp.ImportGraph()
    graph.add_module(importer)
    graph.add_module(imported, is_squashed=not imported.startswith("workers."))
    graph.add_import(importer=importer, imported=imported, line_number=1, line_contents="")
    return graph


def _is_there(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").is_file()
