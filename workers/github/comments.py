"""The conversation of a pull: comments are written once, found again, and answered with reactions."""

from __future__ import annotations

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.github.answers import Answer
from workers.github.client import NotFoundError, surely
from workers.github.permissions import ALL_COMMENTS, COMMENT, COMMENTS, CREATE_COMMENT, EDIT_COMMENT, REACT
from workers.github.session import Session
from workers.ports import Comment, Reaction, Repository

LONGEST = 65_536  # characters; GitHub answers 422 to more


class Comments:
    """The part of `ports.Host` that reads and writes comments."""

    session: Session

    def comment(self, repository: Repository, comment: int) -> Comment | None:
        """Return one comment, None where it is gone."""
        try:
            return self._comment(self.session.call(COMMENT, repository, id=comment))
        except NotFoundError:
            return None

    def comments(self, repository: Repository, number: int) -> tuple[Comment, ...]:
        """Every comment of a pull, oldest first."""
        found = (self._comment(item) for item in self.session.every(COMMENTS, repository, number=number))
        return tuple(sorted(found, key=lambda item: item.id))

    def comments_since(self, repository: Repository, since: str) -> tuple[Comment, ...]:
        """Those of every issue and pull that were written or edited since then, oldest first."""
        found = (self._comment(item) for item in self.session.every(ALL_COMMENTS, repository, query={"since": since}))
        return tuple(sorted(found, key=lambda item: item.id))

    def post_comment(self, repository: Repository, number: int, body: str) -> Comment:
        """Write a comment. Where the answer is lost, our newest comment is looked at; it is never sent twice."""

        def look() -> Comment | None:
            ours = [item for item in self.comments(repository, number) if item.by_us]
            return ours[-1] if ours and _same(ours[-1].body, body) else None

        sent = {"body": _fitting(body)}
        return surely(
            lambda: self._comment(self.session.call(CREATE_COMMENT, repository, number=number, body=sent)), look
        )

    def edit_comment(self, repository: Repository, comment: int, body: str) -> None:
        """Replace a comment of ours."""

        def look() -> Comment | None:
            found = self.comment(repository, comment)
            return found if found and _same(found.body, body) else None

        sent = {"body": _fitting(body)}
        surely(lambda: self._comment(self.session.call(EDIT_COMMENT, repository, id=comment, body=sent)), look)

    def react(self, repository: Repository, comment: int, reaction: Reaction) -> None:
        """Put a reaction under a comment; a comment that is gone is no error."""
        try:
            self.session.call(REACT, repository, id=comment, body={"content": reaction.value})
        except NotFoundError:
            return

    def _comment(self, answer: Answer) -> Comment:
        created = answer.text("created_at")
        return Comment(
            id=answer.number("id"),
            author=answer.maybe_number("user", "id") or 0,
            author_login=answer.maybe_text("user", "login") or "ghost",
            by_us=self._by_us(answer),
            by_person=answer.maybe_text("user", "type") == "User",
            under=int(answer.maybe_text("issue_url").rpartition("/")[2] or 0),
            body=answer.maybe_text("body"),
            created_at=created,
            edited=answer.maybe_text("updated_at") > created,
            url=answer.maybe_text("html_url"),
        )

    def _by_us(self, answer: Answer) -> bool:
        """By the App's own account: a person who acts through the App is somebody else. GitHub may leave out which App it was."""
        if answer.maybe_text("user", "type") != "Bot":
            return False
        app = answer.maybe_number("performed_via_github_app", "id")
        return answer.maybe_text("user", "login") == self.session.login() if app is None else app == self.session.app_id


def _fitting(body: str) -> str:
    if len(body) > LONGEST:
        message = f"a comment of {len(body)} characters is longer than GitHub takes"
        raise ExpectedError(message, "read the whole in the checks of this pull", RefusalCode.TOO_LARGE)
    return body


def _same(one: str, other: str) -> bool:
    return one.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()
