"""The report of a local repository: what the bot would post, with exit codes for scripts."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.console.repositories import commit
from tests.story.ground import Ground, Target
from tests.story.shop import CONFIG, add_column, drop_column, shop_config, shop_files

CANARY = "canary-4711"


@pytest.fixture
def shop(data_dir: Path) -> Path:
    """The shop with its first commit on main."""
    commit(data_dir / "shop", shop_files())
    return data_dir / "shop"


@pytest.fixture
def target(ground: Ground, data_dir: Path) -> Target:
    """A database as the first migration leaves it."""
    place = data_dir / "prod"
    place.mkdir()
    shutil.copy(ground.template, place / "shop.db")
    ground.machine.identity.owns(place)
    return Target(place / "shop.db")


@pytest.fixture
def asked(ground: Ground, data_dir: Path, shop: Path, target: Target) -> list[object]:
    """`report` of prod, with the operator's config."""
    config = data_dir / "server.yml"
    config.write_text(
        f"repositories: {{acme/shop: {{modules: {{shop: {{python_environment: {ground.python}, environments: "
        f'{{prod: {{url: "env:SHOP_URL", approvers: from_repository}}}}}}}}}}}}\n'
    )
    return ["report", "--repo", shop, "--base", "main", "--env", "prod", "--config", config, "--head"]


def test_a_plan_that_waits_for_its_approval_ends_with_0(command, asked, shop, target):
    commit(shop, add_column(), "delivery")
    before = target.text()
    ran = command(*asked, "delivery", SHOP_URL=f"sqlite:///{target.path}")
    print(ran.stdout, ran.stderr)
    assert ran.returncode == 0, ran.stderr
    assert "add column" in ran.stdout.lower()
    assert "/approve prod" in ran.stdout
    assert target.text() == before
