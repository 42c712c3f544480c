"""Redis is only the doorbell: what it loses, the outbox sends again, and what it still has is not done twice."""

from __future__ import annotations

import pytest

from tests.fakes.clock import FakeClock
from tests.queue.reading import waiting
from workers.inbox import HeardInbox
from workers.messages import RecordApproval, encode
from workers.store.inbox import LOST_SECONDS, Delivery, Inbox, connect
from workers.store.upgrade import upgrade

APPROVAL = RecordApproval(repository=7, pull=3, delivery="guid-1", line=1)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def inbox(tmp_path, clock):
    engine = connect(f"sqlite:///{tmp_path / 'state.db'}")
    upgrade(engine)
    made = Inbox(engine, clock.now)
    made.keep(
        Delivery(id="guid-1", body_hash="h", repository=7, ref="", received_at="t", heard="{}"), (encode(APPROVAL),)
    )
    yield HeardInbox(made)
    made.close()


def sweep(inbox, queue):
    for job_id, message in inbox.unsent():
        queue.send(message, job_id)
        inbox.mark_sent(job_id)


def test_a_command_that_redis_lost_is_queued_again(inbox, queue, connection, clock):
    sweep(inbox, queue)
    connection.flushall()
    sweep(inbox, queue)
    assert waiting(connection, "apply") == []
    clock.go_on(LOST_SECONDS + 1)
    sweep(inbox, queue)
    assert [job.message for job in waiting(connection, "apply")] == [APPROVAL]


def test_a_command_that_waits_or_runs_is_not_queued_twice(inbox, queue, connection, clock):
    for status in ("queued", "started"):
        sweep(inbox, queue)
        connection.hset("rq:job:guid-1-0", "status", status)
        clock.go_on(LOST_SECONDS + 1)
    sweep(inbox, queue)
    assert len(waiting(connection, "apply")) == 1


def test_a_command_that_is_done_is_never_sent_again(inbox, queue, connection, clock):
    sweep(inbox, queue)
    inbox.mark_done("guid-1-0")
    connection.flushall()
    clock.go_on(10 * LOST_SECONDS)
    sweep(inbox, queue)
    assert waiting(connection, "apply") == []
