"""A repository on the GitHub stand-in with people, an installed App, and our side of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from deploy.demo.github import StandIn
from workers.github.client import Client
from workers.github.host import GithubHost
from workers.ports import Repository

FILES = {"alembic.ini": "[alembic]\n", "versions/a.py": "revision = 'a'\n", "README.md": "# shop\n"}


@dataclass
class Hosted:
    """acme/shop with alice (admin) and bob (write)."""

    github: StandIn
    acme: Any
    alice: Any
    bob: Any
    shop: Any
    app: Any
    installation: Any

    @classmethod
    def on(cls, github: StandIn, **app: Any) -> Hosted:
        world = github.world
        alice, bob = world.create_user("alice"), world.create_user("bob")
        acme = world.create_org("acme", admins=[alice], members=[bob])
        shop = world.create_repo(acme, "shop", files=FILES)
        world.add_collaborator(shop, bob, "write")
        installed = world.create_app(acme, "schemagate", **app)
        return cls(github, acme, alice, bob, shop, installed, world.install(installed, acme))

    @property
    def repository(self) -> Repository:
        return Repository(
            id=self.shop.id, full_name="acme/shop", default_branch="main", installation=self.installation.id
        )

    def tip(self, branch: str = "main") -> str:
        found: str = self.shop.git.tip(branch)
        return found

    def host(self, **client: Any) -> GithubHost:
        """Our side of it, with the App's own key."""
        return GithubHost(
            app_id=self.app.id,
            private_key=self.app.private_key_pem,
            api_url=self.github.api_url,
            clock=FixedClock(),
            client=Client(self.github.api_url, **client),
        )

    def exchanges(self) -> list[dict[str, Any]]:
        """Every REST exchange so far."""
        log = self.github.exchange_log
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def writes(self) -> list[str]:
        """The paths that were written to, tokens aside."""
        return [
            f"{item['method']} {item['path']}"
            for item in self.exchanges()
            if item["method"] != "GET" and "access_tokens" not in item["path"]
        ]


class FixedClock:
    """`ports.Clock` that stands still."""

    def now(self) -> float:
        return 1_800_000_000.0

    def iso(self) -> str:
        return "2027-01-15T08:00:00.000Z"

    def code(self) -> str:
        return "abc1234"
