"""Deliveries and the outbox."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from tests.fakes.clock import FakeClock
from workers.inbox import HeardInbox
from workers.messages import Heard, HeardKind, Reconcile, Triage, encode, encode_heard
from workers.store.inbox import LOST_SECONDS, Delivery, Inbox, Outgoing, connect

HEARD = Heard(
    delivery="guid-1",
    kind=HeardKind.COMMENT,
    repository=7,
    pull=3,
    sender=11,
    sender_login="alice",
    sender_is_person=True,
    text="größer \ud800 \x00",
)


def a_delivery(
    guid: str = "guid-1",
    body: str = "hash-1",
    at: str = "2026-11-20T10:00:00.000Z",
    ref: str = "",
    comment: int = 0,
) -> Delivery:
    return Delivery(
        id=guid, body_hash=body, repository=7, ref=ref, received_at=at, heard=encode_heard(HEARD), comment=comment
    )


MESSAGES = (("Reconcile", "{}"), encode(Triage(repository=7, pull=3)))


def test_a_delivery_and_its_messages_are_kept_together(inbox):
    assert inbox.keep(a_delivery(), MESSAGES)
    assert inbox.unsent() == (Outgoing("guid-1-0", *MESSAGES[0]), Outgoing("guid-1-1", *MESSAGES[1]))


def test_workers_read_the_same_words_and_messages(inbox):
    inbox.keep(a_delivery(), MESSAGES)
    heard = HeardInbox(inbox)
    assert heard.heard("guid-1") == HEARD
    assert heard.heard("guid-2") is None
    assert heard.unsent() == (("guid-1-0", Reconcile()), ("guid-1-1", Triage(repository=7, pull=3)))
    heard.mark_sent("guid-1-0")
    assert [job_id for job_id, _ in heard.unsent()] == ["guid-1-1"]


@pytest.mark.parametrize(("guid", "body"), [("guid-1", "hash-2"), ("guid-2", "hash-1"), ("guid-1", "hash-1")])
def test_a_known_id_or_body_changes_nothing(inbox, guid, body):
    inbox.keep(a_delivery(), MESSAGES)
    inbox.mark_sent("guid-1-0")
    assert not inbox.keep(a_delivery(guid, body), MESSAGES)
    assert [item.job_id for item in inbox.unsent()] == ["guid-1-1"]


def test_nothing_is_kept_where_a_message_cannot_be(inbox):
    with pytest.raises(IntegrityError):
        inbox.keep(a_delivery(), (("Reconcile", None),))
    assert inbox.heard("guid-1") is None


def test_of_many_that_deliver_the_same_one_is_first(inbox, url):
    def keep(_):
        other = Inbox(connect(url))
        new = other.keep(a_delivery(), MESSAGES)
        other.close()
        return new

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(keep, range(4))) == [False, False, False, True]
    assert len(inbox.unsent()) == 2


def test_what_the_queue_may_have_lost_is_sent_again(url, store):
    clock = FakeClock()
    inbox = Inbox(connect(url), clock.now)
    inbox.keep(a_delivery(), MESSAGES)
    inbox.mark_sent("guid-1-0", "guid-1-1")
    assert inbox.undone() == ()
    clock.go_on(LOST_SECONDS + 1)
    assert [item.job_id for item in inbox.undone()] == ["guid-1-0", "guid-1-1"]
    assert inbox.unsent() == ()
    inbox.mark_done("guid-1-0")
    inbox.mark_later("guid-1-1", 100)
    assert inbox.undone() == ()
    clock.go_on(100 + LOST_SECONDS + 1)
    assert [item.job_id for item in inbox.undone()] == ["guid-1-1"]
    inbox.close()


def test_old_deliveries_are_forgotten_when_all_is_done(inbox):
    inbox.keep(a_delivery("sent", "1"), MESSAGES)
    inbox.mark_done("sent-0", "sent-1")
    inbox.keep(a_delivery("waits", "2"), MESSAGES)
    inbox.keep(a_delivery("push", "3", ref="refs/heads/x"), ())
    inbox.keep(a_delivery("new", "4", at="2026-11-22T10:00:00.000Z"), ())
    assert inbox.forget("2026-11-21T00:00:00.000Z") == 1
    assert [inbox.heard(guid) is None for guid in ("sent", "waits", "push", "new")] == [True, False, False, False]


def test_a_forgotten_comment_cannot_be_brought_again(inbox):
    inbox.keep(a_delivery(comment=5), MESSAGES)
    inbox.mark_done("guid-1-0", "guid-1-1")
    assert inbox.forget("2026-11-21T00:00:00.000Z") == 1
    assert inbox.heard("guid-1") is None
    assert inbox.forget("2026-11-21T00:00:00.000Z") == 0
    for guid, body in (("guid-1", "hash-1"), ("guid-2", "hash-1"), ("guid-1", "hash-2")):
        assert not inbox.keep(a_delivery(guid, body, comment=5), MESSAGES)
    assert inbox.unsent() == ()


def test_a_comment_was_heard_when_its_writing_was(inbox):
    heard = HeardInbox(inbox)
    inbox.keep(replace(a_delivery(comment=5), heard=encode_heard(replace(HEARD, kind=HeardKind.COMMENT_EDITED))), ())
    assert not heard.was_heard(5)
    inbox.keep(a_delivery("guid-2", "hash-2", comment=5), ())
    assert heard.was_heard(5)
    assert not heard.was_heard(6)


def test_a_state_without_tables_is_not_ready(tmp_path, inbox):
    empty = Inbox(connect(f"sqlite:///{tmp_path / 'other.db'}"))
    assert inbox.ready()
    assert not empty.ready()
    empty.close()
