"""Commits that we make, through the Git Data API so that GitHub signs them; a branch is moved without force or not at all."""

from __future__ import annotations

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.github.client import NotFoundError, RefusedError, surely
from workers.github.permissions import CREATE_BLOB, CREATE_COMMIT, CREATE_REF, CREATE_TREE, GIT_COMMIT, MOVE_REF, REF
from workers.github.session import Session
from workers.ports import CommitFile, Repository

_INLINE = 100_000  # characters that a tree entry may carry itself; more goes through a blob of its own


class Commits:
    """The part of `ports.Host` that writes to the repository."""

    session: Session

    def commit_files(
        self, repository: Repository, branch: str, parent: str, message: str, files: tuple[CommitFile, ...]
    ) -> str:
        """Make one commit on top of `parent` and move the branch to it; returns its id.

        Raises ExpectedError(checkout_failed) where the branch moved (its tip is not `parent` any more) or cannot be written.
        """
        if self._tip(repository, branch) != parent:
            raise _moved(branch)
        base = self.session.call(GIT_COMMIT, repository, sha=parent).text("tree", "sha")
        entries = [self._entry(repository, file) for file in files]
        tree = self.session.call(CREATE_TREE, repository, body={"base_tree": base, "tree": entries}).text("sha")
        # Neither author nor committer: with them GitHub would not sign.
        made = {"message": message, "tree": tree, "parents": [parent]}
        commit = self.session.call(CREATE_COMMIT, repository, body=made).text("sha")
        self._move(repository, branch, parent, commit)
        return commit

    def create_branch(self, repository: Repository, branch: str, commit: str) -> None:
        """Make a branch of ours; one that stands there already is no error."""

        def write() -> str:
            return self.session.call(CREATE_REF, repository, body={"ref": f"refs/heads/{branch}", "sha": commit}).text(
                "object", "sha"
            )

        try:
            surely(write, lambda: self._at(repository, branch, commit))
        except RefusedError:
            if self._at(repository, branch, commit) is None:
                raise

    def _entry(self, repository: Repository, file: CommitFile) -> dict[str, object]:
        entry: dict[str, object] = {"path": file.path, "mode": "100644", "type": "blob"}
        if len(file.text) <= _INLINE:
            return {**entry, "content": file.text}
        blob = self.session.call(CREATE_BLOB, repository, body={"content": file.text, "encoding": "utf-8"})
        return {**entry, "sha": blob.text("sha")}

    def _move(self, repository: Repository, branch: str, parent: str, commit: str) -> None:
        def write() -> str:
            sent = {"sha": commit, "force": False}
            return self.session.call(MOVE_REF, repository, ref=f"heads/{branch}", body=sent).text("object", "sha")

        try:
            surely(write, lambda: self._at(repository, branch, commit))
        except (RefusedError, NotFoundError) as error:
            if self._tip(repository, branch) not in {parent, commit}:
                raise _moved(branch) from None
            raise _unwritable(branch, error.message) from None

    def _tip(self, repository: Repository, branch: str) -> str | None:
        try:
            return self.session.call(REF, repository, ref=f"heads/{branch}").text("object", "sha")
        except NotFoundError:
            return None

    def _at(self, repository: Repository, branch: str, commit: str) -> str | None:
        return commit if self._tip(repository, branch) == commit else None


def _moved(branch: str) -> ExpectedError:
    message = f"the branch {branch} moved or is gone"
    return ExpectedError(
        message, "it is committed again on the new head, or on a branch of ours", RefusalCode.CHECKOUT_FAILED
    )


def _unwritable(branch: str, why: str) -> ExpectedError:
    advice = "let the App push to it, or set `workdocs_to: branch`"
    return ExpectedError(f"the branch {branch} cannot be written: {why}", advice, RefusalCode.CHECKOUT_FAILED)
