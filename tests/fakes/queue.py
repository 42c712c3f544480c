"""A queue that remembers: once for each job id, as the real one does."""

from __future__ import annotations

from workers.messages import Message


class FakeQueue:
    """Fills the port `Queue`; `down` makes it raise as a Redis that is gone does."""

    def __init__(self) -> None:
        self.sent: dict[str, Message] = {}
        self.delays: dict[str, float] = {}
        self.down = False

    @property
    def messages(self) -> tuple[Message, ...]:
        return tuple(self.sent.values())

    def send(self, message: Message, job_id: str | None = None, delay: float = 0) -> None:
        if self.down:
            raise ConnectionError("the queue is down")
        job_id = job_id or f"job-{len(self.sent) + 1}"
        self.sent.setdefault(job_id, message)
        self.delays.setdefault(job_id, delay)

    def rescue(self) -> int:
        return 0

    def ready(self) -> bool:
        return not self.down
