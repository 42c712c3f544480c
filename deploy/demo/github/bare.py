"""How a bare git repository on disk is read and written: one short-lived git process a question, argument lists only."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from deploy.demo.github.commits import LOG_FORMAT, Commit, parse_log
from deploy.demo.github.diffs import FileDiff, parse_diff

ZERO = "0" * 40
SETTINGS = """[uploadpack]
	allowFilter = true
	allowAnySHA1InWant = true
[http]
	receivepack = true
[receive]
	advertisePushOptions = false
[gc]
	auto = 0
[core]
	logAllRefUpdates = false
"""


class GitError(Exception):
    """Git said no; the text is what it wrote to standard error."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Who stands in a commit as author or committer, and when."""

    name: str
    email: str
    at: datetime

    def line(self) -> str:
        return f"{self.name} <{self.email}> {int(self.at.timestamp())} +0000"


@dataclass(frozen=True, slots=True)
class TreeEntry:
    mode: str
    type: str
    sha: str
    size: int | None
    path: str


def environment() -> dict[str, str]:
    """All that a git process sees: no settings of this machine or of its user."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ATTR_NOSYSTEM": "1",
    }


class BareRepo:
    """One bare repository; all methods name objects by full SHA or ref."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: Path, default_branch: str) -> BareRepo:
        path.parent.mkdir(parents=True, exist_ok=True)
        command = ["git", "init", "--quiet", "--bare", "--template=", f"--initial-branch={default_branch}", str(path)]
        subprocess.run(command, check=True, env=environment(), capture_output=True)
        with (path / "config").open("a", encoding="utf-8") as config:
            config.write(SETTINGS)
        return cls(path)

    def run(
        self, *args: str, stdin: bytes = b"", extra: Mapping[str, str] | None = None, ok: Sequence[int] = (0,)
    ) -> bytes:
        done = subprocess.run(
            ["git", "--git-dir", str(self.path), *args],
            input=stdin,
            capture_output=True,
            env=environment() | dict(extra or {}),
            check=False,
        )
        if done.returncode not in ok:
            raise GitError(done.stderr.decode("utf-8", "replace").strip())
        return done.stdout

    def text(self, *args: str, ok: Sequence[int] = (0,)) -> str:
        return self.run(*args, ok=ok).decode("utf-8", "surrogateescape").strip()

    # -- refs

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        lines = self.text("for-each-ref", "--format=%(objectname) %(refname)", prefix).splitlines()
        return {name: sha for sha, name in (line.split(" ", 1) for line in lines)}

    def resolve(self, revision: str) -> str | None:
        """The commit a branch, tag, ref or (full or short) SHA names; None when there is none such."""
        names = (f"refs/heads/{revision}", f"refs/tags/{revision}", revision)
        if revision.startswith("-") or ".." in revision or "@{" in revision:
            return None
        for name in names:
            sha = self.text(
                "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", ok=(0, 1, 128)
            )
            if sha:
                return sha.splitlines()[-1]
        return None

    def tip(self, branch: str) -> str | None:
        return self.text("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}", ok=(0, 1, 128)) or None

    def names_branch(self, branch: str) -> bool:
        """Whether git takes this as the name of a branch."""
        try:
            self.run("check-ref-format", f"refs/heads/{branch}")
        except GitError:
            return False
        return True

    def set_refs(self, changes: Iterable[tuple[str, str]]) -> None:
        """Sets each ref to a SHA, or deletes it where the SHA is empty, all or none."""
        lines = [f"update {ref} {sha}\n" if sha else f"delete {ref}\n" for ref, sha in changes]
        self.run("update-ref", "--stdin", stdin="".join(lines).encode())

    def fetch(self, other: BareRepo, revision: str) -> None:
        """Copies a commit and all it needs from another repository on this disk."""
        self.run("-c", "protocol.file.allow=always", "fetch", "--quiet", "--no-tags", str(other.path), revision)

    # -- objects

    def read(self, sha: str) -> tuple[str, bytes] | None:
        """Type and bytes of an object, or None."""
        out = self.run("cat-file", "--batch", stdin=f"{sha}\n".encode())
        head, _, rest = out.partition(b"\n")
        words = head.decode().split()
        if len(words) != 3:
            return None
        return words[1], rest[: int(words[2])]

    def write_blob(self, content: bytes) -> str:
        return self.run("hash-object", "-w", "--stdin", stdin=content).decode().strip()

    def tree(self, treeish: str, path: str = "", *, recursive: bool = False) -> tuple[TreeEntry, ...]:
        flags = ["-r", "-t"] if recursive else []
        where = [f"{path.strip('/')}/"] if path.strip("/") else []
        out = self.run("ls-tree", "-z", "--long", *flags, treeish, "--", *where)
        return tuple(_entry(line.decode("utf-8", "surrogateescape")) for line in out.split(b"\0") if line)

    def entry(self, treeish: str, path: str) -> TreeEntry | None:
        out = self.run("ls-tree", "-z", "--long", treeish, "--", path.strip("/"))
        lines = [line for line in out.split(b"\0") if line]
        return _entry(lines[0].decode("utf-8", "surrogateescape")) if lines else None

    def write_tree(self, base: str | None, entries: Iterable[tuple[str, str, str | None]]) -> str:
        """A tree made of `base` plus (mode, path, sha) entries; a sha of None removes the path."""
        with tempfile.TemporaryDirectory(prefix="index-") as folder:
            extra = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            if base:
                self.run("read-tree", base, extra=extra)
            lines = [f"0 {ZERO}\t{p}\0" if sha is None else f"{mode} {sha}\t{p}\0" for mode, p, sha in entries]
            self.run("update-index", "-z", "--index-info", stdin="".join(lines).encode(), extra=extra)
            return self.run("write-tree", extra=extra).decode().strip()

    def write_commit(
        self, tree: str, parents: Sequence[str], message: str, author: Signature, committer: Signature
    ) -> str:
        head = [
            f"tree {tree}",
            *(f"parent {p}" for p in parents),
            f"author {author.line()}",
            f"committer {committer.line()}",
        ]
        body = "\n".join(head) + "\n\n" + message
        return self.run("hash-object", "-w", "-t", "commit", "--stdin", stdin=body.encode()).decode().strip()

    def commit_files(
        self,
        parent: str | None,
        files: Mapping[str, bytes | None],
        message: str,
        author: Signature,
        committer: Signature,
    ) -> str:
        """A commit that changes whole files (None deletes one), made by one fast-import; no branch is moved for good."""
        ref = "refs/standin/import"
        return (
            self.run(
                "fast-import",
                "--quiet",
                "--force",
                stdin=_import_stream(ref, parent, files, message, author, committer),
            )
            .decode()
            .split()[0]
        )

    # -- questions about history

    def log(
        self, *revisions: str, limit: int | None = None, skip: int = 0, paths: Sequence[str] = ()
    ) -> tuple[Commit, ...]:
        """Commits in git's order, newest first."""
        bounds = [f"--skip={skip}"] + ([f"--max-count={limit}"] if limit is not None else [])
        out = self.run("log", "-z", f"--format={LOG_FORMAT}", *bounds, *revisions, "--", *paths)
        return parse_log(out.decode("utf-8", "surrogateescape"))

    def commit(self, sha: str) -> Commit:
        return self.log(sha, limit=1)[0]

    def count(self, revisions: str) -> int:
        return int(self.text("rev-list", "--count", revisions))

    def merge_base(self, one: str, other: str) -> str | None:
        return self.text("merge-base", one, other, ok=(0, 1)) or None

    def is_ancestor(self, old: str, new: str) -> bool:
        return self.merge_base(old, new) == old

    def merge_tree(self, base: str, head: str) -> str | None:
        """The tree of a clean merge, or None where there is a conflict."""
        out = self.text("merge-tree", "--write-tree", "--no-messages", base, head, ok=(0, 1))
        tree, _, conflicts = out.partition("\n")
        return None if conflicts else tree

    def diff(self, old: str | None, new: str) -> tuple[FileDiff, ...]:
        """What changed from one commit (None: from nothing) to another, with patches."""
        empty = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
        args = ("diff-tree", "-r", "-M", "--no-color", "--full-index", "--raw", "--numstat", "-p", "-z")
        return parse_diff(self.run(*args, old or empty, new).decode("utf-8", "replace"))


def _entry(line: str) -> TreeEntry:
    facts, _, path = line.partition("\t")
    mode, kind, sha, size = facts.split()
    return TreeEntry(mode, kind, sha, None if size == "-" else int(size), path)


def _import_stream(
    ref: str,
    parent: str | None,
    files: Mapping[str, bytes | None],
    message: str,
    author: Signature,
    committer: Signature,
) -> bytes:
    text = message.encode()
    parts = [
        f"reset {ref}\n\ncommit {ref}\nmark :1\nauthor {author.line()}\ncommitter {committer.line()}\ndata {len(text)}\n".encode(),
        text,
        b"\n",
        f"from {parent}\n".encode() if parent else b"",
    ]
    for path, content in files.items():
        quoted = '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'
        if content is None:
            parts.append(f"D {quoted}\n".encode())
        else:
            parts += [f"M 100644 inline {quoted}\ndata {len(content)}\n".encode(), content, b"\n"]
    parts.append(f"\nget-mark :1\nreset {ref}\nfrom {'0' * 40}\n\n".encode())
    return b"".join(parts)
