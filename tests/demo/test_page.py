"""The demonstration played by hand: only through its pages, as a person in a browser does, with every process real."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from deploy.demo.play import MIGRATION, REVISION, change
from deploy.demo.stage import Stage, open_stage
from tests.demo.github.contract import assert_no_violations

PATIENCE = 150.0
PULL = "/acme/shop/pull/1"


@pytest.mark.acceptance
@pytest.mark.processes
@pytest.mark.timeout(600)
def test_a_person_opens_approves_and_merges_on_the_pages_alone(data_dir: Path):
    with open_stage(data_dir, 0, lambda _: None) as stage:
        path = f"alembic/versions/{REVISION}_delivery_note.py"
        push(stage, "shop/models.py", change()["shop/models.py"])
        push(stage, path, MIGRATION, title="Delivery notes")
        line = wait_for(stage, PULL, re.compile(r"/approve staging [0-9a-z]{7}"))
        post(stage, f"{PULL}/comment", "bob", body=line)
        wait_for(stage, PULL, re.compile("staging applied and verified"))
        line = wait_for(stage, PULL, re.compile(r"/approve prod [0-9a-z]{7}"))
        post(stage, f"{PULL}/comment", "mallory", body=line)
        post(stage, f"{PULL}/comment", "bob", body=line)
        wait_for(stage, PULL, re.compile("prod applied and verified"))
        wait_for(stage, PULL, re.compile("Applied on staging and prod"))
        commits = re.findall(r"/acme/shop/commit/[0-9a-f]{40}", get(stage, PULL))
        commit = get(stage, commits[-1])
        assert "03-execution-log.md" in commit
        assert "04-post-verify.md" in commit
        post(stage, f"{PULL}/merge", "dana")
        wait_for(stage, PULL, re.compile("Merged"))
        log = "/acme/shop/blob/main/modules/shop/workdocs/active/pr-1-delivery-notes-prod/db/03-execution-log.md"
        assert "Execution log" in get(stage, log)
        assert_no_violations(stage.github.exchange_log, stage.github.delivery_log)


def push(stage: Stage, path: str, content: str, **more: str) -> None:
    post(
        stage,
        "/acme/shop/files",
        "dana",
        branch="delivery-notes",
        path=path,
        content=content,
        message=f"Change {path}",
        **more,
    )


def post(stage: Stage, page: str, who: str, **fields: str) -> None:
    answer = requests.post(stage.github.server_url + page, data={"as": who, **fields}, timeout=20)
    assert answer.ok, answer.text


def get(stage: Stage, path: str) -> str:
    answer = requests.get(stage.github.server_url + path, timeout=20)
    assert answer.ok, answer.text
    return answer.text


def wait_for(stage: Stage, path: str, words: re.Pattern[str]) -> str:
    """Look at a page until it says something; gives what it said."""
    return until(lambda: words.search(get(stage, path)), stage)[0]


def until(look: Callable[[], re.Match[str] | None], stage: Stage) -> re.Match[str]:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = look()
        if found is not None:
            return found
        time.sleep(0.5)
    raise AssertionError(stage.log_tail())
