"""Jobs whose worker died are queued again, a bounded number of times."""

from __future__ import annotations

import os
import signal
import sys
import time

from deploy.demo.servers import RedisServer
from tests.queue.reading import fetched, forked, stand_in, until, waiting
from workers.messages import Reconcile, Triage
from workers.queue import MOST_REVIVALS, RedisQueue

TRIAGE = Triage(repository=7, pull=3, head="a" * 40, delivery="guid-1")


def take_and_die(connection, job_id: str, *, ago: float = 120) -> None:
    """As a worker leaves it that was killed while it worked."""
    assert connection.lpop("rq:queue:triage") == job_id.encode()
    connection.hset(f"rq:job:{job_id}", "status", "started")
    connection.zadd("rq:wip:triage", {f"{job_id}:execution": time.time() - ago})


def test_a_job_of_a_dead_worker_is_queued_again(queue, connection):
    queue.send(TRIAGE, "guid-1-0")
    take_and_die(connection, "guid-1-0")
    assert queue.rescue() == 1
    (job,) = waiting(connection, "triage")
    assert (job.id, job.message) == ("guid-1-0-again1", TRIAGE)
    assert queue.rescue() == 0


def test_a_job_of_a_living_worker_is_left_alone(queue, connection):
    queue.send(TRIAGE, "guid-1-0")
    take_and_die(connection, "guid-1-0", ago=-30)
    assert queue.rescue() == 0


def test_a_job_that_kills_its_workers_is_given_up(queue, connection):
    queue.send(TRIAGE, "job")
    names = ["job", *(f"job-again{number}" for number in range(1, MOST_REVIVALS + 1))]
    for name in names:
        take_and_die(connection, name)
        queue.rescue()
    assert waiting(connection, "triage") == []


def test_a_job_that_was_taken_and_never_begun_is_queued_again(queue, connection):
    queue.send(TRIAGE, "guid-1-0")
    connection.lmove("rq:queue:triage", "rq:queue:triage:intermediate")
    assert queue.rescue() == 0
    connection.set("rq:queue:triage:intermediate:first_seen:guid-1-0", time.time() - 120)
    assert queue.rescue() == 1
    assert [job.id for job in waiting(connection, "triage")] == ["guid-1-0-again1"]
    assert connection.llen("rq:queue:triage:intermediate") == 0


def test_hostile_leftovers_stop_no_rescue(queue, connection):
    connection.rpush("rq:queue:triage:intermediate", "gone")
    connection.zadd("rq:wip:triage", {"../x:y": 1, "nothing": 1, "a:b:c": 1, b"\xff:e": 1})
    connection.hset("rq:job:odd", mapping={"data": b"x", "status": "started"})
    connection.zadd("rq:wip:triage", {"odd:e": 1})
    queue.send(TRIAGE, "job")
    take_and_die(connection, "job")
    assert queue.rescue() == 1


def test_a_job_whose_process_is_killed_is_done_again_at_once(queue, connection, tmp_path):
    mark = tmp_path / "killed-once"

    def perform(name: str, text: str) -> None:
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    queue.send(Reconcile(), "job")
    forked(connection, "triage", perform)
    assert fetched(connection, "job").get_status() == "failed"
    assert fetched(connection, "job-again1").get_status() == "finished"


def test_a_worker_s_own_maintenance_rescues_as_well(queue, connection):
    done: list[str] = []
    queue.send(TRIAGE, "job")
    take_and_die(connection, "job")
    forked(connection, "triage", lambda name, text: done.append(name))
    assert fetched(connection, "job-again1").get_status() == "finished"


def test_a_job_that_fails_is_put_aside(queue, connection):
    def perform(name: str, text: str) -> None:
        raise RuntimeError("said by the job")

    queue.send(Reconcile(), "job")
    forked(connection, "triage", perform)
    assert fetched(connection, "job").get_status() == "failed"
    assert connection.hget("rq:job:job", "meta") is None


def test_a_worker_waits_for_a_redis_that_comes_back(data_dir):
    server = RedisServer.start(data_dir / "redis", durable=True)
    client = server.client()
    child = os.fork()
    if child == 0:
        try:
            sys.modules["workers.run"] = stand_in(lambda name, text: None)
            RedisQueue.from_url(server.url).worker("triage").work(logging_level="CRITICAL", max_jobs=1)
        finally:
            os._exit(0)
    try:
        until(lambda: [client.hget(key, "state") for key in client.smembers("rq:workers")] == [b"idle"])
        server.kill()
        time.sleep(1)
        again = RedisServer.start(data_dir / "redis", port=server.port, durable=True)
        RedisQueue.from_url(again.url).send(Reconcile(), "job")
        until(lambda: client.hget("rq:job:job", "status") == b"finished")
        until(lambda: os.waitpid(child, os.WNOHANG) != (0, 0))
        again.stop()
    except BaseException:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    finally:
        client.close()
