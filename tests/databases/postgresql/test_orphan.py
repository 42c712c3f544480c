"""What a killed worker had begun outside of a transaction ends soon after it, as the server itself finds out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from deploy.demo.servers import PostgresServer

BUILD = "CREATE INDEX CONCURRENTLY slow ON orders (id)"
WORKER = f"""
import sys
from workers.core import policy
from workers.core.hidden import Hiding
from workers.databases.postgresql.target import PostgresqlTarget
from workers.ports import Held, Hold

target = PostgresqlTarget(sys.argv[1], None, (), Hiding(b"key"))
allowed = policy.Allowed(digest="", approvals=(), _seal=policy._SEAL)
with target.lock() as lock:
    held = Held(Hold(target="", rollout=1, pull=1, reason="", fence=1), lock)
    with target.writing(held, allowed, lock_timeout=120, statement_timeout=120) as writer:
        writer.execute({BUILD!r})
"""
BUILDING = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = %s"
SECONDS = 20.0


@pytest.fixture
def orders(server: PostgresServer, url: str) -> Iterator[str]:
    """A table that somebody else reads in a transaction which stays open: an index that is built concurrently waits for it."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE orders (id int)")
    with psycopg.connect(url) as reading:
        reading.execute("INSERT INTO orders VALUES (1)")
        yield url


def wait_for(url: str, sessions: int) -> float:
    """How long it takes until so many sessions build."""
    started = time.monotonic()
    with psycopg.connect(url, autocommit=True) as connection:
        while connection.execute(BUILDING, (BUILD,)).fetchone() != (sessions,):
            assert time.monotonic() - started < SECONDS
            time.sleep(0.05)
    return time.monotonic() - started


def test_an_index_build_does_not_outlive_its_worker(orders: str):
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, orders], env={"PATH": os.defpath, "PYTHONPATH": str(Path.cwd())}
    )
    try:
        wait_for(orders, 1)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    assert wait_for(orders, 0) < 6
