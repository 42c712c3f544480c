"""The outbox reaches the queue, in order, and nothing is lost on the way."""

from __future__ import annotations

import time

import pytest

from bot.dispatch import Dispatcher, send_outbox
from tests.fakes.queue import FakeQueue
from workers.messages import Message, Triage, encode
from workers.store.inbox import Delivery


def keep(inbox, guid: str, count: int = 1) -> None:
    messages = tuple(encode(Triage(repository=7, pull=number + 1)) for number in range(count))
    inbox.keep(Delivery(id=guid, body_hash=guid, repository=7, ref="", received_at="t", heard="{}"), messages)


class Failing(FakeQueue):
    """Fails with one message until it is mended."""

    def __init__(self, pull: int) -> None:
        super().__init__()
        self.pull = pull

    def send(self, message: Message, job_id: str | None = None, delay: float = 0) -> None:
        if isinstance(message, Triage) and message.pull == self.pull:
            raise ConnectionError
        super().send(message, job_id, delay)


def test_everything_is_sent_in_order(inbox, queue):
    keep(inbox, "one", 60)
    keep(inbox, "two", 60)
    assert send_outbox(inbox, queue) == 120
    assert list(queue.sent) == [f"{guid}-{number}" for guid in ("one", "two") for number in range(60)]
    assert send_outbox(inbox, queue) == 0


def test_what_was_sent_before_a_failure_is_not_sent_again(inbox):
    keep(inbox, "one", 3)
    queue = Failing(2)
    with pytest.raises(ConnectionError):
        send_outbox(inbox, queue)
    assert [item.job_id for item in inbox.unsent()] == ["one-1", "one-2"]
    queue.pull = 0
    assert send_outbox(inbox, queue) == 2
    assert list(queue.sent) == ["one-0", "one-1", "one-2"]


def test_the_dispatcher_outlives_a_queue_that_fails(inbox):
    queue = Failing(1)
    dispatcher = Dispatcher(inbox, queue)
    keep(inbox, "one")
    dispatcher.wake()
    time.sleep(0.1)
    queue.pull = 0
    dispatcher.wake()
    deadline = time.monotonic() + 10
    while not queue.sent and time.monotonic() < deadline:
        time.sleep(0.01)
    dispatcher.close()
    assert list(queue.sent) == ["one-0"]


def test_a_dispatcher_that_never_woke_can_be_closed(inbox, queue):
    Dispatcher(inbox, queue).close()
    assert queue.sent == {}
