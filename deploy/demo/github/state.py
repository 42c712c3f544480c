"""All that this GitHub knows, in memory behind one lock, and how a thing is found by id, login or name."""

from __future__ import annotations

import base64
import itertools
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.demo.github.errors import not_found
from deploy.demo.github.faults import Faults
from deploy.demo.github.records import (
    App,
    CheckRun,
    CheckSuite,
    Comment,
    CommitStatus,
    Delivery,
    Deployment,
    Installation,
    Issue,
    Json,
    Pull,
    Repo,
    Team,
    Token,
    User,
)

# No two of one process share an id: clients remember tokens by the ids of App and installation.
_FIRST_IDS = itertools.count(1_000, 100_000)


def iso(at: datetime) -> str:
    """A time as GitHub prints it: whole seconds, a Z."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def node_id(kind: str, number: int) -> str:
    return base64.b64encode(f"0{len(kind)}:{kind}{number}".encode()).decode().rstrip("=")


class State:
    """Every record, under `lock`; the methods find and number, they decide nothing."""

    def __init__(self, folder: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.lock = threading.RLock()
        self.folder = folder
        self.clock = clock
        self.shifted = timedelta(0)
        self.server_url = "http://127.0.0.1"
        self.faults = Faults()
        self.revision = 0  # grows with every write; pages poll it
        self._last_id = next(_FIRST_IDS)
        self.users: dict[int, User] = {}
        self.teams: dict[int, Team] = {}
        self.repos: dict[int, Repo] = {}
        self.apps: dict[int, App] = {}
        self.installations: dict[int, Installation] = {}
        self.tokens: dict[str, Token] = {}
        self.comments: dict[int, Comment] = {}
        self.suites: dict[int, CheckSuite] = {}
        self.runs: dict[int, CheckRun] = {}
        self.statuses: list[CommitStatus] = []
        self.deployments: dict[int, Deployment] = {}
        self.deliveries: dict[int, Delivery] = {}
        self.manifests: dict[str, Json] = {}  # conversion code -> manifest
        self.web_flow = self.add_user("web-flow", name="GitHub", email="noreply@github.com")
        self.ghost = self.add_user("ghost", name="Deleted user", email="ghost@users.noreply.github.com")

    @property
    def api_url(self) -> str:
        return f"{self.server_url}/api/v3"

    def now(self) -> datetime:
        return self.clock() + self.shifted

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def changed(self) -> None:
        self.revision += 1

    # -- accounts

    def add_user(self, login: str, *, name: str = "", email: str = "", kind: str = "User") -> User:
        user = User(id=self.next_id(), login=login, name=name or login, email=email, type=kind, created_at=self.now())
        user.email = email or user.noreply
        self.users[user.id] = user
        return user

    def find_user(self, login: str) -> User | None:
        return next((u for u in self.users.values() if u.login.lower() == login.lower()), None)

    def user(self, login: str) -> User:
        user = self.find_user(login)
        if user is None:
            raise not_found()
        return user

    def user_by_email(self, email: str) -> User | None:
        """Whom GitHub shows beside a commit: the account that owns the address, or nobody."""
        wanted = email.lower()
        return next((u for u in self.users.values() if wanted in (u.email.lower(), u.noreply.lower())), None)

    def find_team(self, org: str, slug: str) -> Team | None:
        return next(
            (t for t in self.teams.values() if t.org.login.lower() == org.lower() and t.slug == slug.lower()), None
        )

    # -- repositories and what they hold

    def find_repo(self, owner: str, name: str) -> Repo | None:
        wanted = f"{owner}/{name.removesuffix('.git')}".lower()
        return next((r for r in self.repos.values() if r.full_name.lower() == wanted and not r.deleted), None)

    def repo(self, owner: str, name: str) -> Repo:
        repo = self.find_repo(owner, name)
        if repo is None:
            raise not_found()
        return repo

    def issue(self, repo: Repo, number: int) -> Issue:
        if number not in repo.issues:
            raise not_found()
        return repo.issues[number]

    def pull(self, repo: Repo, number: int) -> Pull:
        pull = self.issue(repo, number).pull
        if pull is None:
            raise not_found()
        return pull

    def pulls(self, repo: Repo | None = None) -> Iterator[Pull]:
        for each in self.repos.values() if repo is None else (repo,):
            yield from (issue.pull for issue in each.issues.values() if issue.pull)

    def comments_of(self, issue: Issue) -> tuple[Comment, ...]:
        return tuple(c for c in self.comments.values() if c.issue is issue)

    def comment(self, repo: Repo, comment_id: int) -> Comment:
        comment = self.comments.get(comment_id)
        if comment is None or comment.issue.repo is not repo:
            raise not_found()
        return comment

    def run(self, repo: Repo, run_id: int) -> CheckRun:
        run = self.runs.get(run_id)
        if run is None or run.suite.repo is not repo:
            raise not_found()
        return run

    def runs_of(self, suite: CheckSuite) -> tuple[CheckRun, ...]:
        return tuple(r for r in self.runs.values() if r.suite is suite)

    # -- apps

    def installation_of(self, app: App, account: User) -> Installation | None:
        return next((i for i in self.installations.values() if i.app is app and i.account is account), None)

    def installations_on(self, repo: Repo) -> tuple[Installation, ...]:
        return tuple(i for i in self.installations.values() if i.covers(repo) and i.suspended_at is None)
