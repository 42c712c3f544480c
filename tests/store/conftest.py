"""A store on each kind of state, with its clock and its inbox."""

from __future__ import annotations

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.store import STATE_KEY, open_store
from workers.messages import Heard, HeardKind, encode_heard
from workers.store.inbox import Delivery, Inbox, connect, metadata
from workers.store.seal import Seal
from workers.store.sql import SqlStore
from workers.store.tables import memory


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request, tmp_path):
    """A state without tables, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state.db'}"
    return request.getfixturevalue("pg_url")


@pytest.fixture(scope="session")
def pg_state(postgres):
    """A PostgreSQL state with its tables, made once."""
    url = postgres.create_database()
    open_store(url).close()
    yield url
    postgres.drop_database(url.rpartition("/")[2])


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """A state with its tables and nothing in them, once of each kind."""
    if request.param == "postgresql":
        made = request.getfixturevalue("pg_state")
        _empty(made)
        return made
    made = f"sqlite:///{tmp_path / 'state.db'}"
    open_store(made).close()
    return made


def _empty(url: str) -> None:
    engine = connect(url)
    tables = ", ".join(table.name for known in (metadata, memory) for table in known.tables.values())
    with engine.begin() as connection:
        connection.exec_driver_sql(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
    engine.dispose()


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
    opened = SqlStore(connect(url), Seal((STATE_KEY,)), clock)
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
