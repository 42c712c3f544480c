"""A queue that remembers: once for each job id, as the real one does."""

from __future__ import annotations

import re

from workers.messages import Message

JOB_ID = re.compile(r"[A-Za-z0-9_-]+")


class FakeQueue:
    """Fills the port `Queue`; `down` makes it raise as a Redis that is gone does. Delayed messages are in `later` until `go_on`."""

    def __init__(self) -> None:
        self.sent: dict[str, Message] = {}
        self.later: list[tuple[float, str, Message]] = []
        self.down = False

    @property
    def messages(self) -> tuple[Message, ...]:
        return tuple(self.sent.values())

    def send(self, message: Message, job_id: str | None = None, delay: float = 0) -> None:
        if self.down:
            raise ConnectionError("the queue is down")
        if job_id is not None and not JOB_ID.fullmatch(job_id):
            raise ValueError("odd job ID")
        if delay > 0:
            self.later.append((delay, job_id or "", message))
        elif job_id:
            self.sent.setdefault(job_id, message)
        else:
            self._send_unnamed(message)

    def rescue(self) -> int:
        return 0

    def ready(self) -> bool:
        return not self.down

    def take(self) -> Message:
        """The message that waits longest; it waits no more."""
        return self.sent.pop(next(iter(self.sent)))

    def go_on(self) -> None:
        """Let every delay pass."""
        waiting, self.later = sorted(self.later, key=lambda item: item[0]), []
        for _, job_id, message in waiting:
            self.send(message, job_id or None)

    def _send_unnamed(self, message: Message) -> None:
        same = [job_id for job_id, known in self.sent.items() if job_id.startswith("m-") and known == message]
        if not same:
            self.sent[f"m-{len(self.sent)}-{id(message)}"] = message
