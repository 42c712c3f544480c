"""Git repositories of a test's own, in the folder that it names."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

_WHO = ("-c", "user.name=alice", "-c", "user.email=alice@example.com")


def commit(folder: Path, files: Mapping[str, str | None], branch: str = "main") -> str:
    """Write files (None removes one), commit them on a branch, and return the commit."""
    if not (folder / ".git").exists():
        folder.mkdir(parents=True, exist_ok=True)
        _git(folder, "init", "--quiet", "--initial-branch", "main")
    if branch != _git(folder, "branch", "--show-current"):
        _git(folder, "checkout", "--quiet", "-b", branch)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(text)
    _git(folder, "add", "--all")
    _git(folder, *_WHO, "commit", "--quiet", "--message", "change")
    return _git(folder, "rev-parse", "HEAD")


def _git(folder: Path, *words: str) -> str:
    ran = subprocess.run(
        ["git", "-C", str(folder), *words],
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"},
        capture_output=True,
        check=True,
        text=True,
    )
    return ran.stdout.strip()
