"""Stages for stories. What the stand-in and we said to each other is held to GitHub's own description when a story ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.demo.github.contract import assert_no_violations
from tests.story.ground import Ground, Shop, make_ground

OpenShop = Callable[..., Shop]


@pytest.fixture(scope="session")
def ground(shared_dir: Path) -> Ground:
    return make_ground(shared_dir / "ground")


@pytest.fixture
def open_shop(ground: Ground, data_dir: Path) -> Iterator[OpenShop]:
    """Opens the story's shop; call it once."""
    opened: list[Shop] = []

    def open_one(config: str = "", **more: object) -> Shop:
        opened.append(ground.open_shop(data_dir, config, **more))  # type: ignore[arg-type]
        return opened[-1]

    yield open_one
    for shop in opened:
        shop.house.close()
        assert_no_violations(shop.house.github.exchange_log, shop.house.github.delivery_log)
