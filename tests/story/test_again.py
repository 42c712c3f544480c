"""What is done a second time, at the same time, or after it was taken back."""

from __future__ import annotations

import pytest

from tests.story.conftest import OpenShop
from tests.story.shop import add_column
from workers.core.rollout import RolloutState
from workers.messages import ApplyPlan


@pytest.mark.acceptance
def test_what_was_taken_back_can_be_applied_again_by_a_new_word_only(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    pull = house.open_pull(add_column())
    line = house.offered(pull)
    house.say(pull, "bob", line)
    house.say(pull, "bob", "/rollback prod")
    taking_back = f"/approve prod {house.code(pull)}"
    house.say(pull, "bob", f'{taking_back} --allow-destructive --accept-risk "it is empty"')
    assert "delivery" not in shop.prod.columns()
    house.reconcile()
    assert "delivery" not in shop.prod.columns()
    house.say(pull, "bob", house.offered(pull))
    assert "delivery" in shop.prod.columns()
    assert "approved by bob" in house.answers(pull)[-1]


@pytest.mark.acceptance
def test_a_rejection_before_the_first_statement_leaves_the_target_free_and_the_approval_used(open_shop: OpenShop):
    shop = open_shop()
    house, store = shop.house, shop.house.services.store
    pull, before = house.open_pull(add_column()), shop.prod.text()
    line = house.offered(pull)
    house.say(pull, "bob", line, until=ApplyPlan)
    job_id, message = house.queue.waiting.popleft()
    house.say(pull, "bob", '/reject prod "not now"')
    house.queue.waiting.append((job_id, message))
    house.settle()
    house.reconcile()
    (rollout,) = store.rollouts(house.repo.id, pull.number)
    assert rollout.state is RolloutState.SUPERSEDED
    assert store.hold(rollout.target) is None
    assert all(item.revoked for item in store.approvals(rollout.digest))
    assert shop.prod.text() == before
