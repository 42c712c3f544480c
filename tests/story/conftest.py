"""Stages for stories. What the stand-in and we said to each other is held to GitHub's own description when a story ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.demo.github.contract import assert_no_violations
from tests.story.ground import Ground, OpenShop, Shop, make_ground

__all__ = ["OpenShop"]


@pytest.fixture(scope="session")
def ground(shared_dir: Path) -> Ground:
    return make_ground(shared_dir / "ground")


@pytest.fixture
def open_shop(ground: Ground, data_dir: Path) -> Iterator[OpenShop]:
    """Opens the story's shop; call it once."""
    opened: list[Shop] = []

    def open_one(config: str = "", **more: Any) -> Shop:
        opened.append(ground.open_shop(data_dir, config, **more))
        return opened[-1]

    yield open_one
    for shop in opened:
        shop.house.close()
        assert_no_violations(shop.house.github.exchange_log, shop.house.github.delivery_log)
