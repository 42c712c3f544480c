"""The inbox as workers see it: the texts that bot/ kept become messages again."""

from __future__ import annotations

from workers.messages import Heard, HeardKind, Message, decode, decode_heard
from workers.store.inbox import Inbox


class HeardInbox:
    """Fills the port `Inbox`."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def heard(self, delivery: str) -> Heard | None:
        """What a signed delivery said, None where none of that id was kept."""
        text = self._inbox.heard(delivery)
        return None if text is None else decode_heard(text)

    def was_heard(self, comment: int) -> bool:
        """Whether the signed delivery of a new comment was kept."""
        return any(decode_heard(text).kind is HeardKind.COMMENT for text in self._inbox.heard_of(comment))

    def forget(self, before: str) -> int:
        """Forget what was heard before a time and is done."""
        return self._inbox.forget(before)

    def unsent(self) -> tuple[tuple[str, Message], ...]:
        """(job id, message) of everything that was not sent, or that the queue may have lost since; oldest first."""
        return tuple((item.job_id, decode(item.name, item.text)) for item in self._inbox.undone())

    def mark_sent(self, job_id: str) -> None:
        """The queue has it."""
        self._inbox.mark_sent(job_id)

    def mark_later(self, job_id: str, seconds: float) -> None:
        """Its job waits so long for its next try."""
        self._inbox.mark_later(job_id, seconds)

    def mark_done(self, job_id: str) -> None:
        """Its job has ended."""
        self._inbox.mark_done(job_id)
