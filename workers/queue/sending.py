"""How messages are sent, delayed, rescued from dead workers, and taken by living ones."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from typing import Any

import redis
import structlog
from rq import Queue, Worker, worker_registration
from rq.exceptions import DuplicateJobError
from rq.intermediate_queue import IntermediateQueue
from rq.job import Job, validate_job_id
from rq.registry import StartedJobRegistry
from rq.utils import now as utc_now

from workers.messages import Message, decode, encode
from workers.queue.jobs import (
    FAILED_SECONDS,
    KEPT_SECONDS,
    LONGEST_TEXT,
    PERFORM,
    MessageJob,
    MessageQueue,
    MessageSerializer,
)
from workers.queue.routes import QUEUES, route_of

MOST_REVIVALS = 2
_MOST_RUNNING = 8
_LATER = "schemagate:later"
_REVIVED = "-again"
_AT_WORK = re.compile(rb"[A-Za-z0-9_-]+:[A-Za-z0-9_-]+")

log = structlog.get_logger()


class MessageWorker(Worker):
    """RQ's worker without its command channel, over which anybody in Redis could stop jobs, and with our own rescue."""

    max_connection_wait_time = 5.0  # a Redis that comes back is asked again soon

    def subscribe(self) -> None:
        """Listen to nobody."""

    def clean_registries(self) -> None:
        """RQ would put abandoned jobs aside as failed."""
        RedisQueue(self.connection).rescue()
        for queue in self.queues:
            worker_registration.clean_worker_registry(queue)
        self.last_cleaned_at = utc_now()  # type: ignore[assignment]  # RQ declares it by its first value, None


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
        if job_id is not None:
            validate_job_id(job_id)
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
            self._throw_out_odd(registry.key)
            registry.cleanup(exception_handlers=[collect])
            abandoned += self._stuck(queue, registry)
            queue.finished_job_registry.cleanup()
            queue.failed_job_registry.cleanup()
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
        route = route_of(name)
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

    def _throw_out_odd(self, key: str) -> None:
        """Remove entries that RQ did not write: it would stumble over them with each rescue."""
        entries: list[Any] = list(self._connection.zrange(key, 0, -1))
        odd = [entry for entry in entries if not _AT_WORK.fullmatch(entry)]
        if odd:
            self._connection.zrem(key, *odd)

    def _stuck(self, queue: Queue, registry: StartedJobRegistry) -> list[Job]:
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
