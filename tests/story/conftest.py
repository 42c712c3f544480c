"""Stages for stories. What the stand-in and we said to each other is held to GitHub's own description when a story ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.demo.github.contract import assert_no_violations
from tests.story.ground import Ground, OpenShop, Shop, make_ground
from tests.story.house import House
from tests.story.prisma_stage import OpenPrisma, open_prisma_shop
from tests.story.targets import Target

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


@pytest.fixture
def open_prisma(ground: Ground, data_dir: Path) -> Iterator[OpenPrisma]:
    """Opens the story's shop on Prisma; call it once."""
    opened: list[House] = []

    def open_one(files: dict[str, str] | None = None, **more: Any) -> tuple[House, Target]:
        house, target = open_prisma_shop(ground, data_dir, files, **more)
        opened.append(house)
        return house, target

    yield open_one
    for house in opened:
        house.close()
        assert_no_violations(house.github.exchange_log, house.github.delivery_log)
