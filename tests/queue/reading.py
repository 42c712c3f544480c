"""What waits in a queue, and workers that take it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from types import ModuleType

from workers.queue import MessageJob, MessageQueue, MessageSerializer, RedisQueue


def waiting(connection, name: str) -> list[MessageJob]:
    queue = MessageQueue(name, connection=connection, serializer=MessageSerializer)
    return [job for job in queue.get_jobs() if isinstance(job, MessageJob)]


def fetched(connection, job_id: str) -> MessageJob:
    job = MessageJob.fetch(job_id, connection=connection, serializer=MessageSerializer)
    assert isinstance(job, MessageJob)
    return job


def forked(connection, name: str, perform: Callable[[str, str], None] | None = None) -> None:
    """Let a worker, in a process of its own as in service, do everything that waits; `perform` takes the place of the real entry point there."""
    child = os.fork()
    if child == 0:
        try:
            if perform:
                sys.modules["workers.run"] = stand_in(perform)
            RedisQueue(connection).worker(name).work(burst=True, logging_level="CRITICAL")
        finally:
            os._exit(0)
    deadline = time.monotonic() + 60
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() > deadline:
            os.kill(child, 9)
            os.waitpid(child, 0)
            raise AssertionError("the worker did not end")
        time.sleep(0.02)


def stand_in(perform: Callable[[str, str], None]) -> ModuleType:
    """A module in the place of the real entry point, for a child process."""
    module = ModuleType("workers.run")
    module.__dict__["perform"] = perform
    return module


def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.05)
