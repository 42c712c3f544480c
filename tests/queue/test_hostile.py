"""Whoever writes to Redis runs nothing in a worker."""

from __future__ import annotations

import json
import os
import pickle
import zlib
from typing import Any

import pytest
from rq import Callback
from rq import Queue as RqQueue
from rq.exceptions import NoSuchJobError

from tests.queue.reading import fetched, forked, waiting
from workers.messages import Reconcile, Triage
from workers.queue import PERFORM, MessageSerializer

GOOD = json.dumps([PERFORM, None, ["Reconcile", "{}"], {}]).encode()


class Bomb:
    """A pickle that leaves a mark where it is opened."""

    def __init__(self, mark) -> None:
        self.mark = str(mark)

    def __reduce__(self):
        return os.mkdir, (self.mark,)


def planted(connection, job_id: str, **fields) -> None:
    """Write a job as somebody with access to Redis would."""
    connection.hset(
        f"rq:job:{job_id}", mapping={"data": zlib.compress(GOOD), "status": "queued", "origin": "triage", **fields}
    )
    connection.rpush("rq:queue:triage", job_id)


def refused(connection, job_id: str) -> bool:
    try:
        fetched(connection, job_id)
    except NoSuchJobError:
        return True
    return False


def test_a_job_of_our_own_shape_is_read(connection):
    planted(connection, "j")
    assert fetched(connection, "j").message == Reconcile()


@pytest.mark.parametrize(
    "data",
    [
        [PERFORM, None, ["Reconcile", "{}"], {"x": 1}],
        [PERFORM, "instance", ["Reconcile", "{}"], {}],
        [PERFORM, None, ["Reconcile"], {}],
        [PERFORM, None, ["Reconcile", "{}", "x"], {}],
        [PERFORM, None, ["Reconcile", {}], {}],
        [PERFORM, None, ["Nothing", "{}"], {}],
        [PERFORM, None, ["Triage", "{}"], {}],
        [PERFORM, None, ["Triage", '{"repository": "7", "pull": 3}'], {}],
        [PERFORM, None, ["Triage", '{"repository": 7, "pull": 3, "role": "admin"}'], {}],
        [PERFORM, None, ["Reconcile", "{}" + " " * 5_000], {}],
        ["os.system", None, ["Reconcile", "{}"], {}],
        ["workers.run.attempt", None, ["Reconcile", "{}"], {}],
        {"a": 1},
        None,
    ],
)
def test_anything_else_than_a_message_is_refused(connection, data):
    planted(connection, "j", data=zlib.compress(json.dumps(data).encode()))
    assert refused(connection, "j")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        GOOD,
        zlib.compress(b"[" * 100_000),
        zlib.compress(b"\xff"),
        zlib.compress(bytes(10**8)),
        zlib.compress(GOOD)[:-3],
    ],
)
def test_bytes_of_another_kind_are_refused(connection, data):
    planted(connection, "j", data=data)
    assert refused(connection, "j")


def test_a_pickle_is_not_opened(connection, tmp_path):
    mark = tmp_path / "opened"
    bomb = pickle.dumps(Bomb(mark))
    planted_fields: dict[str, dict[str, Any]] = {
        "a": {"data": zlib.compress(bomb)},
        "b": {"data": bomb},
        "c": {"meta": bomb},
        "d": {"result": bomb},
        "e": {"exc_info": bomb},
    }
    for job_id, fields in planted_fields.items():
        planted(connection, job_id, **fields)
    forked(connection, "triage")
    assert not mark.exists()


def test_a_job_of_stock_rq_is_passed_over(connection, tmp_path):
    mark = tmp_path / "ran"
    RqQueue("triage", connection=connection).enqueue("os.mkdir", str(mark), job_id="stock")
    RqQueue("triage", connection=connection).enqueue(
        "os.mkdir", str(mark), job_id="with-callback", on_success=Callback("os.getcwd")
    )
    forked(connection, "triage")
    assert not mark.exists()
    assert connection.llen("rq:queue:triage") == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"success_callback_name": "os.abort"},
        {"failure_callback_name": "os.abort"},
        {"stopped_callback_name": "os.abort"},
        {"webhooks": json.dumps([{"url": "http://127.0.0.1:1/", "job_status": "failed"}])},
        {"dependency_ids": '["x"]'},
        {"dependency_id": "x"},
        {"group_id": "x"},
        {"meta": "{}"},
        {"result": "{}"},
        {"retries_left": "9"},
        {"repeats_left": "9"},
        {"rate_limit_key": "x"},
        {"status": "odd"},
        {"created_at": "yesterday"},
    ],
)
def test_fields_that_make_rq_do_more_are_refused(connection, fields):
    planted(connection, "j", **fields)
    assert refused(connection, "j")


def test_time_limits_come_from_our_table(connection):
    planted(connection, "j", timeout="x", result_ttl="-1", failure_ttl="-1")
    job = fetched(connection, "j")
    assert (job.timeout, job.result_ttl) == (600, 600)
    assert job.failure_ttl == 7 * 24 * 3_600


@pytest.mark.parametrize("job_id", ["../x", "a b", "", "ü", "x:y:z", "\n"])
def test_odd_job_ids_stop_no_worker(queue, connection, job_id):
    connection.rpush("rq:queue:triage", job_id)
    queue.send(Triage(repository=7, pull=3), "after")
    assert [job.id for job in waiting(connection, "triage")] == ["after"]


def test_a_worker_goes_on_after_what_it_refused(queue, connection):
    connection.rpush("rq:queue:triage", "../x", "a b", "gone")
    planted(connection, "j", data=b"x")
    queue.send(Reconcile(), "after")
    forked(connection, "triage")
    assert connection.hget("rq:job:after", "status") in {b"finished", b"failed"}


def test_an_object_is_no_message():
    with pytest.raises(ValueError, match="not a message"):
        MessageSerializer.loads(b"{}")
