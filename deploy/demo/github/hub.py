"""One running GitHub: its state, its outgoing deliveries and its logs, and how an event reaches the Apps that asked for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from deploy.demo.github.bare import Signature
from deploy.demo.github.deliveries import Deliveries
from deploy.demo.github.exchanges import JsonLines
from deploy.demo.github.records import App, Json, Repo, User
from deploy.demo.github.shapes import accounts, repos
from deploy.demo.github.shapes.pulls import PullFacts
from deploy.demo.github.state import State, node_id


class Hub:
    """What every action needs in its hand. Actions are called with `state.lock` held."""

    def __init__(self, folder: Path, clock: Callable[[], datetime] | None = None) -> None:
        self.state = State(folder, clock) if clock else State(folder)
        self.exchange_log = JsonLines(folder / "exchanges.jsonl")
        self.delivery_log = JsonLines(folder / "deliveries.jsonl")
        self.deliveries = Deliveries(self.state, self.delivery_log)
        self.pull_facts: dict[tuple[int, str, str], PullFacts] = {}

    def close(self) -> None:
        self.deliveries.stop()
        self.exchange_log.close()
        self.delivery_log.close()

    def emit(self, event: str, payload: Json, repo: Repo, sender: User, *, only: App | None = None) -> None:
        """Sends a repository event to each App installed there that subscribed to it (or to the one App it concerns)."""
        self.state.changed()
        for installation in self.state.installations_on(repo):
            app = installation.app
            if event not in installation.events or (only is not None and app is not only):
                continue
            whole = payload | {
                "repository": payload.get("repository") or repos.repository(self.state, repo),
                "sender": accounts.user(self.state, sender),
                "installation": {"id": installation.id, "node_id": node_id("Integration", installation.id)},
            }
            if repo.owner.type == "Organization":
                whole["organization"] = accounts.organization(self.state, repo.owner)
            self.deliveries.send(app, event, whole, installation=installation, repo=repo)

    def signature(self, user: User) -> Signature:
        """How a person's own git signs: the address of the account."""
        return Signature(user.name, user.email, self.state.now())

    def web_signature(self, user: User) -> Signature:
        """How GitHub's web pages and API name an account as author."""
        return Signature(user.login if user.type == "Bot" else user.name, user.noreply, self.state.now())

    def own_signature(self) -> Signature:
        """GitHub itself as committer."""
        return Signature("GitHub", "noreply@github.com", self.state.now())
