"""Published projects as their users have them: a pinned package, its migrations in a repository, and the tool that they come with."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from tests.sources.alembic.projects import SHOP, MemoryTree, module
from workers.core.names import SourceKind
from workers.machine import Machine, sources
from workers.ports import Revision

CONFIG = ".github/schemagate.yml"
APPROVERS = "approvers: from_repository"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What is installed, where its migrations lie in it, and where its `env.py` looks for a URL, if not in the ini."""

    name: str
    needs: str
    folder: str
    url_variable: str = "DATABASE_URL"
    environment: tuple[tuple[str, str], ...] = ()


OPTUNA = Project(name="optuna 5.0.0", needs="optuna==5.0.0\npsycopg2-binary\n", folder="optuna/storages/_rdb/alembic")
AIRFLOW = Project(
    name="apache-airflow-core 3.3.2",
    needs="apache-airflow-core==3.3.2\npsycopg2-binary\nasyncpg\n",
    folder="airflow/migrations",
    url_variable="AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
    environment=(("AIRFLOW_HOME", "/tmp/airflow"),),
)
QUETZ = Project(name="quetz-server 0.10.4", needs="quetz-server==0.10.4\n", folder="quetz/migrations")
CINDER = Project(name="cinder 29.0.0", needs="cinder==29.0.0\npymysql\n", folder="cinder/db/migrations")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A project with the environment that the bot built for it: `files` of a repository at head, `revisions` from the first to the last."""

    project: Project
    python: Path
    files: dict[str, str]
    revisions: tuple[Revision, ...]

    def until(self, revision: str) -> dict[str, str]:
        """The repository as it was when that revision was the newest; "" for before the first."""
        names = [item.id for item in self.revisions]
        later = self.revisions[names.index(revision) + 1 :] if revision else self.revisions
        absent = {item.path for item in later}
        return {path: text for path, text in self.files.items() if path not in absent}

    def between(self, after: str, until: str) -> dict[str, str | None]:
        """The files of a pull that brings what lies between two revisions."""
        before = self.until(after)
        return {path: text for path, text in self.until(until).items() if path not in before}

    def stock(self, folder: Path, url: str, *words: str) -> str:
        """Run the project's own Alembic on a database, outside of the bot; what it printed."""
        for path, text in self.files.items():
            place = folder / "stock" / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        # Its SQLAlchemy would take another driver by default than the one it brings.
        named = url.replace("postgresql://", "postgresql+psycopg2://").replace("mysql://", "mysql+pymysql://")
        ini = folder / "stock" / "alembic.ini"
        ini.write_text(ini.read_text().replace("driver://user:pass@localhost/shop", named.replace("%", "%%")))
        variables = {"PATH": os.defpath, "HOME": str(folder), self.project.url_variable: named}
        variables |= dict(self.project.environment) | {"PYTHONWARNINGS": "ignore"}
        answer = subprocess.run(
            # The folder of migrations must not stand in for the package of that name (-P).
            [str(self.python / "bin" / "python"), "-P", "-m", "alembic", *words],
            cwd=folder / "stock",
            env=variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert answer.returncode == 0, answer.stderr[-2000:]
        return answer.stdout


def install(project: Project, machine: Machine) -> Installed:
    """Let the bot's own source build the environment, and take the migrations from what it installed."""
    source = next(item for item in sources(machine) if item.kind is SourceKind.ALEMBIC)
    needs = MemoryTree({"requirements.txt": project.needs.encode()})
    python = source.environment(needs, needs, module())
    (packages,) = python.path.glob("lib/python3*/site-packages")
    files = {
        f"alembic/{path.relative_to(packages / project.folder)}": path.read_text()
        for path in sorted((packages / project.folder).rglob("*"))
        if path.suffix in {".py", ".mako"}
    }
    files |= {"requirements.txt": project.needs, "alembic.ini": (SHOP / "alembic.ini").read_text()}
    history = source.history(MemoryTree({path: text.encode() for path, text in files.items()}), module())
    assert (history.problems, history.unreadable, len(history.heads)) == ((), (), 1)
    whole = Installed(project=project, python=python.path, files=files, revisions=history.revisions)
    return replace(whole, files={**files, CONFIG: _config(project)})


def _config(project: Project) -> str:
    pairs = ", ".join(f"{name}: {value}" for name, value in project.environment)
    return (
        "version: 1\nmodules:\n  - id: shop\n    source: alembic\n"
        f"    alembic: {{url_variables: [{project.url_variable}], environment: {{{pairs}}}}}\n"
        '    environments:\n      prod: {approvers: ["@bob"]}\n'
    )
