"""A stand-in with a small organization, a client of its API, and the contract checked after every test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jwt
import pytest
import requests

from deploy.demo.github import StandIn
from deploy.demo.github.records import App, Installation, Json, Pull, Repo, User
from deploy.demo.github.scenery import Files
from deploy.demo.github.world import World
from tests.demo.github.contract import assert_no_violations

NOWHERE = "http://127.0.0.1:9/webhook"  # the discard port: nothing listens


@dataclass(slots=True, kw_only=True)
class Acme:
    """An organization, its people, one repository and an App installed on all of it."""

    github: StandIn
    world: World
    alice: User  # an owner
    bob: User  # a member who may write
    carol: User  # an outside reader
    dave: User  # nobody here
    org: User
    repo: Repo
    app: App
    installation: Installation

    def pull(
        self, branch: str = "feature", files: Files | None = None, *, title: str = "Add b", draft: bool = False
    ) -> Pull:
        self.world.push(self.repo, self.bob, branch, files or {"b.txt": "two\n"}, "Add b")
        return self.world.open_pull(self.repo, self.bob, head=branch, title=title, draft=draft)

    def api(self, authorization: str | None = None) -> Api:
        return Api(self.github.api_url, authorization or f"Bearer {self.token()}")

    def as_person(self, user: User) -> Api:
        return Api(self.github.api_url, f"token {self.world.personal_token(user)}")

    def token(self, **narrowed: object) -> str:
        url = f"{self.github.api_url}/app/installations/{self.installation.id}/access_tokens"
        answer = requests.post(
            url, json=narrowed or None, headers={"Authorization": f"Bearer {self.jwt()}"}, timeout=10
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])

    def jwt(self, *, app: App | None = None, age: int = 60, life: int = 540, key: str = "", **more: object) -> str:
        app = app or self.app
        now = int(self.github.hub.state.now().timestamp())
        claims = {"iat": now - age, "exp": now + life, "iss": str(app.id), **more}
        return jwt.encode(claims, key or app.private_key_pem, algorithm="RS256")


@dataclass(frozen=True, slots=True)
class Api:
    """Plain HTTP with one Authorization header; `status` is what the answer must have."""

    url: str
    authorization: str

    def get(self, path: str, status: int = 200, /, **query: object) -> Any:
        return self._ask("GET", path, status, params=query)

    def post(self, path: str, body: Json | None = None, status: int = 201) -> Any:
        return self._ask("POST", path, status, json=body)

    def patch(self, path: str, body: Json, status: int = 200) -> Any:
        return self._ask("PATCH", path, status, json=body)

    def put(self, path: str, body: Json, status: int = 200) -> Any:
        return self._ask("PUT", path, status, json=body)

    def delete(self, path: str, status: int = 204) -> Any:
        return self._ask("DELETE", path, status)

    def raw(self, path: str, /, **query: object) -> requests.Response:
        headers = {"Authorization": self.authorization} if self.authorization else {}
        return requests.get(self.url + path, headers=headers, params=query, timeout=10)  # type: ignore[arg-type]

    def _ask(self, method: str, path: str, status: int, **more: object) -> Any:
        headers = {"Authorization": self.authorization} if self.authorization else {}
        answer = requests.request(method, self.url + path, headers=headers, timeout=10, **more)  # type: ignore[arg-type]
        assert answer.status_code == status, f"{answer.status_code} {answer.text[:2000]}"
        return answer.json() if answer.content else {}


@pytest.fixture
def github() -> Iterator[StandIn]:
    with StandIn() as github:
        yield github
        github.world.wait_idle()
        if github.exchange_log.stat().st_size or github.delivery_log.stat().st_size:
            assert_no_violations(github.exchange_log, github.delivery_log)


@pytest.fixture
def acme(github: StandIn) -> Acme:
    world = github.world
    alice, bob, carol, dave = (world.create_user(login) for login in ("alice", "bob", "carol", "dave"))
    org = world.create_org("acme", admins=[alice], members=[bob])
    repo = world.create_repo(org, "shop", files={"a.txt": "one\n", "docs/guide.md": "# Guide\n"}, author=alice)
    world.add_collaborator(repo, bob, "write")
    world.add_collaborator(repo, carol, "read")
    app = world.create_app(org, "gate", webhook_url=NOWHERE, webhook_secret="a secret")
    installation = world.install(app, org)
    return Acme(
        github=github,
        world=world,
        alice=alice,
        bob=bob,
        carol=carol,
        dave=dave,
        org=org,
        repo=repo,
        app=app,
        installation=installation,
    )
