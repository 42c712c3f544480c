"""Everything that the demonstration needs, started for real: GitHub's stand-in, two databases, and `schemagate up`."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.demo.github import StandIn
from deploy.demo.github.records import App, Pull, Repo, User
from deploy.demo.servers import PostgresServer, end_with_parent, free_port

SAMPLE = Path(__file__).resolve().parent / "sample"
START_SECONDS = 60.0
SERVER_CONFIG = """\
# The operator's file: which databases there are, and who may approve changes to them.
repositories:
  acme/shop:
    modules:
      shop:
        environments:
          staging:
            url: env:SHOP_STAGING_URL
            approvers: ["role:write"]
          prod:
            url: env:SHOP_PROD_URL
            read_url: env:SHOP_PROD_READ_URL
            approvers: ["@bob", "acme/dba"]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What is up. `people` are the stand-in's users by login."""

    github: StandIn
    repo: Repo
    people: dict[str, User]
    app: App
    postgres: PostgresServer
    service: subprocess.Popen[bytes]
    log: Path

    def page(self, pull: Pull) -> str:
        """The page of a pull's conversation."""
        return f"{self.github.server_url}/acme/shop/pull/{pull.issue.number}"

    def log_tail(self, lines: int = 40) -> str:
        """What the service said last."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


@contextmanager
def open_stage(folder: Path, port: int, say: Callable[[str], None]) -> Iterator[Stage]:
    """Start everything, and end everything afterwards."""
    with ExitStack() as ending:
        say("starting PostgreSQL with the databases of staging and prod …")
        postgres = PostgresServer.start(16, folder / "postgres")
        ending.callback(postgres.stop)
        urls = _databases(postgres)
        _migrate(urls, folder / "stock")
        say("starting the GitHub stand-in …")
        github = StandIn(folder=folder / "github")
        github.start(port=port)
        ending.callback(github.stop)
        people, repo, app = _world(github)
        say("starting schemagate: web, workers, Redis, state …")
        web_port = free_port()
        log = folder / "schemagate.log"
        service = _service(github, app, folder, web_port, urls, log)
        ending.callback(_end, service)
        _wait_ready(service, web_port, log)
        github.world.set_webhook(app, f"http://127.0.0.1:{web_port}/webhook", app.webhook_secret)
        yield Stage(github=github, repo=repo, people=people, app=app, postgres=postgres, service=service, log=log)


def _databases(postgres: PostgresServer) -> dict[str, str]:
    """Two databases, owned by a role that may write, and a role that may only read prod."""
    word = secrets.token_hex(12)
    postgres.execute(
        f"CREATE ROLE shop_rw LOGIN PASSWORD '{word}'; CREATE ROLE shop_ro LOGIN PASSWORD '{word}';"
        "GRANT pg_read_all_data TO shop_ro;"
    )
    for name in ("shop_staging", "shop_prod"):
        postgres.execute(f"CREATE DATABASE {name} OWNER shop_rw")
    return {
        "SHOP_STAGING_URL": postgres.url("shop_staging", user="shop_rw", password=word),
        "SHOP_PROD_URL": postgres.url("shop_prod", user="shop_rw", password=word),
        "SHOP_PROD_READ_URL": postgres.url("shop_prod", user="shop_ro", password=word),
    }


def _migrate(urls: dict[str, str], folder: Path) -> None:
    """Bring both databases to where `main` is, with the stock tool, as a team that adopts schemagate has them."""
    for path, text in _sample().items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    for name in ("SHOP_STAGING_URL", "SHOP_PROD_URL"):
        url = urls[name].replace("postgresql://", "postgresql+psycopg://")
        argv = [sys.executable, "-m", "alembic", "upgrade", "head"]
        environment = {"PATH": os.defpath, "LANG": "C.UTF-8", "DATABASE_URL": url}
        subprocess.run(argv, cwd=folder, env=environment, check=True, capture_output=True, stdin=subprocess.DEVNULL)


def _world(github: StandIn) -> tuple[dict[str, User], Repo, App]:
    world = github.world
    people = {
        name: world.create_user(name, email=f"{name}@example.com") for name in ("dana", "bob", "carol", "mallory")
    }
    acme = world.create_org("acme", admins=[people["carol"]], members=[people["dana"], people["bob"]])
    repo = world.create_repo(acme, "shop", files=_sample())
    world.create_team(acme, "dba", members=[people["carol"]], repos={repo.id: "maintain"})
    world.add_collaborator(repo, people["dana"], "write")
    world.add_collaborator(repo, people["bob"], "maintain")
    app = world.create_app(acme, "schemagate", webhook_url="", webhook_secret=secrets.token_hex(16))
    world.install(app, acme)
    return people, repo, app


def _sample() -> dict[str, str]:
    paths = (path for path in sorted(SAMPLE.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(SAMPLE)): path.read_text() for path in paths}


def _service(
    github: StandIn, app: App, folder: Path, port: int, urls: dict[str, str], log: Path
) -> subprocess.Popen[bytes]:
    """`schemagate up`, told by its environment as on a real machine."""
    config = folder / "server.yml"
    config.write_text(SERVER_CONFIG)
    key = folder / "app.pem"
    key.write_text(app.private_key_pem)
    key.chmod(0o600)
    passed = {
        name: value for name, value in os.environ.items() if name.startswith(("UV_", "SSL_CERT_")) or name == "PATH"
    }
    environment = {
        **passed,
        "LANG": "C.UTF-8",
        "SCHEMAGATE_APP_ID": str(app.id),
        "SCHEMAGATE_PRIVATE_KEY": f"file:{key}",
        "SCHEMAGATE_WEBHOOK_SECRET": app.webhook_secret,
        "SCHEMAGATE_GITHUB_API_URL": github.api_url,
        "SCHEMAGATE_GITHUB_SERVER_URL": github.server_url,
        "SCHEMAGATE_CONFIG": str(config),
        "SCHEMAGATE_DATA_DIR": str(folder / "data"),
        "SCHEMAGATE_PORT": str(port),
        **urls,
    }
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "workers.cli", "up"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 -- the child only asks the kernel for a signal
        )


def _wait_ready(service: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and service.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"schemagate did not start:\n{log.read_text(errors='replace')[-4000:]}")


def _end(service: subprocess.Popen[bytes]) -> None:
    service.send_signal(signal.SIGTERM)
    try:
        service.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(service.pid, signal.SIGKILL)
        service.wait()
