"""How the outbox reaches the queue right after an answer: in a thread of its own, so that no request waits for Redis."""

from __future__ import annotations

from threading import Event, Lock, Thread
from typing import Protocol

import structlog

from workers.messages import Message, decode
from workers.store.inbox import Inbox, Outgoing

_BATCH = 50

log = structlog.get_logger()


class Sending(Protocol):
    """The queue, as far as this service uses it."""

    def send(self, message: Message, job_id: str | None = None, delay: float = 0) -> None:
        """Queue a message once for its job id."""
        ...

    def ready(self) -> bool:
        """Whether the queue answers."""
        ...


def send_outbox(inbox: Inbox, queue: Sending) -> int:
    """Send what is not sent yet, in order; returns how many. Whatever the queue raises goes to the caller, and nothing is lost."""
    count = 0
    while batch := inbox.unsent(_BATCH):
        count += _send(batch, inbox, queue)
    return count


class Dispatcher:
    """Wakes for each kept delivery. It tries once: what stays behind is swept by the next delivery or by `reconcile`."""

    def __init__(self, inbox: Inbox, queue: Sending) -> None:
        self._inbox = inbox
        self._queue = queue
        self._wanted = Event()
        self._stopping = Event()
        self._lock = Lock()
        self._thread: Thread | None = None

    def wake(self) -> None:
        """Send soon. The thread starts with the first call, because a server forks after it has loaded the application."""
        self._wanted.set()
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._run, name="outbox", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End the thread after the sweep it is at."""
        self._stopping.set()
        self._wanted.set()
        if self._thread:
            self._thread.join()

    def sweep(self) -> None:
        """Send now; a queue that is down is logged and left to the next sweep."""
        try:
            send_outbox(self._inbox, self._queue)
        except Exception as error:  # noqa: BLE001 -- this thread must outlive whatever a driver raises; the outbox is durable
            log.warning("outbox_waits", error=type(error).__name__)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wanted.wait()
            self._wanted.clear()
            self.sweep()


def _send(batch: tuple[Outgoing, ...], inbox: Inbox, queue: Sending) -> int:
    """Note them all in one commit: one that was sent and not noted is sent again under the same job id, and that is queued once."""
    sent: list[str] = []
    try:
        for item in batch:
            queue.send(decode(item.name, item.text), item.job_id)
            sent.append(item.job_id)
    finally:
        if sent:
            inbox.mark_sent(*sent)
    return len(sent)
