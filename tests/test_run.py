"""A message becomes its job; trouble becomes a comment, a later try, or an honest failure."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy.exc import OperationalError

from tests.fakes.queue import FakeQueue
from workers.core.errors import ExpectedError, InterruptedWorkError
from workers.core.refusals import RefusalCode
from workers.messages import MESSAGES, Message, PlanPull, Triage
from workers.ports import Services
from workers.run import JOBS, LONGEST_WAIT, MOST_TRIES, BrokenJobError, JobOf, attempt

ROOT = Path(__file__).parents[1]
TRIAGE = Triage(repository=7, pull=3, delivery="guid-1")
CANARY = "postgresql://app:canary-word@db/shop"


@dataclass
class FakeOutbox:
    done: list[str] = field(default_factory=list)
    later: list[tuple[str, float]] = field(default_factory=list)

    def mark_done(self, job_id: str) -> None:
        self.done.append(job_id)

    def mark_later(self, job_id: str, seconds: float) -> None:
        self.later.append((job_id, seconds))


@dataclass
class FewServices:
    """As much of `Services` as the entry point itself uses."""

    queue: FakeQueue = field(default_factory=FakeQueue)
    inbox: FakeOutbox = field(default_factory=FakeOutbox)


@dataclass
class FakeTelling:
    said: list[tuple[str, str]] = field(default_factory=list)
    trouble: Exception | None = None

    def expected(self, message: Message, error: ExpectedError, services: Services) -> None:
        self._say("expected", error.code.value)

    def apology(self, message: Message, job: str, services: Services) -> None:
        self._say("apology", job)

    def _say(self, kind: str, text: str) -> None:
        if self.trouble:
            raise self.trouble
        self.said.append((kind, text))


@pytest.fixture
def services():
    return FewServices()


@pytest.fixture
def telling():
    return FakeTelling()


def run(job: Any, services: FewServices, telling: FakeTelling, job_id: str = "guid-1-0") -> None:
    attempt(TRIAGE, job_id, cast("Services", services), telling, (JobOf(Triage, job),))


def raising(error: Exception):
    def job(message: Message, services: Services) -> None:
        raise error

    return job


def test_every_message_has_one_job():
    assert sorted(item.message.__name__ for item in JOBS) == sorted(kind.__name__ for kind in MESSAGES)


def test_a_job_gets_its_message_and_the_services(services, telling):
    got = []
    run(lambda message, given: got.append((message, given)), services, telling)
    assert got == [(TRIAGE, services)]
    assert telling.said == []
    assert services.inbox.done == ["guid-1-0"]


def test_a_message_reaches_its_own_job_only(services, telling):
    called = []
    jobs = (JobOf(PlanPull, lambda *_: called.append("plan")), JobOf(Triage, lambda *_: called.append("triage")))
    attempt(TRIAGE, "j", cast("Services", services), telling, jobs)
    assert called == ["triage"]


def test_expected_trouble_becomes_one_comment_and_no_failure(services, telling):
    run(raising(ExpectedError("cannot", "do this", RefusalCode.CHECKOUT_FAILED)), services, telling)
    assert telling.said == [("expected", "checkout_failed")]
    assert services.inbox.done == ["guid-1-0"]


def test_interrupted_work_is_queued_again_later(services, telling):
    run(raising(InterruptedWorkError("busy", 20)), services, telling)
    assert services.queue.later == [(20, "guid-1-0-try1", TRIAGE)]
    run(raising(InterruptedWorkError("busy", 1e9)), services, telling, "guid-1-0-try1")
    assert services.queue.later[1] == (LONGEST_WAIT, "guid-1-0-try2", TRIAGE)
    assert telling.said == []
    assert services.inbox.done == []
    assert services.inbox.later == [("guid-1-0", 20), ("guid-1-0", LONGEST_WAIT)]


def test_the_outbox_knows_a_job_by_its_first_id(services, telling):
    for job in ("guid-1-0", "guid-1-0-try2", "guid-1-0-again1", "guid-1-0-try12-again2"):
        run(lambda *_: None, services, telling, job)
    assert services.inbox.done == ["guid-1-0"] * 4


def test_a_state_that_does_not_answer_puts_the_job_off(services, telling):
    run(raising(OperationalError("select", {}, Exception(CANARY))), services, telling)
    assert [job for _, job, _ in services.queue.later] == ["guid-1-0-try1"]
    assert telling.said == []


def test_work_that_never_gets_through_ends_as_a_failure(services, telling):
    with pytest.raises(BrokenJobError, match="put off"):
        run(raising(InterruptedWorkError("busy", 1)), services, telling, f"guid-1-0-try{MOST_TRIES}")
    assert services.queue.later == []


def test_a_revived_job_may_be_put_off_as_well(services, telling):
    run(raising(InterruptedWorkError("busy", 1)), services, telling, "guid-1-0-try3-again1")
    assert [job for _, job, _ in services.queue.later] == ["guid-1-0-try4"]


def test_a_comment_that_must_wait_makes_the_whole_job_wait(services, telling):
    telling.trouble = InterruptedWorkError("GitHub asks to wait", 60)
    run(raising(ExpectedError("cannot", "do this", RefusalCode.CHECKOUT_FAILED)), services, telling)
    assert [job for _, job, _ in services.queue.later] == ["guid-1-0-try1"]


def test_a_bug_is_apologised_for_and_raised_without_its_text(services, telling, capsys):
    with pytest.raises(BrokenJobError) as caught:
        run(raising(RuntimeError(f"cannot reach {CANARY}")), services, telling)
    assert telling.said == [("apology", "guid-1-0")]
    assert services.inbox.done == ["guid-1-0"]
    assert "canary-word" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    printed = capsys.readouterr()
    assert "canary-word" not in printed.out + printed.err
    assert "job_broke" in printed.out + printed.err


def test_an_apology_that_fails_hides_nothing(services, telling):
    telling.trouble = RuntimeError(CANARY)
    with pytest.raises(BrokenJobError, match="RuntimeError"):
        run(raising(RuntimeError("first")), services, telling)


def test_a_job_s_process_is_bounded():
    program = "import resource; from workers.run import limit_process; limit_process(); limit_process(); "
    program += "print([resource.getrlimit(item)[0] for item in (resource.RLIMIT_DATA, resource.RLIMIT_CPU, resource.RLIMIT_CORE)])"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == f"[{4 * 1024**3}, {4 * 3_600}, 0]"
