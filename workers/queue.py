"""How messages travel through Redis: as a name and a JSON text of ids, and nothing else is ever taken out of it.

Whoever can write to Redis must not be able to run code in a worker. RQ's own jobs name any function, carry pickles,
callbacks and webhooks; ours name one function, and every other field that could make RQ import or send something is refused
before anything is decoded.
"""

from __future__ import annotations

import hashlib
import json
import uuid
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import redis
import structlog
from rq import Queue as RqQueue
from rq import Worker
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.intermediate_queue import IntermediateQueue
from rq.job import Job
from rq.registry import StartedJobRegistry

from workers.messages import (
    ApplyPlan,
    CheckDrift,
    ClosePull,
    CommitWorkdocs,
    Message,
    PlanPull,
    Reconcile,
    RecordApproval,
    RecoverRollout,
    Reply,
    RevokeApproval,
    Triage,
    decode,
    encode,
)

PERFORM = "workers.run.perform"
LONGEST_TEXT = 4_096
_LONGEST_DATA = LONGEST_TEXT * 7  # JSON writes one character as six in the worst case
KEPT_SECONDS = 600  # how long a finished job's id is remembered; the outbox remembers for good
FAILED_SECONDS = 7 * 24 * 3_600
MOST_REVIVALS = 2
_MOST_RUNNING = 8
_LATER = "schemagate:later"
_REVIVED = "-again"
# Fields of a job's hash that RQ writes empty; filled, they make a worker import, send, repeat or wait for something.
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


@dataclass(frozen=True, slots=True)
class Route:
    """Where a kind of message waits, and how many seconds its job may take."""

    message: type[Message]
    queue: str
    seconds: int


QUEUES = ("triage", "plan", "apply")
ROUTES = (
    Route(Triage, "triage", 300),
    Route(Reply, "triage", 300),
    Route(RevokeApproval, "triage", 300),
    Route(ClosePull, "triage", 600),
    Route(Reconcile, "triage", 600),
    Route(PlanPull, "plan", 1_800),
    Route(CheckDrift, "plan", 1_800),
    Route(RecordApproval, "apply", 1_800),
    Route(ApplyPlan, "apply", 8 * 3_600),  # statements have limits of their own; this one only ends what hangs
    Route(RecoverRollout, "apply", 1_800),
    Route(CommitWorkdocs, "apply", 600),
)


class RefusedJobError(NoSuchJobError):
    """Bytes in Redis that we did not write. RQ passes over a job that is not there, and so over this one."""


class MessageSerializer:
    """RQ's serializer: one function with a message's name and text. Nothing else is written, nothing else is read."""

    @staticmethod
    def dumps(value: Any) -> bytes:  # noqa: ANN401 -- RQ's protocol
        """Write RQ's job tuple. Raises TypeError for any other value: results and exceptions do not travel."""
        match value:
            case (str(function), None, (str(name), str(text)), {}) if function == PERFORM:
                return json.dumps([function, None, [name, text], {}]).encode()
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
            super().restore({**{key.encode(): value for key, value in fields.items()}, b"data": data})
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, zlib.error) as error:
            log.warning("job_refused", job=self.id, why=type(error).__name__)
            raise RefusedJobError("not a job of ours") from error
        self.timeout = _route(name).seconds
        self.result_ttl = KEPT_SECONDS
        self.failure_ttl = FAILED_SECONDS

    @property
    def message(self) -> Message:
        """What this job is to do."""
        name, text = self.args
        return decode(name, text)


class MessageQueue(RqQueue):
    """RQ's queue of our jobs."""

    job_class: type[Job] = MessageJob


class MessageWorker(Worker):
    """RQ's worker without its command channel, over which anybody in Redis could stop jobs."""

    def subscribe(self) -> None:
        """Listen to nobody."""


class RedisQueue:
    """Sends messages; fills the port `Queue`."""

    def __init__(self, connection: redis.Redis) -> None:
        self._connection = connection

    @classmethod
    def from_url(cls, url: str, wait: float = 5.0) -> RedisQueue:
        """Open a queue by its URL (`redis://`, `rediss://`, `unix://`); connects with the first message."""
        return cls(redis.Redis.from_url(url, socket_connect_timeout=wait, socket_timeout=wait))

    def send(self, message: Message, job_id: str | None = None, delay: float = 0) -> None:
        """Queue a message, or keep it for `delay` seconds first; a job id that Redis remembers is queued once.

        Without an id, one that says the same and still waits is enough: jobs read the present state when they begin.
        """
        name, text = encode(message)
        if len(text) > LONGEST_TEXT:
            raise ValueError("too long for a message")
        if delay > 0:
            entry = json.dumps([job_id, name, text])
            self._connection.zadd(_LATER, {entry: self._seconds() + delay}, nx=True)
        elif job_id := job_id or self._free_id(name, text):
            self._enqueue(job_id, name, text)

    def send_due(self) -> int:
        """Queue the delayed messages whose time has come; returns how many."""
        due: list[Any] = list(self._connection.zrangebyscore(_LATER, "-inf", self._seconds()))
        for entry in due:
            try:
                job_id, name, text = json.loads(entry)
                self.send(decode(name, text), job_id)
            except (ValueError, TypeError, RecursionError):
                log.warning("delayed_message_refused")
            self._connection.zrem(_LATER, entry)
        return len(due)

    def rescue(self) -> int:
        """Send again what dead workers left behind, each at most twice; returns how many.

        RQ notices a dead worker 60 to 65 seconds after its last heartbeat. Jobs read the present state of everything, so that a second run
        repeats nothing.
        """
        abandoned: list[Job] = []

        def collect(job: Job, *_: object) -> None:
            abandoned.append(job)

        for name in QUEUES:
            queue = self._queue(name)
            registry = StartedJobRegistry(queue=queue, job_class=MessageJob)
            registry.cleanup(exception_handlers=[collect])
            abandoned += self._stuck(queue, registry)
        return sum(bool(self.revive(job)) for job in abandoned)

    def revive(self, job: Job) -> str:
        """Send a job's message again under an id that counts its lives; empty where it had enough of them."""
        first, _, lives = job.id.partition(_REVIVED)
        count = int(lives or 0) + 1 if lives.isdigit() or not lives else MOST_REVIVALS + 1
        if not isinstance(job, MessageJob) or count > MOST_REVIVALS:
            log.error("job_given_up", job=job.id)
            return ""
        job_id = f"{first}{_REVIVED}{count}"
        self.send(job.message, job_id)
        log.warning("job_revived", job=job_id)
        return job_id

    def ready(self) -> bool:
        """Whether Redis answers."""
        try:
            return bool(self._connection.ping())
        except redis.RedisError:
            return False

    def worker(self, queue: str) -> Worker:
        """A worker for one queue: with several, RQ would lose what it holds between two lists when it is killed."""

        def revive(job: Job, *_: object) -> None:
            self.revive(job)

        return MessageWorker(
            [self._queue(queue)],
            connection=self._connection,
            job_class=MessageJob,
            queue_class=MessageQueue,
            serializer=MessageSerializer,
            default_result_ttl=KEPT_SECONDS,
            worker_ttl=30,
            maintenance_interval=30,
            job_monitoring_interval=5,
            log_job_description=False,
            work_horse_killed_handler=revive,
        )

    def _enqueue(self, job_id: str, name: str, text: str) -> None:
        route = _route(name)
        try:
            self._queue(route.queue).enqueue_call(
                PERFORM,
                args=(name, text),
                timeout=route.seconds,
                result_ttl=KEPT_SECONDS,
                failure_ttl=FAILED_SECONDS,
                description=name,
                job_id=job_id,
                unique=True,
            )
        except DuplicateJobError:
            log.debug("message_known", job=job_id)

    def _free_id(self, name: str, text: str) -> str:
        """An id made from what is said; empty where the same message waits already, another one while a job of it runs."""
        digest = hashlib.sha256(f"{name} {text}".encode()).hexdigest()[:32]
        for number in range(_MOST_RUNNING):
            job_id = f"m-{digest}-{number}"
            key = MessageJob.key_for(job_id)
            status = self._connection.hget(key, "status")
            if status == b"queued":
                return ""
            if status != b"started":
                self._connection.delete(key)
                return job_id
        return uuid.uuid4().hex

    def _stuck(self, queue: RqQueue, registry: StartedJobRegistry) -> list[Job]:
        """Jobs that a worker took and never began."""
        between = IntermediateQueue(queue.key, self._connection)
        found = []
        for job_id in between.get_job_ids():
            if job_id in registry or between.set_first_seen(job_id) or not between.should_be_cleaned_up(job_id):
                continue
            between.remove(job_id)
            if job := queue.fetch_job(job_id):
                found.append(job)
        return found

    def _queue(self, name: str) -> MessageQueue:
        return MessageQueue(name, connection=self._connection, serializer=MessageSerializer)

    def _seconds(self) -> float:
        """Redis' own clock, so that machines need not agree."""
        seconds, micros = self._connection.time()
        return float(seconds) + float(micros) / 1e6


def _route(name: str) -> Route:
    return next(route for route in ROUTES if route.message.__name__ == name)


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
