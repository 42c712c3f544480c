"""The App asks GitHub for what the code uses, and for nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bot.github import EVENT_NAMES
from workers.github.permissions import permissions

MANIFEST = yaml.safe_load((Path(__file__).parents[2] / "app.yml").read_text())

# "To subscribe to this event, a GitHub App must have at least …":
# https://docs.github.com/en/webhooks/webhook-events-and-payloads
WANTED_FOR_EVENTS = {
    "check_run": ("checks", "read"),
    "check_suite": ("checks", "read"),
    "issue_comment": ("issues", "read"),
    "merge_group": ("merge_queues", "read"),
    "pull_request": ("pull_requests", "read"),
    "push": ("contents", "read"),
}


def test_it_hears_exactly_the_events_that_are_read():
    assert sorted(MANIFEST["default_events"]) == list(EVENT_NAMES)


def test_it_may_do_exactly_what_calls_and_events_need():
    wanted = dict(WANTED_FOR_EVENTS[name] for name in EVENT_NAMES)
    wanted.update(permissions())
    assert MANIFEST["default_permissions"] == wanted


@pytest.mark.parametrize("name", ["workflows", "administration", "actions", "secrets", "organization_administration"])
def test_it_asks_for_nothing_that_would_make_it_dangerous(name):
    assert name not in MANIFEST["default_permissions"]


def test_only_its_owner_can_install_it():
    assert MANIFEST["public"] is False


def test_its_webhook_is_the_route_that_is_served(client):
    path = MANIFEST["hook_attributes"]["url"].rpartition("YOUR-HOST")[2]
    assert client.post(path).status_code == 401
