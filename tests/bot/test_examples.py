"""Every payload that GitHub publishes as an example is answered with success, and the ones we care about are understood."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from bot.app import create_app
from bot.events import Unknown
from bot.github import EVENT_NAMES, read_event
from bot.routing import route
from bot.settings import Served
from tests.bot.payloads import encoded, headers
from tests.demo.github.fetch_descriptions import EXAMPLES, fetch


@pytest.fixture(scope="module")
def examples() -> list[tuple[str, dict]]:
    if not EXAMPLES.there:
        fetch(EXAMPLES)
    events = json.loads(EXAMPLES.path.read_text())
    return [(event["name"], example) for event in events for example in event["examples"]]


@pytest.fixture
def client_of_everybody(settings, engine, queue):
    app = create_app(type(settings)(**{**fields(settings), "repositories": (Served("*/*"),)}), queue)
    yield app.test_client()
    app.extensions["dispatcher"].close()
    app.extensions["inbox"].close()


def fields(settings) -> dict:
    return {name: getattr(settings, name) for name in ("webhook_secret", "redis_url", "state_url", "repositories")}


def test_every_example_is_answered_with_success(examples, client_of_everybody):
    answers: Counter[int] = Counter()
    for number, (name, payload) in enumerate(examples):
        body = encoded(payload)
        answers[
            client_of_everybody.post("/webhook", data=body, headers=headers(body, name, f"guid-{number}")).status_code
        ] += 1
    assert answers == {202: 329}


def test_every_example_of_an_event_that_we_hear_is_readable(examples):
    odd = [
        event.why
        for name, payload in examples
        if isinstance(event := read_event(name, payload, "g"), Unknown) and event.why.startswith("unreadable")
    ]
    assert odd == []


def test_the_examples_lead_to_the_messages_that_they_should(examples):
    led: Counter[tuple[str, str]] = Counter()
    for name, payload in examples:
        for message in route(read_event(name, payload, "g")).messages:
            led[name, type(message).__name__] += 1
    assert led["pull_request", "Triage"] == 13
    assert led["pull_request", "ClosePull"] == 2
    assert {name for name, _ in led} <= set(EVENT_NAMES)
