"""Messages go to Redis and come back as the same message, once."""

from __future__ import annotations

import json

import pytest

from tests.queue.reading import forked, waiting
from workers.messages import MESSAGES, ApplyPlan, PlanPull, Reconcile, RecordApproval, Reply, Triage
from workers.queue import QUEUES, ROUTES, MessageSerializer, RedisQueue

TRIAGE = Triage(repository=7, pull=3, head="a" * 40, delivery="guid-1")


def test_a_message_comes_back_as_it_was(queue, connection):
    queue.send(TRIAGE, "guid-1-0")
    (job,) = waiting(connection, "triage")
    assert (job.id, job.message) == ("guid-1-0", TRIAGE)


def test_every_message_has_one_route():
    assert sorted(route.message.__name__ for route in ROUTES) == sorted(kind.__name__ for kind in MESSAGES)
    assert {route.queue for route in ROUTES} == set(QUEUES)


@pytest.mark.parametrize(
    ("message", "name"),
    [
        (Reply(repository=7, pull=3, delivery="d"), "triage"),
        (PlanPull(repository=7, pull=3), "plan"),
        (RecordApproval(repository=7, pull=3, delivery="d", line=1), "apply"),
        (ApplyPlan(repository=7, pull=3, module="shop", environment="prod"), "apply"),
    ],
)
def test_each_kind_waits_in_its_own_queue(queue, connection, message, name):
    queue.send(message, "job-1")
    assert [job.message for job in waiting(connection, name)] == [message]


def test_the_same_job_id_is_queued_once(queue, connection):
    for _ in range(3):
        queue.send(TRIAGE, "guid-1-0")
    assert len(waiting(connection, "triage")) == 1


def test_what_waits_already_is_not_said_again(queue, connection):
    for number in (3, 3, 4):
        queue.send(PlanPull(repository=7, pull=number))
    assert sorted(job.message.pull for job in waiting(connection, "plan")) == [3, 4]


def test_what_is_running_is_said_again_because_things_may_have_changed(queue, connection):
    queue.send(TRIAGE)
    (running,) = waiting(connection, "triage")
    connection.lpop("rq:queue:triage")
    connection.hset(running.key, "status", "started")
    queue.send(TRIAGE)
    queue.send(TRIAGE)
    assert len(waiting(connection, "triage")) == 1


def test_what_has_ended_may_be_said_again(queue, connection):
    for ending in ("finished", "failed"):
        queue.send(TRIAGE)
        (job,) = waiting(connection, "triage")
        connection.lpop("rq:queue:triage")
        connection.hset(job.key, "status", ending)
    queue.send(TRIAGE)
    assert len(waiting(connection, "triage")) == 1


def test_a_delayed_message_waits_for_its_time(queue, connection):
    queue.send(TRIAGE, "guid-1-0", delay=60)
    assert queue.send_due() == 0
    assert waiting(connection, "triage") == []
    connection.zadd("schemagate:later", {connection.zrange("schemagate:later", 0, -1)[0]: 1})
    assert queue.send_due() == 1
    assert [job.id for job in waiting(connection, "triage")] == ["guid-1-0"]
    assert queue.send_due() == 0


def test_hostile_delayed_messages_are_thrown_away(queue, connection):
    deep = "[" * 100_000
    hostile = [
        "{}",
        "[]",
        deep,
        json.dumps(["id", "Nothing", "{}"]),
        json.dumps(["../x", "Reconcile", "{}"]),
        json.dumps([5, "Reconcile", "{}"]),
        b"\xff",
    ]
    for entry in hostile:
        connection.zadd("schemagate:later", {entry: 1})
    queue.send_due()
    assert waiting(connection, "triage") == []
    assert connection.zcard("schemagate:later") == 0


def test_a_message_that_is_too_long_is_not_sent(queue):
    with pytest.raises(ValueError, match="too long"):
        queue.send(Triage(repository=7, pull=3, delivery="x" * 5_000))


def test_a_unix_socket_serves_as_well(redis_server):
    queue = RedisQueue.from_url(redis_server.socket_url)
    assert queue.ready()
    queue.send(Reconcile(), "job-1")


def test_a_redis_that_is_not_there_is_not_ready():
    assert not RedisQueue.from_url("redis://127.0.0.1:1/0", wait=0.2).ready()


def test_nothing_in_redis_is_a_pickle(queue, connection):
    queue.send(TRIAGE, "guid-1-0")
    forked(connection, "triage")
    for key in connection.scan_iter():
        for value in values(connection, key):
            assert not value.startswith((b"\x80\x04", b"\x80\x05")), key


def values(connection, key):
    kind = connection.type(key)
    if kind == b"hash":
        return connection.hgetall(key).values()
    if kind == b"stream":
        return [value for _, fields in connection.xrange(key) for value in fields.values()]
    return connection.dump(key).split(b"\0")


@pytest.mark.parametrize(
    "value",
    [
        {"a": 1},
        "x",
        ("os.system", None, ("true",), {}),
        ("workers.run.perform", None, ("a", 5), {}),
        ("workers.run.perform", None, ("a", "b"), {"c": 1}),
    ],
)
def test_the_serializer_takes_nothing_but_messages(value):
    with pytest.raises(TypeError, match="only messages"):
        MessageSerializer.dumps(value)
