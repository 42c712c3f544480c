"""The queue on Redis and the one that tests use do the same."""

from __future__ import annotations

import pytest

from tests.contracts.queue import QueueContract
from tests.fakes.queue import FakeQueue
from tests.queue.reading import waiting
from workers.queue import QUEUES


class TestRedisQueue(QueueContract):
    @pytest.fixture
    def waits(self, connection):
        return lambda: {job.id: job.message for name in QUEUES for job in waiting(connection, name)}


class TestFakeQueue(QueueContract):
    @pytest.fixture
    def queue(self):
        return FakeQueue()

    @pytest.fixture
    def waits(self, queue):
        return lambda: dict(queue.sent)
