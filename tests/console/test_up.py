"""`schemagate up`: everything on one machine, whatever is killed, and no secret where other processes could look."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from tests.console import service as stage
from tests.console.service import Service
from tests.story.ground import Ground
from tests.story.shop import add_column
from tests.story.targets import SqliteFile

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]
PARTS = ("redis", "web", "worker triage", "worker plan", "worker apply", "schedule")


@pytest.fixture(scope="module")
def service(ground: Ground, shared_dir: Path):
    (folder := shared_dir / "up").mkdir()
    (place := folder / "prod").mkdir()
    shutil.copy(ground.template, place / "shop.db")
    ground.machine.identity.owns(place)
    made = stage.start(folder, ground, SqliteFile(place / "shop.db"))
    yield made
    stage.end(made)


def test_a_pull_gets_its_report(service: Service):
    pull = service.open_pull("delivery", add_column())
    service.wait(lambda: service.reported(pull))
    assert "\n/approve prod" in service.comments(pull)[0]
    assert [part for part in PARTS if not service.pids(part)] == []


def test_no_process_shows_a_secret_but_web_its_own(service: Service):
    """Looked at while a pull was planned: workers, their jobs, git, databases, sandboxes."""
    service.look()
    assert len(service.seen) > len(PARTS) + 2
    shown = {name: found for name, found in service.seen.items() if found}
    assert all("gunicorn" in name for name in shown)
    assert set().union(*shown.values()) == {stage.HOOK}


def test_redis_listens_on_a_private_socket_only(service: Service):
    socket = Path(service.environment["SCHEMAGATE_DATA_DIR"], "redis", "redis.sock")
    assert socket.is_socket()
    assert socket.parent.stat().st_mode & 0o077 == 0


def test_a_second_one_on_the_same_folder_is_refused(service: Service, tmp_path):
    other = stage.run("up", service.environment, tmp_path / "log")
    assert other.wait(60) == 1
    assert "another `schemagate up` works in" in (tmp_path / "log").read_text()


def test_a_port_that_is_taken_is_said_at_once(service: Service, tmp_path):
    other = stage.run("up", service.environment | {"SCHEMAGATE_DATA_DIR": str(tmp_path / "data")}, tmp_path / "log")
    assert other.wait(60) == 1
    assert f"127.0.0.1:{service.port} cannot be listened on: Address already in use" in (tmp_path / "log").read_text()


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_killed_is_started_again(service: Service, part):
    killed = service.pids(part)[-1]
    os.kill(killed, signal.SIGKILL)
    service.wait(lambda: service.pids(part)[-1] != killed, 20)
    service.wait(service.ready, 30)


def test_after_all_that_a_pull_still_gets_its_report(service: Service):
    pull = service.open_pull("carrier", add_column("carrier", revision="2c00000000cc"))
    service.wait(lambda: service.reported(pull), 120)


def test_reconcile_runs_beside_it(service: Service, tmp_path):
    keys = Path(service.environment["SCHEMAGATE_DATA_DIR"])
    told = {"SCHEMAGATE_REDIS_URL": f"unix://{keys / 'redis' / 'redis.sock'}"}
    ran = stage.run("reconcile --once", service.environment | told, tmp_path / "log")
    assert ran.wait(60) == 0, (tmp_path / "log").read_text()


def test_it_ends_within_ten_seconds_and_leaves_nothing(service: Service):
    """With a job at work, which a worker would wait for if it were asked only once."""
    service.open_pull("weight", add_column("weight", revision="2d00000000dd"))
    plan = service.pids("worker plan")[-1]
    service.wait(lambda: len(stage.descendants(plan)) > 1, 60)
    everybody = stage.descendants(service.process.pid)
    begun = time.monotonic()
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(15) == 0
    assert time.monotonic() - begun < 10
    assert stage.alive(everybody) == set()


def test_what_is_killed_itself_takes_its_parts_along_and_goes_on_when_started_again(service: Service):
    log = service.log.with_name("again.log")
    service.process, service.log = stage.run("up", service.environment, log), log
    service.wait(service.ready)
    service.wait(lambda: service.reported(service.pulls[-1]), 150)
    everybody = stage.descendants(service.process.pid)
    service.process.kill()
    service.process.wait()
    end = time.monotonic() + 15
    while stage.alive(everybody) and time.monotonic() < end:
        time.sleep(0.1)
    assert stage.alive(everybody) == set()
    assert not any(secret in log.read_text() for secret in service.secrets)
