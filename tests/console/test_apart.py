"""`schemagate web` and `schemagate worker` as processes of their own, with a Redis and a state that somebody else runs."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

from tests.console import service as stage
from tests.console.service import Service
from tests.story.ground import Ground
from tests.story.shop import add_column
from tests.story.targets import SqliteFile
from workers.settings import KEY_BYTES, create_key

pytestmark = [pytest.mark.acceptance, pytest.mark.processes, pytest.mark.timeout(300)]


@pytest.fixture
def service(ground: Ground, data_dir: Path, redis_server, pg_url: str):
    (place := data_dir / "prod").mkdir()
    shutil.copy(ground.template, place / "shop.db")
    ground.machine.identity.owns(place)
    for name in ("state.key", "signing.key"):
        create_key(data_dir / "data" / name, bytes(KEY_BYTES))
    told = {"SCHEMAGATE_REDIS_URL": redis_server.url, "SCHEMAGATE_STATE_URL": pg_url}
    made = stage.start(
        data_dir, ground, SqliteFile(place / "shop.db"), "worker --queues triage plan apply", "web", **told
    )
    yield made
    stage.end(made)


def test_web_and_worker_do_together_what_up_does_alone(service: Service):
    pull = service.open_pull("delivery", add_column())
    service.wait(lambda: service.reported(pull))
    assert not service.pids("web")
    (web,) = service.others
    told = Path(f"/proc/{web.pid}/environ").read_bytes()
    assert stage.HOOK.encode() in told
    assert not any(secret.encode() in told for secret in service.secrets if secret != stage.HOOK)
    everybody = stage.descendants(service.process.pid) | stage.descendants(web.pid)
    for process in (service.process, web):
        process.send_signal(signal.SIGTERM)
    assert [process.wait(15) for process in (service.process, web)] == [0, 0]
    assert stage.alive(everybody) == set()


def test_a_worker_without_keys_says_which(command, data_dir):
    (data_dir / "server.yml").write_text("repositories: {acme/shop: {modules: {}}}\n")
    told = {
        "SCHEMAGATE_APP_ID": "1",
        "SCHEMAGATE_PRIVATE_KEY": "pem",
        "SCHEMAGATE_CONFIG": str(data_dir / "server.yml"),
    }
    ran = command("worker", **told)
    assert ran.returncode == 1
    assert "set SCHEMAGATE_STATE_KEY to file:PATH of the keys that all workers share" in ran.stderr


@pytest.mark.parametrize("name", ["web", "worker", "up"])
def test_a_state_that_does_not_answer_is_said_without_its_url(command, data_dir, name):
    (data_dir / "server.yml").write_text(
        'repositories: {acme/shop: {modules: {shop: {environments: {prod: {url: "env:X", approvers: ["@bob"]}}}}}}\n'
    )
    for key in ("state.key", "signing.key"):
        create_key(data_dir / "data" / key, bytes(KEY_BYTES))
    told = {
        "SCHEMAGATE_APP_ID": "1",
        "SCHEMAGATE_PRIVATE_KEY": "pem",
        "SCHEMAGATE_WEBHOOK_SECRET": "hook",
        "SCHEMAGATE_CONFIG": str(data_dir / "server.yml"),
        "SCHEMAGATE_STATE_URL": "postgresql://app:canary-4711@127.0.0.1:1/state",
        "SCHEMAGATE_PORT": "0",
    }
    ran = command(name, **told)
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1].startswith("schemagate: the state does not answer: check SCHEMAGATE_STATE_URL")
    assert "canary" not in ran.stderr
