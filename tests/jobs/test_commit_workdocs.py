"""The evidence of a database is a chain: one rollout after another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.fakes.store import a_plan
from tests.fakes.target import KEY
from workers.core.errors import InterruptedWorkError
from workers.core.rollout import Rollout, RolloutState, advance
from workers.jobs.commit_workdocs import TOLD, commit_workdocs
from workers.messages import CommitWorkdocs, Message
from workers.ports import Services


def failed(services: Services, pull: int) -> Rollout:
    plan = a_plan(pull=pull)
    services.store.keep_plan(plan, services.clock.code)
    rollout = services.store.start_rollout(plan.digest, KEY)
    for state in (RolloutState.APPLYING, RolloutState.FAILED):
        rollout = replace(advance(rollout, state), started_at=services.clock.iso())
        services.store.save_rollout(rollout)
    return rollout


def sent(services: Services) -> list[Message]:
    queue: Any = services.queue
    return list(queue.messages)


def test_the_evidence_of_an_earlier_rollout_of_the_same_database_comes_first(services: Services):
    first, second = failed(services, 3), failed(services, 4)
    with pytest.raises(InterruptedWorkError, match="rollout 1 of the same database comes first"):
        commit_workdocs(CommitWorkdocs(rollout=second.id), services)
    assert sent(services) == [CommitWorkdocs(rollout=first.id)]


def test_what_is_committed_and_told_is_done(services: Services):
    rollout = replace(failed(services, 3), workdocs_commit="a" * 40)
    services.store.save_rollout(rollout)
    services.store.keep_document(rollout.id, TOLD, services.clock.iso())
    commit_workdocs(CommitWorkdocs(rollout=rollout.id), services)
    assert sent(services) == []
