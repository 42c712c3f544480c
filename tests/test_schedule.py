"""What happens by the clock."""

from __future__ import annotations

import itertools
from threading import Event, Thread

from redis import ConnectionError as RedisConnectionError

from tests.fakes.queue import FakeQueue
from workers.messages import CheckDrift, Reconcile
from workers.schedule import DAY_SECONDS, NIGHT_SECONDS, RECONCILE_SECONDS, Tick, run_schedule, step, ticks

NIGHT = 20_000 * DAY_SECONDS + NIGHT_SECONDS
NOON = NIGHT + DAY_SECONDS // 2


def repositories() -> tuple[int, ...]:
    return (7, 8)


class ScheduledFake(FakeQueue):
    def __init__(self) -> None:
        super().__init__()
        self.steps = 0

    def send_due(self) -> int:
        self.steps += 1
        if self.steps == 1:
            raise RedisConnectionError
        return 0


def test_reconcile_runs_every_half_minute():
    moments = [NOON + seconds for seconds in range(0, 95, 5)]
    found = [tick for last, now in itertools.pairwise(moments) for tick in ticks(repositories, last, now)]
    assert [tick.message for tick in found] == [Reconcile()] * 3
    assert len({tick.job_id for tick in found}) == 3


def test_missed_turns_are_not_made_up_for():
    assert len(ticks(repositories, NOON, NOON + 10 * RECONCILE_SECONDS)) == 1


def test_targets_are_looked_at_once_a_night():
    found = ticks(repositories, NIGHT - 1, NIGHT)
    assert Tick("drift-20000-7", CheckDrift(repository=7)) in found
    assert len([tick for tick in found if isinstance(tick.message, CheckDrift)]) == 2
    assert not any(isinstance(tick.message, CheckDrift) for tick in ticks(repositories, NIGHT, NIGHT + DAY_SECONDS - 1))


def test_two_schedules_at_work_send_each_turn_once():
    queue = ScheduledFake()
    queue.steps = 1
    for late in (0.0, 0.4):
        step(queue, repositories, NIGHT - 1 + late, NIGHT + late)
    assert sorted(type(message).__name__ for message in queue.messages) == ["CheckDrift", "CheckDrift", "Reconcile"]


def test_it_begins_with_reconcile_and_goes_on_when_the_queue_was_down():
    queue, stop = ScheduledFake(), Event()
    clock = iter([NOON, NOON + 1, NOON + 2])

    def now() -> float:
        moment = next(clock, None)
        if moment is None:
            stop.set()
        return moment or NOON + 3

    thread = Thread(target=run_schedule, args=(queue, repositories, now, stop))
    thread.start()
    thread.join(timeout=20)
    assert not thread.is_alive()
    assert queue.steps >= 2
    assert queue.messages == (Reconcile(),)
