"""The life of a rollout: which state may follow which."""

from __future__ import annotations

import pytest

from tests.builders import a_rollout
from workers.core.rollout import UNFINISHED, IllegalMoveError, RolloutState, advance

LEGAL = {
    ("planned", "approved"),
    ("planned", "superseded"),
    ("approved", "applying"),
    ("approved", "superseded"),
    ("approved", "failed"),
    ("applying", "verifying"),
    ("applying", "failed"),
    ("applying", "partial"),
    ("verifying", "applied"),
    ("verifying", "partial"),
    ("partial", "superseded"),
}


@pytest.mark.parametrize("new", RolloutState)
@pytest.mark.parametrize("old", RolloutState)
def test_only_the_moves_of_the_table_are_possible(old: RolloutState, new: RolloutState):
    rollout = a_rollout(old)
    if (old.value, new.value) in LEGAL:
        assert advance(rollout, new).state is new
        return
    with pytest.raises(IllegalMoveError, match=f"{old} cannot become {new}"):
        advance(rollout, new)


def test_an_outcome_stays_until_there_is_a_new_one():
    rollout = a_rollout(RolloutState.APPLYING, outcome="before")
    assert advance(rollout, RolloutState.VERIFYING).outcome == "before"
    assert advance(rollout, RolloutState.FAILED, "after").outcome == "after"


def test_nothing_follows_an_end():
    ended = {RolloutState.APPLIED, RolloutState.FAILED, RolloutState.SUPERSEDED}
    assert not UNFINISHED & ended
    assert not {old for old, _ in LEGAL} & {state.value for state in ended}
