"""A queue on a real Redis, and a worker that plays in this process."""

from __future__ import annotations

import pytest

from workers.queue import RedisQueue


@pytest.fixture
def connection(redis_server):
    client = redis_server.client()
    yield client
    client.close()


@pytest.fixture
def queue(connection):
    return RedisQueue(connection)
