"""Hold and lock: both or none, and nothing is left behind that nobody needs."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from tests.fakes.store import a_plan
from tests.fakes.target import KEY, FakeDatabase, as_target
from workers.core.errors import ExpectedError, InterruptedWorkError
from workers.core.plan import Continued
from workers.core.refusals import RefusalCode
from workers.core.rollout import Rollout, RolloutState, advance
from workers.ports import Services
from workers.steps.hold import binding, hold_and_lock, stalled
from workers.steps.withdraw import withdraw


def approved(services: Services, pull: int = 3) -> Rollout:
    plan = a_plan(pull=pull)
    services.store.keep_plan(plan, services.clock.code)
    return services.store.start_rollout(plan.digest, KEY)


def begin(rollout: Rollout, services: Services) -> Rollout:
    begun = replace(advance(rollout, RolloutState.APPLYING), started_at=services.clock.iso())
    services.store.save_rollout(begun)
    return begun


def refusal(rollout: Rollout, services: Services, database: FakeDatabase) -> RefusalCode:
    with pytest.raises(ExpectedError) as caught, hold_and_lock(as_target(database), rollout, services):
        pass
    return caught.value.code


def test_a_rollout_that_did_not_begin_leaves_no_hold_behind(services: Services):
    rollout = approved(services)
    with suppress(LookupError), hold_and_lock(as_target(FakeDatabase()), rollout, services):
        assert services.store.hold(KEY).rollout == rollout.id
        raise LookupError
    assert services.store.hold(KEY) is None


def test_a_rollout_that_began_keeps_its_hold(services: Services):
    rollout = approved(services)
    with hold_and_lock(as_target(FakeDatabase()), rollout, services):
        begin(rollout, services)
    assert services.store.hold(KEY).rollout == rollout.id
    assert refusal(approved(services, pull=4), services, FakeDatabase()) is RefusalCode.ENVIRONMENT_HELD


def test_a_second_worker_with_the_same_rollout_comes_again_and_touches_nothing(services: Services):
    rollout, database = approved(services), FakeDatabase()
    with hold_and_lock(as_target(database), rollout, services) as held:
        with pytest.raises(InterruptedWorkError), hold_and_lock(as_target(database), rollout, services):
            pass
        assert services.store.hold(KEY) == held.hold


def test_somebody_elses_lock_is_waited_out_by_people(services: Services):
    assert refusal(approved(services), services, FakeDatabase(locked=True)) is RefusalCode.APPLY_IN_PROGRESS
    assert services.store.hold(KEY) is None


@pytest.mark.parametrize("ended", [RolloutState.FAILED, RolloutState.APPLIED])
def test_the_hold_of_a_worker_that_died_after_the_end_of_its_rollout_binds_nobody(services: Services, ended):
    rollout = approved(services)
    services.store.take_hold(KEY, rollout.id, 3, "")
    states = (RolloutState.VERIFYING, ended) if ended is RolloutState.APPLIED else (ended,)
    begun = begin(rollout, services)
    assert binding(KEY, services) is not None
    for state in states:
        begun = advance(begun, state)
        services.store.save_rollout(begun)
    assert binding(KEY, services) is None
    with hold_and_lock(as_target(FakeDatabase()), approved(services, pull=4), services) as held:
        assert held.hold.pull == 4


def test_the_hold_of_a_worker_that_died_before_its_rollout_was_withdrawn_binds_nobody(services: Services):
    rollout = approved(services)
    services.store.take_hold(KEY, rollout.id, 3, "")
    assert withdraw(rollout, "rejected", services)
    with hold_and_lock(as_target(FakeDatabase()), approved(services, pull=4), services) as held:
        assert held.hold.pull == 4


def test_a_rollout_that_has_begun_is_not_withdrawn(services: Services):
    rollout = approved(services)
    begin(rollout, services)
    assert not withdraw(rollout, "rejected", services)
    assert services.store.rollout(rollout.id).state is RolloutState.APPLYING


def half_done(services: Services) -> Rollout:
    """A rollout that stopped half way and holds its target."""
    rollout = approved(services)
    services.store.take_hold(KEY, rollout.id, 3, "")
    ended = advance(begin(rollout, services), RolloutState.PARTIAL)
    services.store.save_rollout(ended)
    return ended


def continuation(first: Rollout, services: Services, sequence: int = 0) -> Rollout:
    """An approved rollout whose plan is the rest of that one."""
    number = sequence or first.sequence
    rest = Continued(sequence=number, digest=first.digest, done=(), left=(), stuck=0, statements=0)
    plan = a_plan(continues=rest)
    services.store.keep_plan(plan, services.clock.code)
    return services.store.start_rollout(plan.digest, KEY)


def holder(services: Services) -> tuple[int, int]:
    """(what the row says, whom it binds)."""
    said, bound = services.store.hold(KEY), binding(KEY, services)
    assert said is not None
    assert bound is not None
    assert bound[1] is not None
    return said.rollout, bound[1].id


def test_a_continuation_takes_the_hold_over_and_gives_it_back_where_it_did_not_begin(services: Services):
    first = half_done(services)
    second = continuation(first, services)
    with hold_and_lock(as_target(FakeDatabase()), second, services):
        assert holder(services) == (second.id, second.id)
        assert stalled(KEY, services) == first
    assert holder(services) == (first.id, first.id)


def test_another_plan_and_the_rest_of_another_rollout_do_not_pass(services: Services):
    first = half_done(services)
    assert refusal(approved(services, pull=4), services, FakeDatabase()) is RefusalCode.ENVIRONMENT_HELD
    other = continuation(first, services, sequence=first.sequence + 7)
    assert refusal(other, services, FakeDatabase()) is RefusalCode.ENVIRONMENT_HELD


def test_the_hold_of_a_continuation_that_came_to_nothing_is_the_half_done_rollouts_again(services: Services):
    first = half_done(services)
    second = continuation(first, services)
    with hold_and_lock(as_target(FakeDatabase()), second, services):
        begun = begin(second, services)
    services.store.save_rollout(advance(begun, RolloutState.FAILED))
    assert holder(services) == (second.id, first.id)
    assert refusal(approved(services, pull=4), services, FakeDatabase()) is RefusalCode.ENVIRONMENT_HELD
    third = services.store.start_rollout(second.digest, KEY)
    with hold_and_lock(as_target(FakeDatabase()), third, services) as held:
        assert held.hold.rollout == third.id
