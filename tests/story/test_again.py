"""What is done a second time, at the same time, or after it was taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from tests.story.conftest import OpenShop
from tests.story.shop import add_column
from workers.core.rollout import RolloutState
from workers.jobs.commit_workdocs import commit_workdocs
from workers.messages import ApplyPlan, CommitWorkdocs


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


class Dying:
    """One of our services in a worker that dies at a call: before it is made, or right after."""

    def __init__(self, real: Any, name: str, *, after: bool) -> None:
        self._real, self._name, self._after = real, name, after

    def __getattr__(self, name: str) -> Any:
        return self._die if name == self._name else getattr(self._real, name)

    def _die(self, *arguments: Any) -> None:
        if self._after:
            getattr(self._real, self._name)(*arguments)
        raise KeyboardInterrupt


@pytest.mark.acceptance
@pytest.mark.parametrize("after", [False, True], ids=["before it said so", "right after it said so"])
def test_the_end_is_told_once_although_a_worker_died_after_the_commit(open_shop: OpenShop, after: bool):
    shop = open_shop()
    house = shop.house
    pull = house.open_pull(add_column())
    house.say(pull, "bob", house.offered(pull), until=CommitWorkdocs)
    _, message = house.queue.waiting.popleft()
    host: Any = Dying(house.services.host, "post_comment", after=after)
    with pytest.raises(KeyboardInterrupt):
        commit_workdocs(cast("CommitWorkdocs", message), replace(house.services, host=host))
    assert len(house.answers(pull)) == after
    head = pull.head_sha
    house.queue.waiting.clear()
    for _ in range(2):
        house.reconcile()
    (answer,) = house.answers(pull)
    assert "prod applied and verified" in answer
    assert pull.head_sha == head
    assert house.services.store.unfinished() == ()


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
