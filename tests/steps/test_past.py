"""What our rollouts did to a target before, and how to explain what is recorded there."""

from __future__ import annotations

from dataclasses import replace

from tests.fakes.store import a_plan
from tests.steps.histories import line
from workers.core.names import Direction
from workers.core.plan import Continued, Migration, Parsed, Plan, Statement, StatementKind
from workers.core.progress import Left
from workers.steps.past import Past, Trace

PARSED = Parsed(kind=StatementKind.ALTER, title="")


def went(before: str, after: str, pull: int = 3, direction: Direction = Direction.UPGRADE) -> Plan:
    """A plan that took the version table from one revision to another; its one statement says so."""
    named = before if direction is Direction.ROLLBACK else after
    plan = a_plan(
        recorded=(before,),
        pull=pull,
        direction=direction,
        pending=(Migration(named, f"content of {named}", f"{named}.py"),),
    )
    statement = Statement(sql=f"{before} to {after}", migration=named, group=0, transactional=True, parsed=PARSED)
    return replace(plan, body=replace(plan.body, statements=(statement,), recorded_after=(after,)))


def done(*plans: Plan) -> Past:
    return Past(tuple(Trace(item) for item in plans))


def sql(found: tuple[tuple[str, ...], tuple[Statement, ...]] | None) -> tuple[tuple[str, ...], list[str]] | None:
    return None if found is None else (found[0], [item.sql for item in found[1]])


def two_steps(before: str, middle: str, after: str) -> Plan:
    """A plan of two migrations in two transactions, each a change and its bookkeeping."""
    found = []
    for group, revision in enumerate((middle, after)):
        change = Statement(sql=f"to {revision}", migration=revision, group=group, transactional=True, parsed=PARSED)
        booking = replace(change, sql=f"record {revision}", parsed=replace(PARSED, kind=StatementKind.BOOKKEEPING))
        found += [change, booking]
    plan = a_plan(recorded=(before,), pending=tuple(Migration(item, item, "") for item in (middle, after)))
    return replace(plan, body=replace(plan.body, statements=tuple(found), recorded_after=(after,)))


def rest_of(plan: Plan, before: str, *done: int) -> Plan:
    """The continuation of a plan after which these statements were there; it removes an index first."""
    marker = Continued(sequence=1, digest=plan.digest, done=done, left=(("ix",),), stuck=0, statements=0)
    key = replace(plan.key, recorded=(before,), continues=marker, pending=plan.key.pending[-1:])
    missing = tuple(item for index, item in enumerate(plan.body.statements) if index not in done)
    removal = replace(missing[0], sql="remove", transactional=False)
    return replace(plan, key=key, body=replace(plan.body, statements=(removal, *missing)))


def half(plan: Plan, recorded: str, *done: int) -> Trace:
    return Trace(plan, Left(done=done, recorded=(recorded,)))


def test_what_a_half_done_rollout_recorded_is_its_own():
    past = Past((half(two_steps("r1", "r2", "r3"), "r2", 0, 1),))
    assert past.applied_by() == {"r2": 3}
    assert past.contents() == {"r2": "r2"}
    assert sql(past.roots(("r2",), line("r1"))) == (("r1",), ["to r2", "record r2"])
    assert past.before_pull(3, ("r2",)) == ("r1",)


def test_what_a_half_done_rollout_left_of_an_unrecorded_migration_is_its_own_while_it_is_the_newest():
    plan = two_steps("r1", "r2", "r3")
    assert sql(Past((half(plan, "r1", 0),)).roots(("r1",), line("r1"))) == (("r1",), ["to r2"])
    assert sql(Past((half(plan, "r2", 0, 1, 2),)).roots(("r2",), line("r1", "r2"))) == (("r2",), ["to r3"])
    later = Past((half(plan, "r2", 0, 1, 2), Trace(went("r2", "r4"))))
    assert sql(later.roots(("r4",), line("r1", "r2"))) == (("r2",), ["r2 to r4"])


def test_a_rollout_and_its_continuation_explain_together_what_they_made():
    plan = two_steps("r1", "r2", "r3")
    past = Past((half(plan, "r2", 0, 1, 2), Trace(rest_of(plan, "r2", 0, 1, 2))))
    assert sql(past.roots(("r3",), line("r1"))) == (("r1",), ["to r2", "record r2", "to r3", "record r3"])
    assert past.before_pull(3, ("r3",)) == ("r1",)
    explained = past.roots(("r3",), line("r1"))
    assert explained is not None
    assert [item.group for item in explained[1]] == [0, 0, 1, 2]


def test_a_half_done_rollout_can_be_looked_at_as_it_is_found_now():
    plan = two_steps("r1", "r2", "r3")
    found = Past((half(plan, "r2", 0, 1),)).as_found(plan, Left(done=(0, 1, 2), recorded=("r2",)))
    assert sql(found.roots(("r2",), line("r1", "r2"))) == (("r2",), ["to r3"])


def test_who_applied_a_revision_is_known_until_it_is_taken_back():
    past = done(went("r1", "r2", pull=7), went("r2", "r3", pull=8))
    assert past.applied_by() == {"r2": 7, "r3": 8}
    back = went("r3", "r2", pull=8, direction=Direction.ROLLBACK)
    assert Past((*past.traces, Trace(back))).applied_by() == {"r2": 7}
    assert past.contents() == {"r2": "content of r2", "r3": "content of r3"}


def test_what_ran_is_known_until_it_is_taken_back():
    past = done(went("r1", "r2"), went("r2", "r3"))
    assert past.ran("r3") == ("r2 to r3",)
    assert past.ran("r4") is None
    assert done(*(item.plan for item in past.traces), went("r3", "r2", direction=Direction.ROLLBACK)).ran("r3") is None
    assert done(went("r1", "r2", direction=Direction.MARK_APPLIED)).ran("r2") is None


def test_what_a_half_done_rollout_recorded_is_unverified_until_another_was_verified():
    plan = went("r1", "r2")
    booked = replace(plan.body.statements[0], parsed=replace(PARSED, kind=StatementKind.BOOKKEEPING))
    half = Trace(replace(plan, body=replace(plan.body, statements=(booked,))), Left(done=(0,), recorded=("r2",)))
    assert Past((half,)).unverified().keys() == {"r2"}
    assert Past((half, Trace(went("r2", "r3")))).unverified() == {}
    assert done(went("r1", "r2")).unverified() == {}


def test_what_the_base_has_needs_no_past():
    assert sql(Past().roots(("r2",), line("r1", "r2"))) == (("r2",), [])


def test_what_the_base_lacks_is_explained_by_the_statements_that_ran():
    past = done(went("r1", "r2"), went("r2", "r3"))
    assert sql(past.roots(("r3",), line("r1"))) == (("r1",), ["r1 to r2", "r2 to r3"])
    assert sql(past.roots(("r3",), line("r1", "r2"))) == (("r2",), ["r2 to r3"])


def test_a_revision_from_elsewhere_is_not_explained():
    assert Past().roots(("x1",), line("r1")) is None
    assert done(went("x1", "x2")).roots(("x2",), line("r1")) is None


def test_a_revision_that_we_only_recorded_is_explained_once_the_base_has_it():
    past = done(went("r1", "r2", direction=Direction.MARK_APPLIED))
    assert past.roots(("r2",), line("r1")) is None
    assert sql(past.roots(("r2",), line("r1", "r2"))) == (("r2",), [])


def test_a_pull_takes_back_what_it_applied_last():
    past = done(went("r1", "r2", pull=3))
    assert past.before_pull(3, ("r2",)) == ("r1",)
    assert past.before_pull(4, ("r2",)) is None
    assert past.before_pull(3, ("r3",)) is None


def test_a_pull_can_take_back_one_rollout_after_another():
    past = done(went("r1", "r2"), went("r2", "r3"), went("r3", "r2", direction=Direction.ROLLBACK))
    assert past.before_pull(3, ("r2",)) == ("r1",)


def test_what_was_taken_back_is_not_taken_back_again():
    past = done(went("r1", "r2"), went("r2", "r1", direction=Direction.ROLLBACK))
    assert past.before_pull(3, ("r1",)) is None


def test_what_was_only_recorded_is_not_taken_back():
    past = done(went("r1", "r2", direction=Direction.MARK_APPLIED))
    assert past.before_pull(3, ("r2",)) is None
