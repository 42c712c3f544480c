"""`schemagate up` on a stage of its own: the GitHub stand-in, the shop on SQLite, and a look at every process that it starts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from deploy.demo.github import StandIn
from deploy.demo.github.records import Pull, Repo, User
from deploy.demo.servers import free_port
from tests.source_files import ROOT
from tests.story.ground import Ground
from tests.story.shop import shop_config, shop_files
from tests.story.targets import SqliteFile

HOOK, URL = "canary-hook-4711", "canary-url-4712"
MARKER = "<!-- schemagate:report:1 -->"


@dataclass(kw_only=True)
class Service:
    """A running `schemagate up`; `log` is what it says."""

    process: subprocess.Popen[bytes]
    others: tuple[subprocess.Popen[bytes], ...] = ()
    github: StandIn
    repo: Repo
    alice: User
    port: int
    log: Path
    environment: dict[str, str]
    secrets: tuple[str, ...]
    seen: dict[str, set[str]] = field(default_factory=dict)
    pulls: list[Pull] = field(default_factory=list)

    def pids(self, part: str) -> list[int]:
        """Every process that was this part, oldest first."""
        lines = (line for line in self.log.read_text().splitlines() if line.startswith("{"))
        events = [json.loads(line) for line in lines]
        return [item["pid"] for item in events if item.get("event") == "part_started" and item["part"] == part]

    def ready(self) -> bool:
        """Whether web, state and queue answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def open_pull(self, branch: str, files: dict[str, str | None]) -> Pull:
        """Somebody pushes a branch and opens a pull."""
        world = self.github.world
        world.push(self.repo, self.alice, branch, files, branch)
        self.pulls.append(world.open_pull(self.repo, self.alice, head=branch, title=branch))
        return self.pulls[-1]

    def reported(self, pull: Pull) -> bool:
        """Whether the report is there and the check has come to an end."""
        self.look()
        return any(MARKER in text for text in self.comments(pull)) and self.checked(pull)

    def checked(self, pull: Pull) -> bool:
        """Whether the check on the pull's head has come to an end."""
        runs = self.github.world.check_runs(self.repo, pull.head_sha)
        checks = [run for run in runs if run.name == "schemagate"]
        return bool(checks) and checks[-1].conclusion is not None

    def comments(self, pull: Pull) -> list[str]:
        """The texts of the pull's comments, oldest first."""
        return [comment.body for comment in self.github.world.comments(pull)]

    def look(self) -> None:
        """Note which of the secrets are seen in any process of the service."""
        for pid in descendants(self.process.pid):
            place = Path("/proc", str(pid))
            try:
                command = (place / "cmdline").read_bytes()
                shown = command + (place / "environ").read_bytes()
            except OSError:
                continue
            name = f"{pid} {command.replace(bytes(1), b' ').decode(errors='replace')}"
            self.seen.setdefault(name, set()).update(item for item in self.secrets if item.encode() in shown)

    def wait(self, until: Callable[[], bool], seconds: float = 90.0, step: float = 0.1) -> None:
        """Wait, or fail with what the service said last."""
        end = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < end, self.log.read_text()[-6000:]
            assert self.process.poll() is None, self.log.read_text()[-6000:]
            time.sleep(step)


def start(folder: Path, ground: Ground, target: SqliteFile, *commands: str, **told: str) -> Service:
    """The shop on a file, beside an environment that nobody reaches; commands other than `up` are started one beside the other."""
    config = (
        f"repositories:\n  acme/shop:\n    modules:\n      shop:\n        python_environment: {ground.python}\n"
        '        environments:\n          prod: {url: "env:PROD_URL", approvers: from_repository}\n'
        '          idle: {url: "env:IDLE_URL", approvers: ["@bob"], mode: report, blocks_merge: false}\n'
    )
    urls = {"PROD_URL": f"sqlite:///{target.path}", "IDLE_URL": f"postgresql://app:{URL}@127.0.0.1:1/idle"}
    return serve(folder, shop_files(shop_config(prod="")), config, *commands, **{**urls, **told})


def serve(folder: Path, files: dict[str, str], server_config: str, *commands: str, **told: str) -> Service:
    """Everything up and the webhook set, around a repository whose first commit holds these files."""
    github = StandIn(folder=folder / "github")
    github.start()
    world = github.world
    alice, bob = (world.create_user(name, email=f"{name}@example.com") for name in ("alice", "bob"))
    acme = world.create_org("acme", admins=[bob], members=[alice])
    repo = world.create_repo(acme, "shop", files=dict(files))
    world.add_collaborator(repo, alice, "write")
    app = world.create_app(acme, "schemagate", webhook_url="", webhook_secret=HOOK)
    world.install(app, acme)
    (config := folder / "server.yml").write_text(server_config)
    (data := folder / "data").mkdir(
        mode=0o711, exist_ok=True
    )  # a sandbox's user passes, so nothing is laid elsewhere for it
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if name in {"PATH", "SCHEMAGATE_SANDBOX"}},
        "PYTHONPATH": str(ROOT),
        "SCHEMAGATE_APP_ID": str(app.id),
        "SCHEMAGATE_PRIVATE_KEY": app.private_key_pem,
        "SCHEMAGATE_WEBHOOK_SECRET": HOOK,
        "SCHEMAGATE_GITHUB_API_URL": github.api_url,
        "SCHEMAGATE_GITHUB_SERVER_URL": github.server_url,
        "SCHEMAGATE_CONFIG": str(config),
        "SCHEMAGATE_DATA_DIR": str(data),
        "SCHEMAGATE_PORT": str(port),
        **told,
    }
    log = folder / "service.log"
    first, *others = (run(words, environment, log) for words in commands or ("up",))
    service = Service(
        process=first,
        others=tuple(others),
        github=github,
        repo=repo,
        alice=alice,
        port=port,
        log=log,
        environment=environment,
        secrets=(HOOK, URL, app.private_key_pem.splitlines()[3]),
    )
    service.wait(service.ready)
    world.set_webhook(app, f"http://127.0.0.1:{port}/webhook", HOOK)
    return service


def run(words: str, environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    """The command, in a session of its own."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "workers.cli", *words.split()],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def descendants(pid: int) -> set[int]:
    """A process and everything that came of it."""
    parents = {}
    for entry in Path("/proc").iterdir():
        try:
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (ValueError, OSError, IndexError):
            continue
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def alive(pids: set[int]) -> set[int]:
    """Those of these processes that have not ended."""
    return {pid for pid in pids if _state(pid) not in {"", "Z"}}


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""


def end(service: Service) -> None:
    """Whatever a test did, nothing is left."""
    for process in (service.process, *service.others):
        left = descendants(process.pid)
        process.kill()
        process.wait()
        for pid in alive(left):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    service.github.stop()
