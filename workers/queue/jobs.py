"""What may stand in a job's bytes: one function with a message, and nothing else is ever taken out of Redis.

Whoever can write to Redis must not be able to run code in a worker. RQ's own jobs name any function, carry pickles,
callbacks and webhooks; ours name one function, and every other field that could make RQ import or send something is refused
before anything is decoded.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

import redis
import structlog
from rq import Queue
from rq.exceptions import NoSuchJobError
from rq.job import Job

from workers.messages import Message, decode
from workers.queue.routes import route_of

PERFORM = "workers.run.perform"
LONGEST_TEXT = 4_096
_LONGEST_DATA = LONGEST_TEXT * 7  # JSON writes one character as six in the worst case
KEPT_SECONDS = 600  # how long a finished job's id is remembered; the outbox remembers for good
FAILED_SECONDS = 7 * 24 * 3_600
# What is read of a job's hash. Time limits come from our table; the rest is of no use here.
_READ = (
    "data",
    "status",
    "origin",
    "description",
    "worker_name",
    "created_at",
    "enqueued_at",
    "started_at",
    "ended_at",
    "last_heartbeat",
)
# Fields that RQ writes empty; filled, they make a worker import, send, repeat or wait for something.
_NEVER_FILLED = (
    "success_callback_name",
    "failure_callback_name",
    "stopped_callback_name",
    "webhooks",
    "dependency_id",
    "dependency_ids",
    "group_id",
    "meta",
    "result",
    "retries_left",
    "retry_intervals",
    "number_of_retries",
    "repeats_left",
    "repeat_intervals",
    "rate_limit_key",
    "rate_limit_concurrency",
)

log = structlog.get_logger()


class RefusedJobError(NoSuchJobError):
    """Bytes in Redis that we did not write. RQ passes over a job that is not there, and so over this one."""


class MessageSerializer:
    """RQ's serializer: one function with a message's name and text, or the nothing that every job returns."""

    @staticmethod
    def dumps(value: Any) -> bytes:  # noqa: ANN401 -- RQ's protocol
        """Write RQ's job tuple. Raises TypeError for any other value: results and exceptions do not travel."""
        match value:
            case (str(function), None, (str(name), str(text)), {**rest}) if function == PERFORM and not rest:
                return json.dumps([function, None, [name, text], {}]).encode()
            case None:
                return b"null"
        raise TypeError("only messages are queued")

    @staticmethod
    def loads(data: bytes) -> Any:  # noqa: ANN401 -- RQ's protocol
        """Read it back. Raises ValueError for anything that `dumps` does not write."""
        if len(data) > _LONGEST_DATA:
            raise ValueError("too long for a message")
        try:
            value = json.loads(data)
        except RecursionError as error:
            raise ValueError("too deep for a message") from error
        match value:
            case [str(function), None, [str(name), str(text)], {**rest}] if function == PERFORM and not rest:
                if len(text) > LONGEST_TEXT:
                    raise ValueError("too long for a message")
                decode(name, text)
                return function, None, (name, text), {}
            case None:
                return None
        raise ValueError("not a message")


class MessageJob(Job):
    """RQ's job, read with suspicion; time limits come from our table, not from Redis."""

    @classmethod
    def fetch(cls, id: str, connection: redis.Redis | None = None, serializer: Any = None) -> Job:  # noqa: A002, ANN401
        """Read one job. Raises NoSuchJobError where there is none, or none of ours."""
        try:
            return super().fetch(id, connection=connection, serializer=serializer)
        except ValueError as error:  # an id that RQ would not give
            raise RefusedJobError("odd job id") from error

    def restore(self, raw_data: Mapping[Any, Any]) -> None:
        """Fill this job from its hash, or refuse all of it."""
        try:
            fields = {_text(key): value for key, value in raw_data.items()}
            _refuse_filled(fields)
            data = _unpacked(fields["data"])
            name = MessageSerializer.loads(data)[2][0]
            super().restore({key.encode(): fields[key] for key in _READ if key in fields} | {b"data": data})
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, zlib.error) as error:
            log.warning("job_refused", job=self.id, why=type(error).__name__)
            raise RefusedJobError("not a job of ours") from error
        self.timeout = route_of(name).seconds
        self.result_ttl = KEPT_SECONDS
        self.failure_ttl = FAILED_SECONDS

    @property
    def message(self) -> Message:
        """What this job is to do."""
        name, text = self.args
        return decode(name, text)


class MessageQueue(Queue):
    """RQ's queue of our jobs."""

    job_class: type[Job] = MessageJob


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _refuse_filled(fields: Mapping[str, Any]) -> None:
    if any(fields.get(name) for name in _NEVER_FILLED):
        raise ValueError("a field that we never fill")


def _unpacked(data: Any) -> bytes:  # noqa: ANN401 -- whatever Redis holds
    """Inflate at most what a message may need."""
    inflate = zlib.decompressobj()
    plain = inflate.decompress(data, _LONGEST_DATA + 1)
    if len(plain) > _LONGEST_DATA or not inflate.eof:
        raise ValueError("too long for a message")
    return plain
