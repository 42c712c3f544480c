"""The servers that other tests lean on are what they say."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import psycopg
import pytest

from deploy.demo.servers import PostgresServer, RedisServer
from tests import processes
from tests.network import NetworkForbiddenError


def test_both_majors_run_as_an_ordinary_user(postgres: PostgresServer, postgres18: PostgresServer) -> None:
    for server in (postgres, postgres18):
        with server.connect() as connection:
            assert connection.info.server_version // 10_000 == server.major
        assert Path(f"/proc/{server.process.pid}").stat().st_uid != 0


def test_a_password_is_asked_for(postgres: PostgresServer) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(postgres.url(password="wrong"))


def test_counters_move_with_a_write_and_stand_still_without_one(postgres: PostgresServer, pg_url: str) -> None:
    name = pg_url.rpartition("/")[2]
    postgres.execute("CREATE TABLE t (i int)", name)
    start = postgres.counters(name)
    with psycopg.connect(pg_url) as connection:
        connection.execute("SELECT count(*) FROM t")
    assert postgres.counters(name) == start
    postgres.execute("INSERT INTO t VALUES (1)", name)
    assert postgres.counters(name).inserted == start.inserted + 1


def test_the_log_holds_what_others_sent_and_not_what_the_test_sent(postgres: PostgresServer, pg_url: str) -> None:
    name = pg_url.rpartition("/")[2]
    with psycopg.connect(pg_url) as connection:
        connection.execute("SELECT %s AS asked\n, 2", ("for this",))
    postgres.execute("SELECT 'by the test'", name)
    log = "\n".join(postgres.log_lines(database=name))
    assert "asked" in log
    assert "for this" in log
    assert "by the test" not in log


def test_a_role_of_a_test_reaches_its_own_database(postgres: PostgresServer, pg_url: str) -> None:
    name = pg_url.rpartition("/")[2]
    postgres.create_role(f"reader_{name}", "p@ss/word")
    with psycopg.connect(postgres.url(name, user=f"reader_{name}", password="p@ss/word")) as conn:
        row = conn.execute("SELECT current_user").fetchone()
    assert row == (f"reader_{name}",)


def test_redis_answers_on_both_of_its_addresses(redis_server: RedisServer) -> None:
    import redis  # noqa: PLC0415

    for url in (redis_server.url, redis_server.socket_url):
        with redis.Redis.from_url(url) as client:
            assert client.ping()


def test_a_durable_redis_keeps_what_it_acknowledged_through_a_kill(data_dir: Path) -> None:
    first = RedisServer.start(data_dir / "redis", durable=True)
    with first.client() as client:
        client.set("kept", "yes")
    first.kill()
    second = RedisServer.start(data_dir / "redis", port=first.port, durable=True)
    with second.client() as client:
        assert client.get("kept") == b"yes"
    second.stop()


def test_the_network_is_closed() -> None:
    with pytest.raises(NetworkForbiddenError), socket.socket() as reaching:
        reaching.connect(("192.0.2.1", 80))
    with pytest.raises(NetworkForbiddenError):
        socket.create_connection(("example.org", 80))


def test_a_child_that_is_not_ended_is_noticed(tmp_path: Path) -> None:
    child = subprocess.Popen(["sleep", "60"], env={"PATH": os.defpath})
    orphan = subprocess.run(
        ["sh", "-c", "sleep 60 >/dev/null 2>&1 & echo $!"],
        cwd=tmp_path,
        env={"PATH": os.defpath},
        capture_output=True,
        check=True,
    )
    left = {process.pid for process in processes.left_behind([tmp_path])}
    child.kill()
    child.wait()
    os.kill(int(orphan.stdout), 9)
    assert {child.pid, int(orphan.stdout)} <= left
