"""A command whose delivery never came: it is not acted on, and its writer is asked once to write it again."""

from __future__ import annotations

import pytest

from deploy.demo.github.records import Comment, Pull
from tests.story.ground import OpenShop
from tests.story.house import House
from tests.story.shop import add_column


def lost(house: House, pull: Pull, who: str, text: str) -> Comment:
    """A comment that GitHub does not tell of, and two minutes later."""
    house.reconcile()
    house.world.state.faults.lose = 1
    comment = house.say(pull, who, text)
    house.clock.moved += 120
    return comment


def redeliver(house: House) -> None:
    """The operator presses "Redeliver" for what was lost last."""
    lost = [
        item
        for item in house.world.state.deliveries.values()
        if item.event == "issue_comment" and item.status_code == 504
    ]
    house.world.hub.deliveries.redeliver(lost[-1])
    house.settle()


def asked_for_comments(house: House) -> int:
    """How often the comments of all pulls were asked for."""
    return sum('/shop/issues/comments"' in line for line in house.github.exchange_log.read_text().splitlines())


def test_a_command_without_its_delivery_is_asked_for_once_and_not_acted_on(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    pull, before = house.open_pull(add_column()), shop.prod.text()
    comment = lost(house, pull, "bob", house.offered(pull))
    house.reconcile()
    (asked,) = house.answers(pull)
    assert "`/approve` was not acted on" in asked
    assert f"issuecomment-{comment.id}" in asked
    looks = asked_for_comments(house)
    for _ in range(8):
        house.clock.moved += 30
        house.reconcile()
    assert 2 <= asked_for_comments(house) - looks <= 4
    assert house.answers(pull) == [asked]
    assert shop.prod.text() == before
    house.say(pull, "bob", house.offered(pull))
    assert "prod applied and verified" in house.answers(pull)[-1]


def test_what_people_said_is_forgotten_after_a_month(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    pull = house.open_pull(add_column())
    house.say(pull, "dave", "/help")
    said = [item.guid for item in house.world.state.deliveries.values() if item.event == "issue_comment"]
    heard = [guid for guid in said if house.services.inbox.heard(guid) is not None]
    assert len(heard) == 1
    house.services.inbox.mark_done(f"{heard[0]}-0")
    house.clock.moved += 29 * 86_400
    house.reconcile()
    assert house.services.inbox.heard(heard[0]) is not None
    house.clock.moved += 2 * 86_400
    house.reconcile()
    assert house.services.inbox.heard(heard[0]) is None


def test_a_delivery_that_comes_late_still_counts(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    pull = house.open_pull(add_column())
    comment = lost(house, pull, "bob", house.offered(pull))
    house.reconcile()
    redeliver(house)
    assert house.reactions(comment)
    assert shop.prod.columns()[-1] == "delivery"
    assert "prod applied and verified" in house.answers(pull)[-1]


@pytest.mark.acceptance
def test_a_late_approval_does_not_undo_what_was_done_since(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    pull = house.open_pull(add_column())
    lost(house, pull, "bob", house.offered(pull))
    house.reconcile()
    house.say(pull, "bob", house.offered(pull))
    house.say(pull, "bob", "/rollback prod")
    house.say(pull, "bob", house.offered(pull).replace("…", "nightly dump"))
    assert "delivery" not in shop.prod.columns()
    redeliver(house)
    assert "approval_expired" in house.answers(pull)[-1]
    assert "delivery" not in shop.prod.columns()


def test_what_was_heard_or_never_meant_is_not_asked_for(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    pull = house.open_pull(add_column())
    house.reconcile()
    house.say(pull, "bob", "```\n/approve prod\n```")
    house.say(pull, "bob", "/plan is what we should talk about some day")
    house.say(pull, "dave", "/approve prod")
    lost(house, pull, "bob", "looks good to me")
    comment = lost(house, pull, "bob", "looks good to me, too")
    house.world.edit_comment(comment, house.people["bob"], "/approve prod")
    house.settle()
    house.clock.moved += 120
    house.reconcile()
    assert house.answers(pull) == []
