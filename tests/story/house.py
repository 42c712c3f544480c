"""The stage of a story: the GitHub stand-in, the webhook service over HTTP, and the jobs, run here one after another.

Everything is real but Redis: the queue is a list, so that a story knows when nothing is left to do.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from werkzeug.serving import BaseWSGIServer, make_server

from bot.app import create_app
from bot.settings import Settings as BotSettings
from deploy.demo.github import StandIn
from workers import wiring
from workers.messages import Message, Reconcile
from workers.ports import Services
from workers.run import attempt
from workers.settings import Settings

SAMPLE = Path(__file__).resolve().parents[2] / "deploy" / "demo" / "sample"
DOTTED = re.compile(r"/approve \S+ ([0-9a-z]{7})")


@dataclass
class ListQueue:
    """Fills the port `Queue`: first in, first out, a waiting message once."""

    waiting: deque[tuple[str, Message]] = field(default_factory=deque)
    seen: set[str] = field(default_factory=set)

    def send(self, message: Message, job_id: str | None = None, delay: float = 0) -> None:
        """Keep a message; a job id that was seen, or an equal waiting message, is kept once."""
        del delay
        if job_id is not None and job_id in self.seen:
            return
        if job_id is None and any(item == message for _, item in self.waiting):
            return
        self.seen.add(job_id or "")
        self.waiting.append((job_id or f"job-{secrets.token_hex(4)}", message))

    def rescue(self) -> int:
        """Nothing dies here."""
        return 0

    def ready(self) -> bool:
        """Always."""
        return True


@dataclass
class House:
    """A repository `acme/shop` with people, an environment or two, and the bot."""

    github: StandIn
    services: Services
    queue: ListQueue
    folder: Path
    web: BaseWSGIServer
    settings: Settings
    people: dict[str, object] = field(default_factory=dict)
    repo: object = None
    app: object = None
    done: list[Message] = field(default_factory=list)

    @property
    def world(self) -> object:
        """The stand-in's scripting side."""
        return self.github.world

    def settle(self) -> None:
        """Wait until every delivery was answered and every message has become its job."""
        for _ in range(200):
            self.github.world.wait_idle()
            for job_id, message in self.services.inbox.unsent():
                self.queue.send(message, job_id)
                self.services.inbox.mark_sent(job_id)
            if not self.queue.waiting:
                return
            job_id, message = self.queue.waiting.popleft()
            self.done.append(message)
            attempt(message, job_id, self.services, wiring.telling())
        raise AssertionError(f"the story does not come to rest: {self.done[-5:]}")

    def reconcile(self) -> None:
        """What happens every half minute."""
        self.queue.send(Reconcile())
        self.settle()

    def say(self, pull: object, who: str, text: str) -> object:
        """Somebody comments, and everything that follows happens."""
        comment = self.github.world.comment(pull, self.people[who], text)
        self.settle()
        return comment

    def comments(self, pull: object) -> list[str]:
        """The texts of the pull's comments, oldest first."""
        return [item.body for item in self.github.world.comments(pull)]

    def report(self, pull: object) -> str:
        """The one living report."""
        found = [body for body in self.comments(pull) if body.rstrip().endswith("<!-- schemagate:report:1 -->")]
        assert len(found) == 1, f"{len(found)} reports"
        return found[0]

    def code(self, pull: object) -> str:
        """The plan code that the report offers to paste."""
        found = DOTTED.search(self.report(pull))
        assert found, self.report(pull)
        return found[1]

    def check(self, pull: object, name: str = "schemagate") -> object:
        """Our newest check run of a name on the pull's head."""
        runs = [run for run in self.github.world.check_runs(self.repo, pull.head_sha) if run.name == name]
        return runs[-1]

    def close(self) -> None:
        """End every thread and connection."""
        self.web.shutdown()
        self.web.server_close()
        self.services.store.close()
        self.services.host.__exit__(None, None, None)
        self.github.stop()


def open_house(
    folder: Path, server_config: str, variables: dict[str, str], files: dict[str, str], *, sandbox: str = "required"
) -> House:
    """Build the stage: `files` is the repository's first commit."""
    github = StandIn(folder=folder / "github")
    github.start()
    world = github.world
    secret = secrets.token_hex(16)
    people = {name: world.create_user(name, email=f"{name}@example.com") for name in ("alice", "bob", "carol", "dave", "eve")}
    acme = world.create_org("acme", admins=[people["carol"]], members=[people["bob"], people["alice"]])
    repo = world.create_repo(acme, "shop", files=files)
    world.add_collaborator(repo, people["alice"], "write")
    world.add_collaborator(repo, people["bob"], "maintain")
    world.add_collaborator(repo, people["dave"], "read")
    app = world.create_app(acme, "schemagate", webhook_url="", webhook_secret=secret)
    world.install(app, acme)
    config = folder / "server.yml"
    config.write_text(server_config)
    environment = {
        "SCHEMAGATE_APP_ID": str(app.id),
        "SCHEMAGATE_PRIVATE_KEY": app.private_key_pem,
        "SCHEMAGATE_WEBHOOK_SECRET": secret,
        "SCHEMAGATE_GITHUB_API_URL": github.api_url,
        "SCHEMAGATE_GITHUB_SERVER_URL": github.server_url,
        "SCHEMAGATE_CONFIG": str(config),
        "SCHEMAGATE_DATA_DIR": str(folder / "data"),
        "SCHEMAGATE_SANDBOX": sandbox,
        **variables,
    }
    settings = Settings.from_env(environment, new_key=lambda: secrets.token_bytes(32))
    wiring.upgrade_state(settings)
    queue = ListQueue()
    services = wiring.build(settings, queue=queue)
    web = _serve(settings, queue)
    world.set_webhook(app, f"http://127.0.0.1:{web.server_port}/webhook", secret)
    return House(
        github=github, services=services, queue=queue, folder=folder, web=web, settings=settings,
        people=people, repo=repo, app=app,
    )


def sample_files(**more: str) -> dict[str, str]:
    """The sample shop as the first commit of a repository."""
    files = {
        str(path.relative_to(SAMPLE)): path.read_text()
        for path in sorted(SAMPLE.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    return {**files, **more}


def _serve(settings: Settings, queue: ListQueue) -> BaseWSGIServer:
    app = create_app(BotSettings.from_env(settings.web_environment()), queue)
    web = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    return web


