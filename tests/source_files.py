"""The project's own Python files, read and parsed once for the tests that judge how they are written."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = ("bot", "workers", "deploy", "templates")
EVERYTHING = (*PRODUCT, "tests")
MATERIAL = ("deploy/demo/sample/", "tests/cases/", "tests/data/")  # written as other projects write it


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file: `path` from the root of the checkout, its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node

    @property
    def classes(self) -> Iterator[ast.ClassDef]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ClassDef):
                yield node

    @property
    def calls(self) -> Iterator[ast.Call]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield node


@cache
def modules(*folders: str) -> tuple[Module, ...]:
    """The committed and the new Python files below `folders`; nothing that git ignores."""
    files = (path for path in tracked() if path.endswith(".py") and not path.startswith(MATERIAL))
    found = (path for path in files if path.split("/")[0] in folders)
    return tuple(_read(path) for path in sorted(found))


@cache
def tracked() -> tuple[str, ...]:
    """Every file that git has or would take."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", "GIT_CONFIG_COUNT": "1"} | _trust_this_checkout(),
        capture_output=True,
        check=True,
    )
    names = listed.stdout.decode().split("\0")
    return tuple(name for name in names if name and (ROOT / name).is_file())


def _trust_this_checkout() -> dict[str, str]:
    """Git refuses a checkout that another user owns, as a container's volume often is."""
    return {"GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": str(ROOT)}


def _read(path: str) -> Module:
    text = (ROOT / path).read_text()
    return Module(path, text, ast.parse(text))
