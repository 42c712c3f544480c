"""The tools that we are measured beside, each pinned, installed below .cache/ and run as its own command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workers.core.names import Engine

PROJECT = Path(__file__).resolve().parents[2]
_CACHE = PROJECT / ".cache" / "bench"
_MIGRA = ("migra==3.0.1663481299", "sqlalchemy<2", "setuptools<80", "psycopg2-binary==2.9.10")
_PG_DELTA = "@supabase/pg-delta@1.0.0-alpha.34"
_PYTHON = (sys.executable, "-m")
_COMPLETE = ".complete"
_LONGEST = 300
_RUN_MIGRA = "import sys, migra; sys.exit(migra.do_command())"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A program that compares two URLs. `largest` is the number of tables up to which it is run; `ends` are its good exit codes."""

    name: str
    command: Callable[[str, str], tuple[str, ...]]
    engines: tuple[Engine, ...] = (Engine.POSTGRESQL, Engine.MARIADB, Engine.SQLITE)
    largest: int = 5000
    ends: tuple[int, ...] = (0,)


OURS = Tool(name="schemagate", command=lambda a, b: (*_PYTHON, "workers.cli", "diff", a, b), ends=(2,))
FLOOR = Tool(name="floor", command=lambda a, b: (*_PYTHON, "tests.bench.floor", a, b))


def unchanged(url: str, folder: Path) -> Tool:
    """Our comparison of a database with what was kept of it, when nothing has changed."""
    kept = folder / "kept.json"
    words = (*_PYTHON, "workers.cli", "snapshot", "--url", url, "--out", str(kept))
    subprocess.run(words, cwd=PROJECT, env={**os.environ, "SCHEMAGATE_DATA_DIR": str(folder)}, check=True, timeout=300)
    return Tool(name="unchanged", command=lambda a, _: (*_PYTHON, "workers.cli", "diff", str(kept), a))


def peers() -> tuple[Tool, ...]:
    """Those that can be had here; the others are named on stderr."""
    found = [
        Tool(
            name="alembic",
            command=lambda a, b: (*_PYTHON, "tests.bench.alembic_peer", a, b),
            largest=1000,
        )
    ]
    if python := _fetched("migra", _fetch_migra):
        found.append(
            Tool(
                name="migra",
                command=lambda a, b: (python, "-c", _RUN_MIGRA, "--unsafe", a, b),
                engines=(Engine.POSTGRESQL,),
                ends=(2, 3),
            )
        )
    if pg_delta := _fetched("pg-delta", _fetch_pg_delta):
        found.append(
            Tool(
                name="pg-delta",
                command=lambda a, b: ("node", pg_delta, "diff", "--source", a, "--desired", b),
                engines=(Engine.POSTGRESQL,),
                ends=(0, 1, 2),
            )
        )
    return tuple(found)


def _fetched(name: str, fetch: Callable[[Path], Path]) -> str:
    try:
        return str(fetch(_CACHE / name))
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or str(error).encode()
        reason = " ".join(said.decode(errors="replace").split())[-_LONGEST:]
        sys.stderr.write(f"{name} is left out, for it cannot be installed here: {reason}\n")
        return ""


def _fetch_migra(folder: Path) -> Path:
    """Its interpreter: a script's first line names where it was installed, which a moved checkout is no more."""
    python, uv = folder / "bin" / "python", str(Path(sys.executable).parent / "uv")
    if not (python.exists() and (folder / _COMPLETE).exists()):
        _run(uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
        _run(uv, "pip", "install", "--quiet", "--python", str(python), *_MIGRA)
        (folder / _COMPLETE).touch()
    return python


def _fetch_pg_delta(folder: Path) -> Path:
    program = folder / "node_modules" / "@supabase" / "pg-delta" / "dist" / "cli" / "main.js"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        npm = shutil.which("npm") or "npm"
        _run(npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts", _PG_DELTA)
    return program


def _run(*command: str) -> None:
    subprocess.run(command, env=dict(os.environ), check=True, capture_output=True, timeout=300)
