"""A repository as GitHub shows it: its names, its branches' tips, single files, and which paths two commits differ in."""

from __future__ import annotations

from base64 import b64decode

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.github.client import NotFoundError
from workers.github.permissions import COMPARE, CONTENTS, REF
from workers.github.session import Session
from workers.ports import Repository

_COMPARE_CAP = 300  # https://docs.github.com/rest/commits/commits#compare-two-commits


class Repositories:
    """The part of `ports.Host` that reads repositories."""

    session: Session

    def repository(self, repository: int) -> Repository:
        """Return a repository of an installation of ours by numeric id."""
        return self.session.find(repository)

    def repositories(self, names: tuple[str, ...]) -> tuple[Repository, ...]:
        """Return those of these full names that the App is installed on."""
        found = (self.session.find_named(name) for name in names)
        return tuple(item for item in found if item is not None)

    def branch_tip(self, repository: Repository, branch: str) -> str:
        """Return the commit that a branch points to."""
        try:
            return self.session.call(REF, repository, ref=f"heads/{branch}").text("object", "sha")
        except NotFoundError:
            raise ExpectedError(f"there is no branch {branch}", "push it again", RefusalCode.CHECKOUT_FAILED) from None

    def paths_changed(self, repository: Repository, base: str, head: str) -> tuple[str, ...] | None:
        """Return the paths that differ between merge base and head; None where GitHub cut the list."""
        answer = self.session.call(COMPARE, repository, range=f"{base}...{head}", query={"per_page": 1})
        files = answer.items("files")
        if len(files) >= _COMPARE_CAP:
            return None
        names = {
            name for file in files for name in (file.text("filename"), file.maybe_text("previous_filename")) if name
        }
        return tuple(sorted(names))

    def file(self, repository: Repository, commit: str, path: str) -> bytes | None:
        """Return one file at a commit; None where there is none, or no file."""
        try:
            answer = self.session.call(CONTENTS, repository, path=path, query={"ref": commit})
        except NotFoundError:
            return None
        if answer.maybe_text("type") != "file":
            return None
        if answer.maybe_text("encoding") != "base64":
            raise ExpectedError(f"{path} is larger than GitHub hands out", "make it smaller", RefusalCode.TOO_LARGE)
        return b64decode(answer.text("content"))
