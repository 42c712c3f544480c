"""A command that stands under a pull and was never delivered: it is not acted on, and its writer is asked to write it again."""

from __future__ import annotations

from datetime import UTC, datetime

from workers.core.names import command_word
from workers.ports import Comment, Pull, Repository, Services
from workers.rendering.comments import unheard
from workers.rendering.views import NoticeView

PATIENCE = 90.0  # a delivery may be on its way so long
EVERY = 60.0
# GitHub delivers again by hand for so long: https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks
LONGEST = 3 * 86_400.0


def ask_again(repository: Repository, pulls: tuple[Pull, ...], services: Services) -> None:
    """Look once through the comments that were written since the last look; the first look only begins to watch.

    What an edit added is no command and is passed over. A delivery that comes later still counts: it is signed, and the answer says so.
    """
    now = services.clock.now()
    read = services.store.comments_read(repository.id)
    if read > iso(now - PATIENCE - EVERY):
        return
    since, until = max(read, iso(now - LONGEST)), iso(now - PATIENCE)
    numbers = {item.number for item in pulls}
    for comment in services.host.comments_since(repository, since) if read and numbers else ():
        if comment.under in numbers and since <= comment.created_at < until and _is_unheard(comment, services):
            _ask(repository, comment, services)
    services.store.remember_repository(repository)
    services.store.note_comments_read(repository.id, until)


def iso(seconds: float) -> str:
    """A moment as GitHub writes it."""
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_unheard(comment: Comment, services: Services) -> bool:
    meant = comment.by_person and not comment.edited and command_word(comment.body)
    return bool(meant) and not services.inbox.was_heard(comment.id)


def _ask(repository: Repository, comment: Comment, services: Services) -> None:
    """Say it once: where a worker died before it noted how far it had looked, the answer stands there already."""
    said = (item.body for item in services.host.comments(repository, comment.under) if item.by_us)
    if any(f"({comment.url})" in body for body in said):
        return
    view = NoticeView(by=comment.author_login, subject=command_word(comment.body), comment_url=comment.url)
    services.host.post_comment(repository, comment.under, unheard(view))
