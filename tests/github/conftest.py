"""A GitHub of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.demo.github import StandIn
from tests.github.hosted import Hosted


@pytest.fixture
def hosted() -> Iterator[Hosted]:
    with StandIn() as github:
        yield Hosted.on(github)
