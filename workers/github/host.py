"""GitHub as the jobs see it: every part of `ports.Host` on one session."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from workers.github.checks import Checks
from workers.github.client import Client
from workers.github.comments import Comments
from workers.github.commits import Commits
from workers.github.deployments import Deployments
from workers.github.people import People
from workers.github.pulls import Pulls
from workers.github.repositories import Repositories
from workers.github.session import Session
from workers.ports import Clock, Host, Repository


class GithubHost(Repositories, Pulls, Comments, Checks, Commits, Deployments, People):
    """`with GithubHost(app_id=…, private_key=…, api_url=…, clock=…) as host:`; opened in the process that uses it."""

    def __init__(
        self, *, app_id: int, private_key: str, api_url: str, clock: Clock, client: Client | None = None
    ) -> None:
        self.session = Session(client or Client(api_url), app_id, private_key)
        self.clock = clock
        self.runs = {}

    def __enter__(self) -> Self:
        self.session.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.session.__exit__(kind, error, trace)

    def granted(self) -> tuple[tuple[str, str], ...]:
        """(permission, level) of everything that the App may do."""
        return self.session.granted()

    def token(self, repository: Repository) -> str:
        """What `mirror.Mirrors` fetches with."""
        return self.session.token(repository)


def _holds(host: GithubHost) -> Host:
    """The type checker's word that nothing of `ports.Host` is missing."""
    return host
