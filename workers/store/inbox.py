"""Deliveries and the outbox: what was heard is kept with the messages it leads to in one commit, before GitHub gets an answer.

The one file of the store that bot/ imports. Texts go in and come out; their meaning is `workers.messages`' business.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    delete,
    event,
    insert,
    make_url,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

# A message whose job did not end in this time may be lost; asking the queue again costs nothing where it is not.
LOST_SECONDS = 45.0

metadata = MetaData()
# SQLite counts a row by itself only where the key is INTEGER.
RowNumber = BigInteger().with_variant(Integer, "sqlite")

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery", String(64), primary_key=True),
    Column("body_hash", String(64), nullable=False, unique=True),
    Column("repository", BigInteger, nullable=False),
    Column("ref", Text, nullable=False),
    Column("comment", BigInteger, nullable=False, server_default="0"),
    Column("received_at", String(40), nullable=False),
    Column("heard", Text, nullable=False),
    Index("deliveries_by_ref", "repository", "ref"),
    Index("deliveries_by_time", "received_at"),
    Index("deliveries_by_comment", "comment"),
)
outbox = Table(
    "outbox",
    metadata,
    Column("number", RowNumber, primary_key=True, autoincrement=True),
    Column("job_id", String(80), nullable=False, unique=True),
    Column("delivery", String(64), ForeignKey("deliveries.delivery", ondelete="CASCADE"), nullable=False),
    Column("name", String(40), nullable=False),
    Column("text", Text, nullable=False),
    # Seconds since the epoch; null until the queue has it, in the future while a job waits for a later try.
    Column("sent_at", Float),
    Column("done", Boolean, nullable=False, server_default=text("false")),
    Index("outbox_undone", "done", "sent_at"),
    Index("outbox_by_delivery", "delivery"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A verified delivery. `ref` is the branch that it tells a push of, else empty; `comment` the one that it tells of, else 0.

    `heard` is ASCII text; times are ISO 8601 in UTC.
    """

    id: str
    body_hash: str
    repository: int
    ref: str
    received_at: str
    heard: str
    comment: int = 0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message on its way to the queue."""

    job_id: str
    name: str
    text: str


class Inbox:
    """Keeps deliveries; several processes may use the same tables at once. `now` gives seconds since the epoch."""

    def __init__(self, engine: Engine, now: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._now = now

    def keep(self, delivery: Delivery, messages: tuple[tuple[str, str], ...]) -> bool:
        """Keep a delivery and its (name, text) messages, durably. False where its id or its body was kept before: nothing changes then.

        The sender's ids and event names are not signed, the body is: the same body under a new id is the same delivery.
        """
        row = {
            "delivery": delivery.id,
            "body_hash": delivery.body_hash,
            "repository": delivery.repository,
            "ref": delivery.ref,
            "comment": delivery.comment,
            "received_at": delivery.received_at,
            "heard": delivery.heard,
        }
        rows = [
            {"job_id": f"{delivery.id}-{number}", "delivery": delivery.id, "name": name, "text": text}
            for number, (name, text) in enumerate(messages)
        ]
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(deliveries), row)
                if rows:
                    connection.execute(insert(outbox), rows)
        except IntegrityError:
            if not self.knows(delivery.id, delivery.body_hash):
                raise
            return False
        return True

    def knows(self, delivery: str, body_hash: str) -> bool:
        """Whether a delivery of this id or this body was kept."""
        either = or_(deliveries.c.delivery == delivery, deliveries.c.body_hash == body_hash)
        with reading(self._engine) as connection:
            return connection.execute(select(deliveries.c.delivery).where(either).limit(1)).first() is not None

    def heard(self, delivery: str) -> str | None:
        """What a delivery said, as it was kept; None where it was never kept, or is forgotten by now."""
        with reading(self._engine) as connection:
            return connection.scalar(select(deliveries.c.heard).where(deliveries.c.delivery == delivery)) or None

    def heard_of(self, comment: int) -> tuple[str, ...]:
        """What told of a comment: written, edited, deleted."""
        wanted = (deliveries.c.comment == comment) & (deliveries.c.heard != "")
        with reading(self._engine) as connection:
            return tuple(connection.scalars(select(deliveries.c.heard).where(wanted)))

    def heard_on(self, repository: int, ref: str) -> tuple[str, ...]:
        """What told of pushes to a branch, in the order in which it came."""
        wanted = (deliveries.c.repository == repository) & (deliveries.c.ref == ref)
        order = (deliveries.c.received_at, deliveries.c.delivery)
        with reading(self._engine) as connection:
            return tuple(connection.scalars(select(deliveries.c.heard).where(wanted).order_by(*order)))

    def unsent(self, most: int = 500) -> tuple[Outgoing, ...]:
        """The oldest messages that were not sent yet."""
        return self._outgoing(outbox.c.sent_at.is_(None), most)

    def undone(self, most: int = 500) -> tuple[Outgoing, ...]:
        """The oldest messages that were not sent, or whose job did not end in its time: the queue may have lost them.

        Sent again under the same job id, one that the queue still has is not queued twice.
        """
        late = outbox.c.sent_at < self._now() - LOST_SECONDS
        return self._outgoing(or_(outbox.c.sent_at.is_(None), late), most)

    def mark_sent(self, *job_ids: str) -> None:
        """Note that the queue has these messages."""
        self._note(job_ids, sent_at=self._now())

    def mark_later(self, job_id: str, seconds: float) -> None:
        """Note that the job waits so long for its next try."""
        self._note((job_id,), sent_at=self._now() + seconds)

    def mark_done(self, *job_ids: str) -> None:
        """Note that nothing is left to do for these messages."""
        self._note(job_ids, done=True)

    def forget(self, before: str) -> int:
        """Forget what deliveries older than a time said, whose messages were all done; returns how many.

        Pushes stay, they say who may not approve. Of a comment the id and the hash stay: one who kept the signed body must not
        bring it a second time. Anything else is only a hint, and a second one does no harm.
        """
        waiting = select(outbox.c.delivery).where(outbox.c.done.is_(False))
        old = (deliveries.c.received_at < before) & (deliveries.c.ref == "") & deliveries.c.delivery.not_in(waiting)
        comments = old & (deliveries.c.comment != 0) & (deliveries.c.heard != "")
        theirs = select(deliveries.c.delivery).where(comments)
        with self._engine.begin() as connection:
            connection.execute(delete(outbox).where(outbox.c.delivery.in_(theirs)))
            emptied = connection.execute(update(deliveries).where(comments).values(heard="")).rowcount
            return emptied + connection.execute(delete(deliveries).where(old & (deliveries.c.comment == 0))).rowcount

    def ready(self) -> bool:
        """Whether the state answers and holds our tables."""
        try:
            with reading(self._engine) as connection:
                connection.execute(select(outbox.c.number).join(deliveries).limit(1))
        except SQLAlchemyError:
            return False
        return True

    def _outgoing(self, condition: ColumnElement[bool], most: int) -> tuple[Outgoing, ...]:
        columns = (outbox.c.job_id, outbox.c.name, outbox.c.text)
        query = select(*columns).where(outbox.c.done.is_(False), condition).order_by(outbox.c.number).limit(most)
        with reading(self._engine) as connection:
            return tuple(Outgoing(*row) for row in connection.execute(query))

    def _note(self, job_ids: tuple[str, ...], **values: float | bool) -> None:
        with self._engine.begin() as connection:
            connection.execute(update(outbox).where(outbox.c.job_id.in_(job_ids)).values(values))

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def connect(url: str) -> Engine:
    """Open the state. An SQLite file gets a write-ahead log whose every commit reaches the disk, and one writer at a time who waits."""
    place = make_url(url)
    if place.get_backend_name() == "sqlite":
        return _connect_sqlite(url, place.database)
    if place.drivername == "postgresql":
        place = place.set(drivername="postgresql+psycopg")
    return create_engine(place, pool_pre_ping=True, pool_recycle=1800, hide_parameters=True)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A unit of work that only reads: it takes no write lock where a file has only one."""
    with engine.connect().execution_options(schemagate_reads=True) as connection, connection.begin():
        yield connection


def _connect_sqlite(url: str, path: str | None) -> Engine:
    if path and path != ":memory:" and not os.path.exists(path):  # noqa: PTH110 -- a string, and only to set rights
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    engine = create_engine(url, connect_args={"timeout": 30}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 -- the driver's own
        connection.isolation_level = None  # we say BEGIN ourselves, below
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get("schemagate_reads")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine
