"""RQ's one entry point: a message becomes its job, and trouble becomes a comment, a later try, or an honest failure."""

from __future__ import annotations

import re
import resource
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import structlog
from rq import get_current_job
from sqlalchemy.exc import OperationalError

from workers import wiring
from workers.core.errors import ExpectedError, InterruptedWorkError
from workers.core.redact import redact
from workers.jobs.apply_plan import apply_plan
from workers.jobs.check_drift import check_drift
from workers.jobs.close_pull import close_pull
from workers.jobs.commit_workdocs import commit_workdocs
from workers.jobs.plan_pull import plan_pull
from workers.jobs.reconcile import reconcile
from workers.jobs.record_approval import record_approval
from workers.jobs.recover_rollout import recover_rollout
from workers.jobs.reply import reply
from workers.jobs.revoke_approval import revoke_approval
from workers.jobs.triage import triage
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
)
from workers.ports import Services

MOST_TRIES = 60
LONGEST_WAIT = 3_600.0
STATE_SECONDS = 15.0
MOST_MEMORY = 4 * 1024**3
MOST_CPU_SECONDS = 4 * 3_600
_NAMED = re.compile(r"(.*?)(?:-try(\d{1,4}))?(?:-again\d+)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class JobOf:
    """Which job a kind of message leads to."""

    message: type[Message]
    run: Callable[[Any, Services], None]


JOBS = (
    JobOf(Triage, triage),
    JobOf(PlanPull, plan_pull),
    JobOf(RecordApproval, record_approval),
    JobOf(RevokeApproval, revoke_approval),
    JobOf(ApplyPlan, apply_plan),
    JobOf(RecoverRollout, recover_rollout),
    JobOf(CommitWorkdocs, commit_workdocs),
    JobOf(CheckDrift, check_drift),
    JobOf(Reply, reply),
    JobOf(ClosePull, close_pull),
    JobOf(Reconcile, reconcile),
)

log = structlog.get_logger()


class BrokenJobError(Exception):
    """A job ended in a way that nobody expected. RQ stores its text, so it names the log's entry and nothing of what happened."""


class Telling(Protocol):
    """How trouble reaches the people of a pull; made by wiring."""

    def expected(self, message: Message, error: ExpectedError, services: Services) -> None:
        """Say in one comment what is in the way and what to do."""
        ...

    def apology(self, message: Message, job: str, services: Services) -> None:
        """Say in one short comment that something broke, with the job's id."""
        ...


def perform(name: str, text: str) -> None:
    """Do what a message says; RQ calls this in a process of its own."""
    limit_process()
    current = get_current_job()
    job = current.id if current else ""
    try:
        made = wiring.services()
    except Exception as error:  # noqa: BLE001 -- RQ stores what it is told, and this may speak of URLs
        log.error("services_broke", job=job, trace=redact(traceback.format_exc()))  # noqa: TRY400 -- redacted first
        raise BrokenJobError(f"{type(error).__name__}; the log has the rest under job {job}") from None
    attempt(decode(name, text), job, made, wiring.telling())


def attempt(message: Message, job: str, services: Services, telling: Telling, jobs: tuple[JobOf, ...] = JOBS) -> None:
    """Run the job of a message. Raises BrokenJobError for what nobody expected, after it was logged and said."""
    run = next(item.run for item in jobs if isinstance(message, item.message))
    with structlog.contextvars.bound_contextvars(job=job, message=type(message).__name__, **asdict(message)):
        try:
            _run(run, message, services, telling)
            services.inbox.mark_done(_name(job).first)
        except InterruptedWorkError as error:
            _later(message, job, error, services)
        except OperationalError:
            _later(message, job, InterruptedWorkError("the state does not answer", STATE_SECONDS), services)
        except Exception as error:  # noqa: BLE001 -- this is where every bug ends: logged, said, and told to RQ without its text
            log.error("job_broke", trace=redact(traceback.format_exc()))  # noqa: TRY400 -- the trace is redacted first
            _apologise(message, job, services, telling)
            raise BrokenJobError(f"{type(error).__name__}; the log has the rest under job {job}") from None


def limit_process() -> None:
    """Bound what this process and its children may take: memory of data, processor time, and no core files with secrets in them."""
    for what, most in (
        (resource.RLIMIT_DATA, MOST_MEMORY),
        (resource.RLIMIT_CPU, MOST_CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (limit, limit))


def _run(run: Callable[[Any, Services], None], message: Message, services: Services, telling: Telling) -> None:
    try:
        run(message, services)
        log.info("job_done")
    except ExpectedError as error:
        log.info("job_refused", code=error.code.value, why=redact(error.message))
        telling.expected(message, error, services)


def _later(message: Message, job: str, error: InterruptedWorkError, services: Services) -> None:
    """Queue the same message again under an id that counts the tries; work that never gets through ends as a failure."""
    name = _name(job)
    if name.tries >= MOST_TRIES:
        log.error("job_never_got_through", why=str(error))
        raise BrokenJobError(f"put off {MOST_TRIES} times; the log has the rest under job {job}")
    wait = min(max(error.after, 1.0), LONGEST_WAIT)
    log.info("job_put_off", why=str(error), seconds=wait)
    services.queue.send(message, f"{name.first}-try{name.tries + 1}" if name.first else None, delay=wait)
    with suppress(OperationalError):  # the outbox asks again too early then, and the queue knows the id
        services.inbox.mark_later(name.first, wait)


def _apologise(message: Message, job: str, services: Services, telling: Telling) -> None:
    """The apology must not hide the failure that it is about. A bug is not tried again by itself: it would apologise for ever."""
    try:
        telling.apology(message, job, services)
        services.inbox.mark_done(_name(job).first)
    except Exception:  # noqa: BLE001 -- whatever broke the job may break this as well
        log.error("apology_broke", trace=redact(traceback.format_exc()))  # noqa: TRY400 -- redacted first


@dataclass(frozen=True, slots=True)
class _JobName:
    first: str
    tries: int


def _name(job: str) -> _JobName:
    """The id under which the outbox knows a job, and how often it was put off; the lives that a rescue gave it do not count."""
    first, tries = _NAMED.fullmatch(job).groups(default="0")  # type: ignore[union-attr]  # it fits every text
    return _JobName(first, int(tries))
