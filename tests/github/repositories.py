"""Local repositories with ordinary and with hostile histories, made by git's own plumbing."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Someone"), ("EMAIL", "someone@example.com"), ("DATE", "1700000000 +0000"))
}


@dataclass
class Made:
    path: Path

    @classmethod
    def at(cls, path: Path, *, bare: bool = True) -> Made:
        path.mkdir(parents=True)
        made = cls(path)
        made.git("init", "--quiet", "--initial-branch=main", *(["--bare"] if bare else []))
        return made

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_GLOBAL": "/dev/null", **WHO}
        done = subprocess.run(
            ["git", *arguments], cwd=self.path, input=stdin, env=environment, capture_output=True, check=True
        )
        return done.stdout.decode().strip()

    def blob(self, content: bytes) -> str:
        return self.git("hash-object", "-w", "--stdin", stdin=content)

    def tree(self, *rows: tuple[str, str, bytes]) -> str:
        """A tree of (mode, oid, name), without the checks that git itself would make."""
        body = b"".join(f"{mode} ".encode() + name + b"\0" + bytes.fromhex(oid) for mode, oid, name in rows)
        return self.git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", stdin=body)

    def commit(self, tree: str, *parents: str, message: str = "c") -> str:
        return self.git("commit-tree", tree, "-m", message, *(word for parent in parents for word in ("-p", parent)))

    def files(self, files: dict[str, bytes | str], *parents: str) -> str:
        """A commit that holds exactly these files."""
        index = self.path / "index.tmp"
        index.unlink(missing_ok=True)
        rows = "".join(f"100644 {self.blob(_bytes(text))}\t{name}\n" for name, text in files.items())
        environment = {"PATH": os.environ["PATH"], "GIT_INDEX_FILE": str(index), **WHO}
        argv = ["git", "update-index", "--add", "--index-info"]
        subprocess.run(argv, cwd=self.path, input=rows.encode(), env=environment, check=True)
        written = subprocess.run(["git", "write-tree"], cwd=self.path, env=environment, check=True, capture_output=True)
        return self.commit(written.stdout.decode().strip(), *parents)


def _bytes(text: bytes | str) -> bytes:
    return text.encode() if isinstance(text, str) else text
