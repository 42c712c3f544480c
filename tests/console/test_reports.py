"""The report of a local repository: what the bot would post, with exit codes for scripts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.console.repositories import commit
from tests.story.ground import Ground
from tests.story.shop import CONFIG, add_column, drop_column, shop_config, shop_files
from tests.story.targets import SqliteFile

CANARY = "canary-4711"


@pytest.fixture
def shop(data_dir: Path) -> Path:
    """The shop with its first commit on main."""
    commit(data_dir / "shop", shop_files())
    return data_dir / "shop"


@pytest.fixture
def target(ground: Ground, data_dir: Path) -> SqliteFile:
    """A database as the first migration leaves it."""
    place = data_dir / "prod"
    place.mkdir()
    shutil.copy(ground.template, place / "shop.db")
    ground.machine.identity.owns(place)
    return SqliteFile(place / "shop.db")


@pytest.fixture
def asked(ground: Ground, data_dir: Path, shop: Path, target: SqliteFile) -> list[object]:
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
    assert ran.returncode == 0, ran.stderr
    assert "add column" in ran.stdout.lower()
    assert "/approve prod" in ran.stdout
    assert "whoever opens the pull" in ran.stdout
    assert "](/" not in ran.stdout  # there is no pull to link to
    assert target.text() == before


def test_nothing_to_do_ends_with_0(command, asked, shop, target):
    commit(shop, {"README.md": "# The shop\n"}, "words")
    ran = command(*asked, "words", "--format", "json", SHOP_URL=f"sqlite:///{target.path}")
    assert ran.returncode == 0, ran.stderr
    value = json.loads(ran.stdout)
    assert value["format"] == "schemagate-report/1"
    assert [item["code"] for item in value["decision"]["refusals"]] == ["nothing_to_apply"]


def test_what_needs_more_than_an_approval_ends_with_3_and_is_named(command, asked, shop, target):
    commit(shop, drop_column(), "drop")
    ran = command(*asked, "drop", SHOP_URL=f"sqlite:///{target.path}")
    assert ran.returncode == 3
    assert "destructive_not_allowed: " in ran.stderr
    assert "needs_approval" not in ran.stderr


def test_a_url_of_the_command_line_goes_before_the_config(command, asked, shop, target):
    ran = command(*asked, "main", "--url", f"sqlite:///{target.path}")
    assert ran.returncode == 0, ran.stderr


def test_a_base_that_the_config_does_not_serve_is_refused_as_on_github(command, asked, shop, target):
    commit(shop, {CONFIG: shop_config(branches="main")})
    commit(shop, {"README.md": "# next\n"}, "next")
    asked[asked.index("main")] = "next"
    ran = command(*asked, "next", SHOP_URL=f"sqlite:///{target.path}")
    assert ran.returncode == 3
    assert "base_not_allowed: " in ran.stderr


def test_a_config_with_faults_is_reported_with_every_line(command, asked, shop, target):
    commit(shop, {CONFIG: shop_config() + "branch: [main]\nother: 1\n"})
    ran = command(*asked, "main", SHOP_URL=f"sqlite:///{target.path}")
    assert ran.returncode == 3
    assert ran.stderr.count("config_invalid: ") == 2
    assert CONFIG in ran.stdout


def test_without_any_config_one_is_made_up_and_said(command, shop, target):
    commit(shop, {CONFIG: None})
    ran = command(
        "report",
        "--repo",
        shop,
        "--base",
        "main",
        "--head",
        "main",
        "--env",
        "prod",
        "--url",
        f"sqlite:///{target.path}",
    )
    assert "main has no .github/schemagate.yml; taken as `schemagate init` would write it\n" in ran.stderr
    assert "staging must come before prod, and has no URL here: not looked at\n" in ran.stderr
    assert "**prod**" in ran.stdout


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--env", "qa"), "shop has no environment qa: give --env, one of: prod"),
        (("--module", "other"), "there is no module other: give --module, one of: shop"),
        (("--base", "absent"), "absent is no commit of"),
    ],
)
def test_a_wrong_name_is_answered_with_the_right_ones(command, asked, target, more, said):
    ran = command(*asked, "main", *more, SHOP_URL=f"sqlite:///{target.path}")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert said in ran.stderr


def test_the_repository_stays_as_it_was(command, asked, shop, target):
    commit(shop, {"README.md": "# The shop\n"}, "words")
    before = content(shop)
    command(*asked, "words", SHOP_URL=f"sqlite:///{target.path}")
    assert content(shop) == before


def content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
