"""Our bare copy of a repository: one folder an id, fetched by commit id over HTTP, one fetch at a time."""

from __future__ import annotations

import fcntl
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workers.core.errors import ExpectedError, InterruptedWorkError
from workers.core.refusals import RefusalCode
from workers.github.git import Git, Header, Limits, checked
from workers.ports import Repository

_FULL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}/[A-Za-z0-9._-]{1,100}")
_FETCH = Limits(seconds=600, bytes=4 * 1024**3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrors:
    """All mirrors below `folder`. `token` gives an installation token that reads one repository; `patience` is in seconds."""

    folder: Path
    server_url: str
    token: Callable[[Repository], str]
    environment: tuple[tuple[str, str], ...] = ()
    patience: float = 60
    fetch_limits: Limits = _FETCH

    def with_commits(self, repository: Repository, commits: tuple[str, ...]) -> Git:
        """Return the mirror with these commits and their whole history in it. Raises ExpectedError(checkout_failed)."""
        git = Git(self.folder / f"{repository.id:d}.git", self.environment)
        wanted = tuple(dict.fromkeys(checked(commit) for commit in commits))
        if all(_kept(git, commit) for commit in wanted):
            return git
        with self._alone(git.directory):
            prepare(git)
            missing = [commit for commit in wanted if not _kept(git, commit)]
            if missing:
                self._fetch(git, repository, missing)
        return git

    def _fetch(self, git: Git, repository: Repository, commits: list[str]) -> None:
        if _FULL_NAME.fullmatch(repository.full_name) is None:
            raise ExpectedError(
                "the repository's name cannot be part of a URL", "rename it", RefusalCode.CHECKOUT_FAILED
            )
        server = self.server_url.rstrip("/")
        flags = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--no-recurse-submodules")
        keep = [f"+{commit}:{_keeping(commit)}" for commit in commits]
        header = Header(server, self.token(repository))
        git.run("fetch", *flags, f"{server}/{repository.full_name}.git", *keep, limits=self.fetch_limits, header=header)

    @contextmanager
    def _alone(self, directory: Path) -> Iterator[None]:
        """Hold the mirror's lock; what a killed fetch left behind is removed under it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with directory.with_suffix(".lock").open("ab") as file:
            end = time.monotonic() + self.patience
            while not _locked(file.fileno()):
                if time.monotonic() > end:
                    raise InterruptedWorkError("another worker is fetching this repository", after=10)
                time.sleep(0.05)
            for left in (
                *directory.glob("*.lock"),
                *directory.glob("refs/**/*.lock"),
                *directory.glob("objects/pack/tmp_*"),
            ):
                left.unlink(missing_ok=True)
            yield


def prepare(git: Git) -> None:
    """Make the bare repository where there is none; one that was half made is completed."""
    if not (git.directory / "config").exists() or not (git.directory / "HEAD").exists():
        git.directory.parent.mkdir(parents=True, exist_ok=True)
        git.run("init", "--quiet", "--bare", "--template=", "--initial-branch=none")


_FATAL = 128  # what git says of a mirror that another worker is making at this moment


def _kept(git: Git, commit: str) -> bool:
    """Whether a fetch that brought this commit has ended: the reference is written last."""
    if not (git.directory / "HEAD").exists():
        return False
    asked = git.run("rev-parse", "--quiet", "--verify", f"{_keeping(commit)}^{{commit}}", ok=(0, 1, _FATAL))
    return asked.code == 0


def _keeping(commit: str) -> str:
    return f"refs/keep/{commit}"


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
