"""What happens by the clock: delayed messages become due, reconcile runs every half minute, targets are looked at every night."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Protocol

import structlog
from redis import RedisError

from workers.messages import CheckDrift, Message, Reconcile

RECONCILE_SECONDS = 30
DAY_SECONDS = 86_400
NIGHT_SECONDS = 2 * 3_600  # past midnight UTC
STEP_SECONDS = 1.0

log = structlog.get_logger()


class ScheduledQueue(Protocol):
    """The queue, as far as the clock needs it."""

    def send(self, message: Message, job_id: str | None = None, delay: float = 0) -> None:
        """Queue a message once for its job id."""
        ...

    def send_due(self) -> int:
        """Queue the delayed messages whose time has come."""
        ...


@dataclass(frozen=True, slots=True)
class Tick:
    """A message and the job id of its turn: several schedules at work send it once."""

    job_id: str
    message: Message


def run_schedule(
    queue: ScheduledQueue, repositories: Callable[[], tuple[int, ...]], now: Callable[[], float], stop: Event
) -> None:
    """Go on until `stop` is set. A queue that is down is tried again with the next step."""
    last = now() - RECONCILE_SECONDS
    while not stop.is_set():
        moment = now()
        try:
            step(queue, repositories, last, moment)
            last = moment
        except RedisError as error:
            log.warning("schedule_waits", error=type(error).__name__)
        stop.wait(STEP_SECONDS)


def step(queue: ScheduledQueue, repositories: Callable[[], tuple[int, ...]], last: float, now: float) -> None:
    """Send what became due after `last`, up to `now` (both in seconds since the epoch)."""
    queue.send_due()
    for tick in ticks(repositories, last, now):
        queue.send(tick.message, tick.job_id)


def ticks(repositories: Callable[[], tuple[int, ...]], last: float, now: float) -> tuple[Tick, ...]:
    """The turns that begin after `last` and not after `now`; of several missed ones only the newest."""
    found: list[Tick] = []
    turn = int(now // RECONCILE_SECONDS)
    if turn > int(last // RECONCILE_SECONDS):
        found.append(Tick(f"reconcile-{turn}", Reconcile()))
    night = int((now - NIGHT_SECONDS) // DAY_SECONDS)
    if night > int((last - NIGHT_SECONDS) // DAY_SECONDS):
        found += [Tick(f"drift-{night}-{number}", CheckDrift(repository=number)) for number in repositories()]
    return tuple(found)
