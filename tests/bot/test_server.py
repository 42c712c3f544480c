"""The service under the server that runs it: real sockets, bodies that lie about their length, the thread that sends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import requests

from deploy.demo.servers import HOST, free_port, stop
from tests.bot.payloads import SECRET, comment, encoded, headers
from workers.messages import decode
from workers.queue import MessageJob, MessageSerializer
from workers.store.inbox import Inbox, connect
from workers.store.upgrade import upgrade

pytestmark = pytest.mark.processes
NO_REDIS = "redis://127.0.0.1:1/0"
CONFIG = "repositories: {acme/shop: {id: 7}}\n"


@dataclass(frozen=True)
class Served:
    port: int
    process: subprocess.Popen

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"


@contextmanager
def served(data_dir, redis_url):
    state = f"sqlite:///{data_dir / 'state.db'}"
    engine = connect(state)
    upgrade(engine)
    engine.dispose()
    config = data_dir / "server.yml"
    config.write_text(CONFIG)
    port = free_port()
    told = {
        "SCHEMAGATE_WEBHOOK_SECRET": SECRET,
        "SCHEMAGATE_STATE_URL": state,
        "SCHEMAGATE_CONFIG": str(config),
        "SCHEMAGATE_REDIS_URL": redis_url,
    }
    argv = [sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--threads", "4", "--bind", f"{HOST}:{port}"]
    argv += ["--worker-tmp-dir", str(data_dir), "--no-control-socket", "bot.app:create_app()"]
    process = start(argv, told, data_dir / "server.log")
    try:
        wait_for(port, process, data_dir / "server.log")
        yield Served(port, process)
    finally:
        stop(process, signal.SIGTERM)


def start(argv, told, log):

    with log.open("ab") as output:
        return subprocess.Popen(
            argv, env={"PATH": os.environ["PATH"], **told}, stdout=output, stderr=output, start_new_session=True
        )


def wait_for(port, process, log):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if requests.get(f"http://{HOST}:{port}/healthz", timeout=20).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.05)
    raise AssertionError(log.read_text())


def raw(port, head: bytes, body: bytes, wait: float = 15.0) -> bytes:
    with socket.create_connection((HOST, port), timeout=wait) as connection:
        connection.sendall(head + b"\r\n\r\n" + body)
        return connection.recv(4096)


def head_of(given: dict, extra: bytes) -> bytes:
    lines = [b"POST /webhook HTTP/1.1", b"Host: x", b"Connection: close", extra]
    return b"\r\n".join(lines + [f"{key}: {value}".encode() for key, value in given.items()])


def test_a_delivery_travels_from_the_socket_to_the_queue(data_dir, redis_server):
    with served(data_dir, redis_server.url) as service:
        body = encoded(comment("/plan prod"))
        answer = requests.post(f"{service.url}/webhook", data=body, headers=headers(body, "issue_comment"), timeout=20)
        assert answer.status_code == 202
        client = redis_server.client()
        deadline = time.monotonic() + 30
        while not client.exists("rq:job:guid-1-0") and time.monotonic() < deadline:
            time.sleep(0.02)
        job = MessageJob.fetch("guid-1-0", connection=client, serializer=MessageSerializer)
        assert decode(*job.args).delivery == "guid-1"
        assert requests.get(f"{service.url}/readyz", timeout=20).status_code == 200
        client.close()


def test_bodies_that_lie_about_themselves_end_with_an_answer(data_dir):
    """Also with Redis away: what is well signed is still accepted."""
    with served(data_dir, NO_REDIS) as service:
        port = service.port
        body = encoded(comment("/plan prod"))
        given = headers(body, "issue_comment")
        chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        assert b" 202 " in raw(port, head_of(given, b"Transfer-Encoding: chunked"), chunked)
        assert b" 413 " in raw(port, head_of(given, b"Content-Length: 999999999999"), b"")
        endless = b"400000\r\n" + bytes(0x400000) + b"\r\n"
        flood = b"Transfer-Encoding: chunked"
        with socket.create_connection((HOST, port), timeout=15) as connection:
            connection.sendall(head_of(given, flood) + b"\r\n\r\n")
            with pytest.raises(OSError):  # noqa: PT011 -- reset or broken, as the kernel has it
                connection.sendall(endless * 16)
        began = time.monotonic()
        assert b" 400 " in raw(port, head_of(given, f"Content-Length: {len(body) + 5}".encode()), body)
        assert time.monotonic() - began < 14


def test_what_was_acknowledged_before_a_kill_is_there_with_its_messages(data_dir):
    with served(data_dir, NO_REDIS) as service:

        def deliver(number: int) -> str:
            body = encoded(comment(f"/plan env{number}"))
            given = headers(body, "issue_comment", f"guid-{number}")
            if number == 40:
                os.killpg(service.process.pid, signal.SIGKILL)
            try:
                answer = requests.post(f"{service.url}/webhook", data=body, headers=given, timeout=20)
            except requests.RequestException:
                return ""
            return f"guid-{number}" if answer.status_code == 202 else ""

        with ThreadPoolExecutor(4) as pool:
            acknowledged = set(filter(None, pool.map(deliver, range(60))))
    inbox = Inbox(connect(f"sqlite:///{data_dir / 'state.db'}"))
    kept = {item.job_id.removesuffix("-0") for item in inbox.unsent()}
    assert 0 < len(acknowledged) < 60
    assert acknowledged <= kept
    assert all(inbox.heard(guid) for guid in kept)
    inbox.close()
