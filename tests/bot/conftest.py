"""The webhook service on an SQLite state, with a queue that can be down."""

from __future__ import annotations

import pytest

from bot.app import create_app
from bot.settings import Served, Settings
from tests.bot.payloads import SECRET, encoded, headers
from tests.fakes.queue import FakeQueue
from workers.store.inbox import Inbox, connect
from workers.store.upgrade import upgrade


@pytest.fixture
def settings(tmp_path):
    return Settings(
        webhook_secret=SECRET,
        redis_url="redis://127.0.0.1:1/0",
        state_url=f"sqlite:///{tmp_path / 'state.db'}",
        repositories=(Served("acme/shop", 7),),
    )


@pytest.fixture
def engine(settings):
    made = connect(settings.state_url)
    upgrade(made)
    yield made
    made.dispose()


@pytest.fixture
def inbox(engine):
    return Inbox(engine)


@pytest.fixture
def queue():
    return FakeQueue()


@pytest.fixture
def app(settings, engine, queue):
    made = create_app(settings, queue)
    yield made
    made.extensions["dispatcher"].close()
    made.extensions["inbox"].close()


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def deliver(client, app):
    """Deliver a payload as GitHub does, and let the dispatcher do its work at once."""

    def post(event: str, payload: object, delivery: str = "guid-1", **replaced):
        body = payload if isinstance(payload, bytes) else encoded(payload)
        answer = client.post("/webhook", data=body, headers={**headers(body, event, delivery), **replaced})
        app.extensions["dispatcher"].sweep()
        return answer

    return post
