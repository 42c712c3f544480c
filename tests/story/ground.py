"""What all stories of a run stand on: a proven sandbox, one Python environment, and a database as the first commit leaves it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Protocol

from tests.story.house import House, open_house
from tests.story.shop import shop_files
from tests.story.targets import MariadbDatabase, PostgresDatabase, SqliteFile, Target
from workers.machine import Machine, find_machine
from workers.sandbox.runtime import python_runtime

# What the shop needs, from the environment that runs the tests.
PACKAGES = ("alembic", "sqlalchemy", "mako", "markupsafe", "typing_extensions", "psycopg", "psycopg-binary", "pymysql")
ON_POSTGRES = "postgresql+psycopg://localhost/shop"
ON_MARIADB = "mysql+pymysql://localhost/shop"


@dataclass(frozen=True, slots=True)
class Shop:
    """The shop's house with its targets by environment."""

    house: House
    targets: dict[str, Target]

    @property
    def prod(self) -> Target:
        """The database that all the fuss is about."""
        return self.targets["prod"]


class OpenShop(Protocol):
    """Opens the shop of one story, see `Ground.open_shop`."""

    def __call__(
        self,
        config: str = "",
        *,
        environments: tuple[str, ...] = ("prod",),
        server_rules: str = "approvers: from_repository",
        files: dict[str, str] | None = None,
        postgres: str = "",
        mariadb: MariadbDatabase | None = None,
        scratch: str = "",
    ) -> Shop:
        """The open shop."""
        ...


@dataclass(frozen=True, slots=True)
class Ground:
    """Made once a run; every story opens a house of its own on it."""

    machine: Machine
    python: Path
    template: Path

    def open_shop(
        self,
        folder: Path,
        config: str = "",
        *,
        environments: tuple[str, ...] = ("prod",),
        server_rules: str = "approvers: from_repository",
        files: dict[str, str] | None = None,
        postgres: str = "",
        mariadb: MariadbDatabase | None = None,
        scratch: str = "",
    ) -> Shop:
        """A shop whose targets have the first migration and no rows: files, or prod the empty database of that URL."""
        targets: dict[str, Target] = {name: self._target(folder, name) for name in environments}
        first = shop_files(config) if files is None else files
        if postgres:
            first = shop_files(config, ON_POSTGRES)
            targets["prod"] = PostgresDatabase(postgres)
            _migrate(folder / "by-hand", first, postgres.replace("postgresql://", "postgresql+psycopg://"))
        if mariadb is not None:
            first = shop_files(config, ON_MARIADB) | (files or {})
            targets["prod"] = mariadb
            _migrate(folder / "by-hand", first, mariadb.url.replace("mysql://", "mysql+pymysql://"))
        lines = ["repositories:", "  acme/shop:", "    modules:", "      shop:"]
        lines += [f"        python_environment: {self.python}", "        environments:"]
        server_rules += ', scratch: "env:SCRATCH_URL"' if scratch else ""
        lines += [f'          {name}: {{url: "env:{name.upper()}_URL", {server_rules}}}' for name in environments]
        variables = {f"{name.upper()}_URL": target.url for name, target in targets.items()} | {"SCRATCH_URL": scratch}
        house = open_house(folder, "\n".join(lines) + "\n", variables, first, machine=self.machine)
        return Shop(house, targets)

    def _target(self, folder: Path, name: str) -> SqliteFile:
        place = folder / name
        place.mkdir()
        shutil.copy(self.template, place / "shop.db")
        self.machine.identity.owns(place)
        return SqliteFile(place / "shop.db")


def make_ground(folder: Path) -> Ground:
    """Prove the sandbox, gather the packages, and make the first database with the stock tool."""
    machine = find_machine(folder, off=os.environ.get("SCHEMAGATE_SANDBOX") == "off")
    assert not machine.problem, machine.problem
    return Ground(machine, _python(machine), _template(folder / "template"))


def _python(machine: Machine) -> Path:
    """An environment made without an index: our own copies of what the shop needs."""
    runtime = python_runtime(machine.area, machine.identity, Path(sys.executable))
    place = machine.area / "shop-environment"
    words = [runtime.bin, "-m", "venv", "--without-pip", str(place)]
    subprocess.run(words, env=dict(runtime.environment), check=True, timeout=60)
    (packages,) = place.glob("lib/python3*/site-packages")
    for name in PACKAGES:
        for file in distribution(name).files or ():
            if file.parts[0] not in {"..", "__pycache__"} and file.suffix != ".pyc":
                (packages / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(str(file.locate()), packages / file)
    compiling = [runtime.bin, "-m", "compileall", "-q", str(packages)]
    subprocess.run(compiling, env=dict(runtime.environment), check=True, timeout=120)
    for found, _, _ in os.walk(place):
        Path(found).chmod(0o755)
    return place


def _template(folder: Path) -> Path:
    _migrate(folder, shop_files(), f"sqlite:///{folder / 'shop.db'}")
    return folder / "shop.db"


def _migrate(folder: Path, files: dict[str, str], url: str) -> None:
    """Bring a database to the project's head with the stock tool."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    environment = {"PATH": os.defpath, "DATABASE_URL": url, "PYTHONPATH": str(folder)}
    words = [sys.executable, "-m", "alembic", "upgrade", "head"]
    subprocess.run(words, cwd=folder, env=environment, check=True, capture_output=True, timeout=60)
