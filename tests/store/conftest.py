"""A store on each kind of state, with its clock and its inbox."""

from __future__ import annotations

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.store import STATE_KEY, open_store
from workers.messages import Heard, HeardKind, encode_heard
from workers.store.inbox import Delivery, Inbox, connect
from workers.store.seal import Seal
from workers.store.sql import SqlStore


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """An empty state, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state.db'}"
    return request.getfixturevalue("pg_url")


@pytest.fixture
def another(url, clock):
    """Opens the state once more, as another process would; the first caller's tables are there already."""
    opened = []

    def open_again():
        opened.append(SqlStore(connect(url), Seal((STATE_KEY,)), clock))
        return opened[-1]

    yield open_again
    for item in opened:
        item.close()


@pytest.fixture
def store(url, clock):
    opened = open_store(url, clock)
    yield opened
    opened.close()


@pytest.fixture
def inbox(url, store):
    engine = connect(url)
    yield Inbox(engine)
    engine.dispose()


@pytest.fixture
def heard_push(inbox):
    def heard(guid: str, ref: str, before: str, after: str, sender: int) -> None:
        said = Heard(
            delivery=guid,
            kind=HeardKind.PUSH,
            repository=7,
            pull=0,
            sender=sender,
            sender_login=f"user{sender}",
            sender_is_person=True,
            ref=ref,
            before=before,
            after=after,
        )
        delivery = Delivery(id=guid, body_hash=guid, repository=7, ref=ref, received_at=guid, heard=encode_heard(said))
        inbox.keep(delivery, ())

    return heard
