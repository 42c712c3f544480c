"""The stage of a story: the GitHub stand-in, the webhook service over HTTP, and the jobs, run here one after another.

Everything is real but Redis: the queue is a list, so that a story knows when nothing is left to do.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from werkzeug.serving import BaseWSGIServer, make_server

from bot.app import create_app
from bot.settings import Settings as BotSettings
from deploy.demo.github import StandIn
from deploy.demo.github.records import App, CheckRun, Comment, Pull, Repo, User
from deploy.demo.github.world import World
from workers import wiring
from workers.github.host import GithubHost
from workers.local.clock import SystemClock
from workers.machine import Machine
from workers.messages import Message, Reconcile
from workers.ports import Services
from workers.run import attempt
from workers.settings import Settings
from workers.store.sql import SqlStore

SAMPLE = Path(__file__).resolve().parents[2] / "deploy" / "demo" / "sample"
MARKER = "<!-- schemagate:report:1 -->"
OFFERED = re.compile(r"^/approve (\S+) ([0-9a-z]{7})", re.MULTILINE)
ROLES = {"alice": "write", "bob": "maintain", "frank": "write", "grace": "write", "dave": "read"}
PEOPLE = (*ROLES, "carol", "eve")  # carol owns the organization; eve is nobody here


class MovedClock(SystemClock):
    """The time of this machine, or as much later as a story wants."""

    def __init__(self) -> None:
        self.moved = 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return super().now() + self.moved

    def iso(self) -> str:
        """Now as ISO 8601 in UTC with milliseconds."""
        moment = datetime.fromtimestamp(self.now(), tz=UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class ListQueue:
    """Fills the port `Queue`: first in, first out, a waiting message once. The web's threads send here, too."""

    waiting: deque[tuple[str, Message]] = field(default_factory=deque)
    seen: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, message: Message, job_id: str | None = None, delay: float = 0) -> None:
        """Keep a message; a job id that was seen, or an equal waiting message, is kept once."""
        del delay
        with self.lock:
            if job_id in self.seen or (job_id is None and any(item == message for _, item in self.waiting)):
                return
            self.seen.add(job_id or "")
            self.waiting.append((job_id or f"job-{secrets.token_hex(4)}", message))

    def rescue(self) -> int:
        """Nothing dies here."""
        return 0

    def ready(self) -> bool:
        """Always."""
        return True


@dataclass(kw_only=True)
class House:
    """A repository `acme/shop` with people, an environment or two, and the bot."""

    github: StandIn
    services: Services
    queue: ListQueue
    clock: MovedClock
    web: BaseWSGIServer
    settings: Settings
    people: dict[str, User]
    repo: Repo
    app: App
    done: list[Message] = field(default_factory=list)

    @property
    def world(self) -> World:
        """The stand-in's scripting side."""
        return self.github.world

    # -- acting

    def settle(self, *, until: type[Message] | None = None) -> None:
        """Wait until every delivery was answered and every message has become its job, or until one of a kind is next."""
        for _ in range(200):
            assert self.world.wait_idle()
            for job_id, message in self.services.inbox.unsent():
                self.queue.send(message, job_id)
                self.services.inbox.mark_sent(job_id)
            if not self.queue.waiting or (until is not None and isinstance(self.queue.waiting[0][1], until)):
                return
            job_id, message = self.queue.waiting.popleft()
            self.done.append(message)
            attempt(message, job_id, self.services, wiring.telling())
        raise AssertionError(f"the story does not come to rest: {self.done[-5:]}")

    def reconcile(self) -> None:
        """What happens every half minute."""
        self.queue.send(Reconcile())
        self.settle()

    def wait_until(self, iso: str) -> None:
        """It is that time now."""
        self.clock.moved += datetime.fromisoformat(iso).timestamp() - self.clock.now()

    def push(
        self, branch: str, files: Mapping[str, str | bytes | None], *, by: str = "alice", author: str = ""
    ) -> None:
        """Somebody pushes a commit, perhaps one that somebody else wrote, and everything that follows happens."""
        wrote = self.people[author or by]
        self.world.push(self.repo, self.people[by], branch, dict(files), "Change the schema", author=wrote)
        self.settle()

    def open_pull(
        self, files: Mapping[str, str | bytes | None], *, by: str = "alice", branch: str = "change", **more: str
    ) -> Pull:
        """Somebody pushes a branch and opens a pull from it."""
        self.world.push(self.repo, self.people[by], branch, dict(files), "Change the schema")
        title = more.pop("title", "Change the schema")
        pull = self.world.open_pull(self.repo, self.people[by], head=branch, title=title, base=more.pop("base", None))
        self.settle()
        return pull

    def say(self, pull: Pull, who: str, text: str, *, until: type[Message] | None = None) -> Comment:
        """Somebody comments, and everything that follows happens."""
        self.world.advance(self.clock.moved)  # only for the comment's time: the tokens of GitHub know no other clock
        comment = self.world.comment(pull, self.people[who], text)
        self.world.advance(-self.clock.moved)
        self.settle(until=until)
        return comment

    # -- looking

    def comments(self, pull: Pull) -> list[str]:
        """The texts of the pull's comments, oldest first."""
        return [item.body for item in self.world.comments(pull)]

    def answers(self, pull: Pull) -> list[str]:
        """What we said in short comments, oldest first."""
        mine = [item for item in self.world.comments(pull) if item.user is self.app.bot]
        return [item.body for item in mine if not item.body.rstrip().endswith(MARKER)]

    def reports(self, pull: Pull) -> list[Comment]:
        """Every comment of ours that is a report."""
        mine = [item for item in self.world.comments(pull) if item.user is self.app.bot]
        return [item for item in mine if item.body.rstrip().endswith(MARKER)]

    def report(self, pull: Pull) -> str:
        """The one living report."""
        found = self.reports(pull)
        assert len(found) == 1, f"{len(found)} reports"
        return found[0].body

    def offered(self, pull: Pull, environment: str = "prod") -> str:
        """The line that the report offers to paste for an environment."""
        lines = [line for line in self.report(pull).splitlines() if line.startswith(f"/approve {environment} ")]
        assert len(lines) == 1, self.report(pull)
        return lines[0]

    def code(self, pull: Pull, environment: str = "prod") -> str:
        """The plan code in that line."""
        found = OFFERED.match(self.offered(pull, environment))
        assert found
        return found[2]

    def any_code(self, pull: Pull, environment: str = "prod") -> str:
        """The code of the newest plan, offered or not, as the check runs name it."""
        runs = self.world.check_runs(self.repo, pull.head_sha)
        names = [run.name for run in runs if run.name.startswith(f"schemagate: shop/{environment} · plan ")]
        return names[-1].split("· plan ")[1][:7]

    def evidence(self, pull: Pull, name: str) -> str:
        """A document of the newest workdocs on the pull's branch."""
        tree = self.repo.git.tree(pull.head_sha, recursive=True)
        paths = [entry.path for entry in tree if entry.path.endswith(f"/db/{name}")]
        found = self.world.read_file(self.repo, pull.head_sha, paths[-1])
        assert found
        return found.decode()

    def check(self, pull: Pull, name: str = "schemagate") -> CheckRun:
        """Our newest check run of a name on the pull's head."""
        return [run for run in self.world.check_runs(self.repo, pull.head_sha) if run.name == name][-1]

    def reactions(self, comment: Comment) -> list[str]:
        """How we reacted to a comment."""
        return [item.content for item in comment.reactions if item.user is self.app.bot]

    def jobs(self) -> list[str]:
        """The names of the jobs that ran so far."""
        return [type(message).__name__ for message in self.done]

    def close(self) -> None:
        """End every thread and connection."""
        self.web.shutdown()
        self.web.server_close()
        assert isinstance(self.services.store, SqlStore)
        self.services.store.close()
        assert isinstance(self.services.host, GithubHost)
        self.services.host.__exit__(None, None, None)
        self.github.stop()


def open_house(
    folder: Path,
    server_config: str,
    variables: dict[str, str],
    files: dict[str, str],
    *,
    sandbox: str = "required",
    machine: Machine | None = None,
) -> House:
    """Build the stage: `files` is the repository's first commit."""
    github = StandIn(folder=folder / "github")
    github.start()
    secret = secrets.token_hex(16)
    people, repo, app = _people(github.world, files, secret)
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
    queue, clock = ListQueue(), MovedClock()
    services = replace(wiring.build(settings, queue=queue, found=machine), clock=clock)
    web = _serve(settings, queue)
    github.world.set_webhook(app, f"http://127.0.0.1:{web.server_port}/webhook", secret)
    return House(
        github=github,
        services=services,
        queue=queue,
        clock=clock,
        web=web,
        settings=settings,
        people=people,
        repo=repo,
        app=app,
    )


def sample_files(**more: str) -> dict[str, str]:
    """The sample shop as the first commit of a repository."""
    files = {
        str(path.relative_to(SAMPLE)): path.read_text()
        for path in sorted(SAMPLE.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    return {**files, **more}


def _people(world: World, files: dict[str, str], secret: str) -> tuple[dict[str, User], Repo, App]:
    people = {name: world.create_user(name, email=f"{name}@example.com") for name in PEOPLE}
    acme = world.create_org("acme", admins=[people["carol"]], members=[people["bob"], people["alice"]])
    repo = world.create_repo(acme, "shop", files=dict(files))
    for name, role in ROLES.items():
        world.add_collaborator(repo, people[name], role)
    app = world.create_app(acme, "schemagate", webhook_url="", webhook_secret=secret)
    world.install(app, acme)
    return {**people, "acme": acme}, repo, app


def _serve(settings: Settings, queue: ListQueue) -> BaseWSGIServer:
    app = create_app(BotSettings.from_env(settings.web_environment()), queue)
    web = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return web
