"""A worker that is killed leaves no MariaDB server behind, and only a folder that the next sweep removes."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.sandbox.machine import our_identity, worker_environment
from tests.source_files import ROOT
from workers.sandbox.folders import sweep
from workers.sandbox.runtime import open_area

pytestmark = [pytest.mark.sandbox, pytest.mark.acceptance]
SECONDS = 10.0
START_AND_WAIT = """
import sys, time
from pathlib import Path
from deploy.demo.mariadb import PROJECT
from tests.sandbox.machine import real_sandbox
from workers.databases.mysql.binaries import installed
from workers.databases.mysql.server import Servers
area = Path(sys.argv[1])
with Servers(sandbox=real_sandbox(area).sandbox, area=area, binaries=installed(PROJECT)[0]).started() as server:
    print(server.socket_dir, flush=True)
    time.sleep(60)
"""


def test_a_server_does_not_outlive_a_worker_that_is_killed(shared_dir: Path):
    area = open_area(shared_dir / "mysql-orphans", our_identity())
    with subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT, str(area)],
        cwd=ROOT,
        env=worker_environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as worker:
        assert worker.stdout is not None
        sockets = Path(worker.stdout.readline().strip())
        assert answers(sockets)
        worker.kill()
    deadline = time.monotonic() + SECONDS
    while answers(sockets) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not answers(sockets)
    assert sweep(area) == 1
    assert not sockets.parent.exists()


def answers(sockets: Path) -> bool:
    with closing(socket.socket(socket.AF_UNIX)) as client:
        try:
            client.connect(str(sockets / "s.sock"))
            return bool(client.recv(1))
        except OSError:
            return False
