"""Pulls as they stand now, and the authors of their commits."""

from __future__ import annotations

from workers.github.answers import Answer
from workers.github.client import RefusedError, surely
from workers.github.permissions import CREATE_PULL, PULL, PULL_COMMITS, PULLS
from workers.github.session import Session
from workers.ports import CommitAuthors, Pull, Repository

_COMMITS_CAP = 250  # https://docs.github.com/rest/pulls/pulls#list-commits-on-a-pull-request


class Pulls:
    """The part of `ports.Host` that knows pulls."""

    session: Session

    def pull(self, repository: Repository, number: int) -> Pull:
        """Read a pull afresh; one that was opened a moment ago is waited for."""
        return self.session.client.patiently(
            lambda: _pull(repository, self.session.call(PULL, repository, number=number))
        )

    def open_pulls(self, repository: Repository) -> tuple[Pull, ...]:
        """Every open pull."""
        return tuple(_pull(repository, item) for item in self.session.every(PULLS, repository, query={"state": "open"}))

    def commit_authors(self, repository: Repository, number: int) -> tuple[CommitAuthors, ...] | None:
        """The authors of a pull's commits as GitHub maps them; None where the list is cut."""
        found = self.session.every(PULL_COMMITS, repository, number=number)
        return None if len(found) >= _COMMITS_CAP else tuple(_authors(item) for item in found)

    def open_pull(self, repository: Repository, title: str, body: str, head_branch: str, base_branch: str) -> int:
        """Open a pull of ours; returns its number, also where it is open already."""

        def look() -> int | None:
            query = {"state": "open", "head": f"{repository.owner}:{head_branch}", "base": base_branch}
            found = self.session.every(PULLS, repository, query=query)
            return found[0].number("number") if found else None

        def write() -> int:
            sent = {"title": title, "body": body, "head": head_branch, "base": base_branch}
            return self.session.call(CREATE_PULL, repository, body=sent).number("number")

        try:
            return surely(write, look)
        except RefusedError:
            number = look()
            if number is None:
                raise
            return number


def _pull(repository: Repository, answer: Answer) -> Pull:
    """`head.repo` is null where the fork is gone, the user where the account is."""
    return Pull(
        repository=repository.id,
        number=answer.number("number"),
        title=answer.text("title"),
        open=answer.text("state") == "open",
        merged=answer.flag("merged") or answer.maybe_text("merged_at") != "",
        draft=answer.flag("draft"),
        base_branch=answer.text("base", "ref"),
        base=answer.text("base", "sha"),
        head_branch=answer.text("head", "ref"),
        head=answer.text("head", "sha"),
        head_repository=answer.maybe_number("head", "repo", "id"),
        author=answer.maybe_number("user", "id") or 0,
        author_login=answer.maybe_text("user", "login") or "ghost",
    )


def _authors(answer: Answer) -> CommitAuthors:
    return CommitAuthors(
        sha=answer.text("sha"),
        author=answer.maybe_number("author", "id"),
        author_login=answer.maybe_text("author", "login"),
        committer=answer.maybe_number("committer", "id"),
        parents=len(answer.items("parents")),
    )
