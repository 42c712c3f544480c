"""A GitHub of its own for each test, and our host on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.demo.github import StandIn
from tests.demo.github.contract import violations
from tests.github.hosted import Hosted
from workers.github.host import GithubHost
from workers.github.permissions import permissions
from workers.ports import Repository


@pytest.fixture
def hosted() -> Iterator[Hosted]:
    """The App has exactly the permissions that it asks for; all that was said is held to GitHub's own description."""
    with StandIn() as github:
        yield Hosted.on(github, permissions=dict(permissions()))
        found = violations(github.exchange_log, github.delivery_log)
    assert not found, "\n".join(map(str, found[:10]))


@pytest.fixture
def host(hosted: Hosted) -> Iterator[GithubHost]:
    with hosted.host(patience=5) as opened:
        yield opened


@pytest.fixture
def shop(hosted: Hosted) -> Repository:
    return hosted.repository
