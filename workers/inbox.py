"""The inbox as workers see it: the texts that bot/ kept become messages again."""

from __future__ import annotations

from workers.messages import Heard, Message, decode, decode_heard
from workers.store.inbox import Inbox


class HeardInbox:
    """Fills the port `Inbox`."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def heard(self, delivery: str) -> Heard | None:
        """What a signed delivery said, None where none of that id was kept."""
        text = self._inbox.heard(delivery)
        return None if text is None else decode_heard(text)

    def unsent(self) -> tuple[tuple[str, Message], ...]:
        """(job id, message) of everything that waits, oldest first."""
        return tuple((item.job_id, decode(item.name, item.text)) for item in self._inbox.unsent())

    def mark_sent(self, job_id: str) -> None:
        """The queue has it."""
        self._inbox.mark_sent(job_id)
