"""A repository on the GitHub stand-in with people, an installed App, and our side of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from deploy.demo.github import StandIn
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

    def token(self) -> str:
        return str(self.github.world.personal_token(self.bob))
