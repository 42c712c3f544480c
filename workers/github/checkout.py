"""Commits and trees of a pull: what base and head hold, what their merge would hold, and who wrote what lies between."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workers.core.errors import ExpectedError
from workers.core.names import OBJECT_ID
from workers.core.refusals import RefusalCode
from workers.github.git import Git, checked
from workers.github.mirror import Mirrors, prepare
from workers.github.trees import GitTree
from workers.ports import Checkout, Repository, Tree

_MOST_COMMITS = 5_000


@dataclass(frozen=True, slots=True)
class MirrorCode:
    """`ports.Code` on mirrors of GitHub's repositories."""

    mirrors: Mirrors

    def checkout(self, repository: Repository, base: str, head: str) -> Checkout:
        """Fetch two commits and compute their merge result."""
        return _checkout(self.mirrors.with_commits(repository, (base, head)), base, head)

    def tree(self, repository: Repository, commit: str) -> Tree:
        """Fetch one commit and return its tree."""
        return _tree(self.mirrors.with_commits(repository, (commit,)), commit)

    def changed(self, repository: Repository, old: str, new: str) -> tuple[str, ...]:
        """Return the paths that differ between two commits or trees; what the mirror lacks is fetched."""
        git = self.mirrors.with_commits(repository, ())
        missing = tuple(oid for oid in (old, new) if not _holds(git, checked(oid)))
        return _changed(self.mirrors.with_commits(repository, missing), old, new)

    def authors(self, repository: Repository, base: str, head: str) -> tuple[str, ...]:
        """Return the commits of head that base lacks, clean merges left out, newest first."""
        return _authors(self.mirrors.with_commits(repository, (base, head)), base, head)


@dataclass(frozen=True, slots=True)
class LocalCode:
    """`ports.Code` on a repository of this machine, for the command line.

    It borrows the repository's objects through a bare repository of its own in `scratch` (an empty folder): nothing is written to the
    local one, and its hooks, filters, attributes and work tree are never looked at. Revisions may be names.
    """

    path: Path
    scratch: Path

    def checkout(self, repository: Repository, base: str, head: str) -> Checkout:
        """Compute the merge result of two revisions."""
        return _checkout(self._git(), self.resolve(base), self.resolve(head))

    def tree(self, repository: Repository, commit: str) -> Tree:
        """Return the tree of a revision."""
        return _tree(self._git(), self.resolve(commit))

    def changed(self, repository: Repository, old: str, new: str) -> tuple[str, ...]:
        """Return the paths that differ."""
        old, new = (oid if OBJECT_ID.fullmatch(oid) else self.resolve(oid) for oid in (old, new))
        return _changed(self._git(), old, new)

    def authors(self, repository: Repository, base: str, head: str) -> tuple[str, ...]:
        """Return the commits of head that base lacks."""
        return _authors(self._git(), self.resolve(base), self.resolve(head))

    def resolve(self, revision: str) -> str:
        """Return the commit that a name stands for. Raises ExpectedError(checkout_failed)."""
        ran = Git(self._git_dir()[0]).run(
            "rev-parse", "--quiet", "--verify", "--end-of-options", f"{revision}^{{commit}}", ok=(0, 1, 128)
        )
        if ran.code:
            raise ExpectedError(
                f"{revision} is no commit of {self.path}", "name a branch or a commit", RefusalCode.CHECKOUT_FAILED
            )
        return checked(ran.out.decode().strip())

    def _git(self) -> Git:
        git, theirs = Git(self.scratch), self._git_dir()[1]
        prepare(git)
        (self.scratch / "objects" / "info").mkdir(exist_ok=True)
        (self.scratch / "objects" / "info" / "alternates").write_text(f"{theirs / 'objects'}\n")
        if (theirs / "shallow").exists():
            (self.scratch / "shallow").write_bytes((theirs / "shallow").read_bytes())
        return git

    def _git_dir(self) -> tuple[Path, Path]:
        """The folder that HEAD lies in and the one that objects lie in; they differ in a linked work tree."""
        for folder in (self.path.resolve(), *self.path.resolve().parents):
            place = folder / ".git"
            if place.is_file():
                named = folder / place.read_text().removeprefix("gitdir:").strip()
                common = named / "commondir"
                return named, (named / common.read_text().strip() if common.exists() else named).resolve()
            for candidate in (place, folder):
                if (candidate / "HEAD").exists() and (candidate / "objects").is_dir():
                    return candidate, candidate
        raise ExpectedError(
            f"{self.path} is in no git repository", "name one with `--repo`", RefusalCode.CHECKOUT_FAILED
        )


def _checkout(git: Git, base: str, head: str) -> Checkout:
    bases = git.run("merge-base", base, head, ok=(0, 1))
    if bases.code:
        message = "base and head have no commit in common"
        raise ExpectedError(
            message,
            "rebase the branch on its base; a shallow clone needs `git fetch --unshallow`",
            RefusalCode.CHECKOUT_FAILED,
        )
    merged, conflicts = _merge(git, base, head)
    return Checkout(
        base=_tree(git, base),
        head=_tree(git, head),
        merge=GitTree(git, merged) if merged else None,
        conflicts=conflicts,
        merge_base=bases.out.decode().split()[0],
    )


def _merge(git: Git, base: str, head: str) -> tuple[str, tuple[str, ...]]:
    """Return the merge result's tree, or the paths in conflict. https://git-scm.com/docs/git-merge-tree."""
    ran = git.run(
        "merge-tree", "--write-tree", "--no-messages", "--name-only", "-z", checked(base), checked(head), ok=(0, 1)
    )
    oid, *names = ran.out.decode(errors="backslashreplace").split("\0")
    return ("", tuple(dict.fromkeys(name for name in names if name))) if ran.code else (checked(oid), ())


def _tree(git: Git, commit: str) -> GitTree:
    oid = git.run("rev-parse", "--verify", f"{checked(commit)}^{{tree}}").out.decode().strip()
    return GitTree(git, checked(oid), commit)


def _holds(git: Git, oid: str) -> bool:
    return git.directory.exists() and git.run("cat-file", "-e", oid, ok=(0, 1, 128)).code == 0


def _changed(git: Git, old: str, new: str) -> tuple[str, ...]:
    out = git.run(
        "diff-tree", "-r", "-z", "--name-only", "--no-renames", "--no-commit-id", checked(old), checked(new)
    ).out
    return tuple(path.decode(errors="backslashreplace") for path in out.split(b"\0") if path)


def _authors(git: Git, base: str, head: str) -> tuple[str, ...]:
    out = git.run(
        "rev-list", "--parents", f"--max-count={_MOST_COMMITS + 1}", checked(head), f"^{checked(base)}"
    ).out.decode()
    commits = [line.split() for line in out.splitlines()]
    if len(commits) > _MOST_COMMITS:
        message = f"the pull has more than {_MOST_COMMITS} commits of its own"
        raise ExpectedError(message, "rebase or split it", RefusalCode.TOO_LARGE)
    return tuple(commit for commit, *parents in commits if not _clean_merge(git, commit, parents))


def _clean_merge(git: Git, commit: str, parents: list[str]) -> bool:
    """Whether a merge commit holds nothing but what git itself would have merged."""
    if len(parents) != 2:
        return False
    ran = git.run(
        "merge-tree", "--write-tree", "--allow-unrelated-histories", "--no-messages", "-z", *parents, ok=(0, 1)
    )
    return ran.code == 0 and ran.out.decode().split("\0")[0].strip() == _tree(git, commit).oid
