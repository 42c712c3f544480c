"""Installs the packages of Prisma's engine beside its program, by the hashes of their lock and without running their scripts."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from workers.sources.prisma.node import WHEEL, find_node
from workers.sources.prisma.process import PROGRAM

_WORDS = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")


def main(environment: Mapping[str, str]) -> int:
    """Say what was installed, or why nothing was."""
    node = find_node(environment.get("PATH", os.defpath))
    if node is None:
        print("There is no Node of version 24 or newer; install one, or `schemagate[embedded]`.", file=sys.stderr)
        return 1
    npm = npm_command(node.program, environment)
    if npm is None:
        print("There is no npm; install it beside Node, or `schemagate[embedded]`.", file=sys.stderr)
        return 1
    done = subprocess.run([*npm, *_WORDS], cwd=PROGRAM, env=dict(environment), check=False)
    if done.returncode != 0:
        print("Prisma's engine could not be installed; projects on Prisma are refused until it is.", file=sys.stderr)
        return 1
    print(f"Prisma's engine is installed; it runs on Node {node.version} ({node.origin})")
    return 0


def npm_command(node: Path, environment: Mapping[str, str]) -> list[str] | None:
    """The npm of the wheel, run by the Node that was found, else the system's."""
    spec = importlib.util.find_spec(WHEEL)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        script = Path(folder) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if script.exists():
            return [str(node), str(script)]
    found = shutil.which("npm", path=environment.get("PATH"))
    return [found] if found else None


if __name__ == "__main__":
    raise SystemExit(main(os.environ))
