"""The gate: what lets a plan through, and every reason that stops it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.builders import a_person, a_plan, a_refusal, an_approval, an_environment, drop_column
from workers.core.approval import Approval, ApprovalWords, Role
from workers.core.config import Approver, ApproverKind, CodeRule, DestructiveRule, DriftRule, Mode
from workers.core.names import Direction
from workers.core.plan import Continued, Need, Plan
from workers.core.policy import (
    Allowed,
    Blocked,
    DriftItem,
    PullFacts,
    Standing,
    code_required,
    counted,
    decide,
    may_approve,
    needed_approvals,
)
from workers.core.refusals import RefusalCode as Code

NOW = 1_800_000_000.0
PLAN = a_plan()
CODE = "c19a6f2"
ALICE, BOB, GRACE = a_person("alice", 1), a_person("bob", 2), a_person("grace", 3)
DRIFT = DriftItem(number="drift-1", label="index public.audit.ix", touches_plan=True, identity="abc")


def the_pull(**changed: Any) -> PullFacts:
    values: dict[str, Any] = {
        "number": 418,
        "open": True,
        "draft": False,
        "fork": False,
        "base_branch": "main",
        "author": 1,
    }
    return PullFacts(**{**values, **changed})


def approved(by: Any = BOB, plan: Plan = PLAN, code: str = CODE, **changed: Any) -> Approval:
    words = ApprovalWords(environment="staging", code=code, **changed.pop("words", {}))
    return an_approval(plan, by, words=words, **{"comment": by.id, **changed})


def facing(*approvals: Approval, plan: Plan | None = PLAN, **changed: Any) -> Standing:
    environment = changed.pop("environment", {})
    pull = changed.pop("pull", {})
    values: dict[str, Any] = {
        "pull": the_pull(**pull),
        "environment": an_environment(**environment),
        "branches": ("main",),
        "plan": plan,
        "code": CODE,
        "findings": (),
        "drift": (),
        "approvals": approvals,
        "now": NOW,
        "approved_at": (NOW,) * len(approvals),
    }
    return Standing(**{**values, **changed})


def codes(standing: Standing) -> list[Code]:
    decision = decide(standing)
    return [item.code for item in decision.refusals] if isinstance(decision, Blocked) else []


def destructive() -> Plan:
    return a_plan((drop_column(),))


def test_one_approval_of_exactly_this_plan_lets_it_through():
    decision = decide(facing(approved()))
    assert isinstance(decision, Allowed)
    assert decision.digest == PLAN.digest
    assert decision.approvals == (approved(),)


def test_nobody_else_can_make_the_proof():
    with pytest.raises(TypeError, match="made by"):
        Allowed(digest=PLAN.digest, approvals=(), _seal=object())


def test_without_a_plan_nothing_is_ever_allowed():
    assert codes(facing(approved(), plan=None)) == [Code.PLAN_INCOMPLETE]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"pull": {"open": False}}, Code.PULL_CLOSED),
        ({"pull": {"draft": True}}, Code.DRAFT_PULL),
        ({"pull": {"fork": True}}, Code.FORK_PULL),
        ({"pull": {"base_branch": "weak"}}, Code.BASE_NOT_ALLOWED),
        ({"rejected_by": "bob"}, Code.REJECTED),
        ({"environment": {"mode": Mode.REPORT}}, Code.COMMAND_NOT_ALLOWED),
        ({"waits_for": ("staging",)}, Code.ENVIRONMENT_ORDER),
        ({"in_progress": True}, Code.APPLY_IN_PROGRESS),
        ({"held_by": "held by #7"}, Code.ENVIRONMENT_HELD),
        ({"within_hours": False}, Code.OUTSIDE_HOURS),
        ({"findings": (a_refusal(Code.EDITED_MIGRATION, "", ""),)}, Code.EDITED_MIGRATION),
        ({"drift": (DRIFT,)}, Code.DRIFT_PRESENT),
    ],
)
def test_each_reason_alone_stops_an_approved_plan(changed: dict[str, Any], code: Code):
    assert codes(facing(approved(), **changed)) == [code]


def test_other_statements_on_the_environment_before_need_the_code():
    assert not code_required(facing(approved()))
    assert code_required(facing(approved(), unlike=True))


def test_the_rest_of_the_very_rollout_that_holds_the_target_passes_with_its_code():
    rest = Continued(sequence=87, digest="a" * 64, done=(0,), left=(), stuck=1, statements=2)
    plan = a_plan(continues=rest)
    held: dict[str, Any] = {"held_by": "held by #7", "held_for": (87, "a" * 64)}
    assert isinstance(decide(facing(approved(plan=plan), plan=plan, **held)), Allowed)
    assert codes(facing(approved(), **held)) == [Code.ENVIRONMENT_HELD]
    assert codes(facing(approved(plan=plan), plan=plan, **{**held, "held_for": (88, "a" * 64)})) == [
        Code.ENVIRONMENT_HELD
    ]
    assert code_required(facing(plan=plan))


def test_every_reason_is_said_at_once():
    assert codes(facing(pull={"open": False, "fork": True}, waits_for=("staging",))) == [
        Code.PULL_CLOSED,
        Code.FORK_PULL,
        Code.ENVIRONMENT_ORDER,
        Code.NEEDS_APPROVAL,
    ]


@pytest.mark.parametrize(
    "approval",
    [
        approved(plan=a_plan(base_branch="other")),
        approved(revoked="its comment was edited"),
        approved(code="retired"),
    ],
    ids=["another digest", "revoked", "a code that was retired"],
)
def test_an_approval_that_does_not_count_leaves_the_plan_without_one(approval: Approval):
    standing = facing(approval)
    assert counted(standing) == ()
    assert Code.NEEDS_APPROVAL in codes(standing)


def test_a_lapsed_approval_is_told_apart_from_one_that_was_never_given():
    assert codes(facing(approved(revoked="edited"))) == [Code.APPROVAL_REVOKED, Code.NEEDS_APPROVAL]
    assert codes(facing(approved(code="retired"))) == [Code.APPROVAL_REVOKED, Code.NEEDS_APPROVAL]
    old = facing(approved(), environment={"approval_expires": 60}, approved_at=(NOW - 61,))
    assert codes(old) == [Code.APPROVAL_EXPIRED, Code.NEEDS_APPROVAL]


def test_an_approval_counts_up_to_its_last_second_and_one_of_unknown_age_does_not():
    lasting = {"approval_expires": 60}
    assert codes(facing(approved(), environment=lasting, approved_at=(NOW - 60,))) == []
    assert Code.NEEDS_APPROVAL in codes(facing(approved(), environment=lasting, approved_at=()))


def test_two_approvals_are_two_people():
    two = {"approvals": 2}
    assert codes(facing(approved(comment=1), approved(comment=2), environment=two)) == [Code.NEEDS_APPROVAL]
    assert codes(facing(approved(), approved(GRACE), environment=two)) == []


def test_an_unseen_push_asks_for_one_more_unless_the_author_may_approve():
    assert needed_approvals(facing(pull={"unseen_push": True})) == 2
    assert needed_approvals(facing(pull={"unseen_push": True}, environment={"author_may_approve": True})) == 1
    assert needed_approvals(facing(pull={"unseen_push": True}, environment={"approvals": 3})) == 3


@pytest.mark.parametrize(
    "changed",
    [
        {"codes_shown": 2},
        {"codes_shown": 0},
        {"modules_concerned": 2},
        {"environment": {"approve_needs_code": CodeRule.ALWAYS}},
        {"plan": replace(PLAN, body=replace(PLAN.body, additive=False))},
        {"plan": replace(PLAN, body=replace(PLAN.body, needs=(Need.CODE,)))},
    ],
)
def test_a_plain_approval_counts_only_where_one_additive_plan_was_shown(changed: dict[str, Any]):
    plan = changed.get("plan", PLAN)
    assert codes(facing(approved(code=""))) == []
    assert codes(facing(approved(plan=plan, code=""), **changed)) == [Code.NEEDS_APPROVAL]
    assert codes(facing(approved(plan=plan), **changed)) == []


def test_what_is_lost_needs_its_own_words():
    plan = destructive()
    bare = facing(approved(plan=plan), plan=plan)
    assert codes(bare) == [Code.DESTRUCTIVE_NOT_ALLOWED, Code.BACKUP_NOT_CONFIRMED]
    for word in ({"backup": "dump 7"}, {"accept_risk": "empty"}):
        said = approved(plan=plan, words={"allow_destructive": True, **word})
        assert codes(facing(said, plan=plan)) == []
    without = approved(plan=plan, words={"allow_destructive": True})
    assert codes(facing(without, plan=plan)) == [Code.BACKUP_NOT_CONFIRMED]


def test_the_words_of_an_approval_that_does_not_count_are_not_heard():
    plan = destructive()
    words = {"allow_destructive": True, "backup": "dump 7"}
    standing = facing(approved(plan=plan, words=words, revoked="edited"), approved(GRACE, plan=plan), plan=plan)
    assert codes(standing) == [Code.DESTRUCTIVE_NOT_ALLOWED, Code.BACKUP_NOT_CONFIRMED]


def test_where_the_config_refuses_losses_no_word_helps():
    plan = destructive()
    said = approved(plan=plan, words={"allow_destructive": True, "backup": "dump 7"})
    standing = facing(said, plan=plan, environment={"destructive": DestructiveRule.REFUSE})
    assert codes(standing) == [Code.DESTRUCTIVE_NOT_ALLOWED]


def test_a_push_needs_its_own_word():
    plan = replace(PLAN, body=replace(PLAN.body, needs=(Need.ALLOW_PUSH,)))
    assert codes(facing(approved(plan=plan), plan=plan)) == [Code.STRATEGY_NOT_ALLOWED]
    assert codes(facing(approved(plan=plan, words={"allow_push": "a sandbox"}), plan=plan)) == []


@pytest.mark.parametrize(
    ("rule", "touches", "blocks"),
    [
        (DriftRule.TOUCHED, True, True),
        (DriftRule.TOUCHED, False, False),
        (DriftRule.ANY, False, True),
        (DriftRule.NEVER, True, False),
    ],
)
def test_which_drift_blocks_is_a_rule(rule: DriftRule, touches: bool, blocks: bool):
    standing = facing(approved(), drift=(replace(DRIFT, touches_plan=touches),), environment={"block_on_drift": rule})
    assert (codes(standing) == [Code.DRIFT_PRESENT]) is blocks


@pytest.mark.parametrize("rule", DriftRule)
def test_a_baseline_wants_every_difference_accepted_whatever_the_rule(rule: DriftRule):
    plan = a_plan(direction=Direction.BASELINE)
    other, environment = replace(DRIFT, touches_plan=False), {"block_on_drift": rule}
    given = approved(plan=plan, words={"accept": ("drift-1",)}, acknowledged=("abc",))
    assert codes(facing(given, plan=plan, drift=(other,), environment=environment)) == []
    decision = decide(facing(approved(plan=plan), plan=plan, drift=(other,), environment=environment))
    assert isinstance(decision, Blocked)
    (refusal,) = decision.refusals
    assert refusal.code is Code.DRIFT_PRESENT
    assert "bring it to that state by hand, or approve with `--accept drift-1`" in refusal.fix


def test_drift_is_accepted_by_what_it_is_not_by_its_number():
    words = {"accept": ("drift-1",)}
    assert codes(facing(approved(words=words, acknowledged=("abc",)), drift=(DRIFT,))) == []
    moved = replace(DRIFT, identity="another change under the same number")
    assert codes(facing(approved(words=words, acknowledged=("abc",)), drift=(moved,))) == [Code.DRIFT_PRESENT]


DBAS = ((Approver(ApproverKind.USER, "bob"), Approver(ApproverKind.TEAM, "acme/dba")),)


@pytest.mark.parametrize(
    ("person", "allowed"),
    [
        (a_person("bob", 2, teams=()), True),
        (a_person("Bob", 2, teams=()), True),
        (a_person("grace", 3), True),
        (a_person("grace", 3, teams=()), False),
        (a_person("bob", 2, role=Role.TRIAGE), False),
        (a_person("bob", 2, role=Role.NONE), False),
        (a_person("bob", 2, is_person=False), False),
    ],
)
def test_an_approver_is_a_listed_person_who_may_write(person, allowed: bool):
    refusal = may_approve(person, an_environment(approver_sets=DBAS), the_pull())
    assert (refusal is None) is allowed
    assert refusal is None or refusal.code is Code.NOT_AUTHORISED


def test_both_lists_must_name_the_person_and_no_list_names_nobody():
    roles = ((Approver(ApproverKind.ROLE, "maintain"),),)
    both = an_environment(approver_sets=DBAS + roles)
    assert may_approve(a_person("bob", 2), both, the_pull()) is None
    assert may_approve(a_person("bob", 2, role=Role.WRITE), both, the_pull()) is not None
    assert may_approve(a_person("bob", 2), an_environment(approver_sets=()), the_pull()) is not None


@pytest.mark.parametrize("pull", [{"author": 2}, {"excluded": (2,)}])
def test_who_wrote_or_pushed_may_not_approve_unless_the_config_lifts_it(pull: dict[str, Any]):
    refusal = may_approve(BOB, an_environment(), the_pull(**pull))
    assert refusal is not None
    assert refusal.code is Code.AUTHOR_MAY_NOT_APPROVE
    assert may_approve(BOB, an_environment(author_may_approve=True), the_pull(**pull)) is None
