"""A plan runs as it was rehearsed, or it stops and says what stayed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.store import a_plan
from tests.fakes.target import KEY, FakeDatabase, FakeLock, FakeWriter, State, a_schema, as_writer, broken, lock_timeout
from workers.core.diff import Change, diff
from workers.core.plan import Parsed, Plan, Statement, StatementKind
from workers.ports import Held, Hold, Services
from workers.steps.carry_out import Ending, Run, carry_out


def statement(sql: str, group: int = 0, *, transactional: bool = True) -> Statement:
    kind = StatementKind.BOOKKEEPING if sql.startswith("record") else StatementKind.CREATE
    rows = 1 if kind is StatementKind.BOOKKEEPING else None
    return Statement(
        sql=sql,
        migration="r1",
        group=group,
        transactional=transactional,
        parsed=Parsed(kind=kind, title=sql),
        rows=rows,
    )


def plan_of(*statements: Statement) -> Plan:
    """Each `add` statement is expected to add the table that it names."""
    expected = tuple(replace(item, effect=_effect(item)) for item in statements)
    plan = a_plan()
    body = replace(plan.body, statements=expected)
    return replace(plan, body=replace(body, group_authority=((),) * len(body.groups)))


def _effect(item: Statement) -> tuple[Change, ...]:
    word, name = item.sql.split()
    return diff(a_schema(), a_schema(name)) if word == "add" else ()


TWO = (statement("add orders"), statement("record r1"), statement("add bills", 1), statement("record r2", 1))


def run(plan: Plan, database: FakeDatabase, services: Services, lock: FakeLock | None = None) -> Run:
    services.store.keep_plan(plan, services.clock.code)
    services.store.start_rollout(plan.digest, KEY)
    held = Held(Hold(target=KEY, rollout=1, pull=3, reason="", fence=1), lock or FakeLock())
    return carry_out(plan, held, as_writer(FakeWriter(database)), 1, services)


def journal(services: Services) -> list[tuple[str, str]]:
    return [(item.command, item.result) for item in services.store.steps(1)]


def test_every_group_is_committed_and_every_statement_is_in_the_journal_before_and_after_it_ran(services: Services):
    database = FakeDatabase()
    assert run(plan_of(*TWO), database, services) == Run(ending=Ending.DONE, groups=2)
    assert database.state == State(frozenset({"orders", "bills"}), "r2")
    assert journal(services)[:6] == [
        ("BEGIN", "ok"),
        ("add orders", "started"),
        ("add orders", "ok"),
        ("record r1", "started"),
        ("record r1", "ok, 1 row(s)"),
        ("COMMIT", "effect as rehearsed; committed"),
    ]


def test_a_lock_timeout_repeats_the_whole_group_from_its_begin(services: Services):
    database = FakeDatabase(failures={"record r1": [lock_timeout(), lock_timeout()]})
    assert run(plan_of(*TWO[:2]), database, services).ending is Ending.DONE
    once = ["BEGIN", "add orders", "record r1"]
    assert database.commands == [*once, "ROLLBACK", *once, "ROLLBACK", *once, "COMMIT"]


def test_the_fifth_lock_timeout_is_the_last(services: Services):
    database = FakeDatabase(failures={"add orders": [lock_timeout() for _ in range(9)]})
    ended = run(plan_of(*TWO), database, services)
    assert (ended.ending, ended.groups, ended.unsure) == (Ending.NOTHING, 0, False)
    assert database.commands.count("BEGIN") == 5
    assert database.state == State()
    assert journal(services)[-1] == ("ROLLBACK", "rolled back what was open")


def test_a_failure_is_not_tried_again_and_what_was_committed_stays(services: Services):
    database = FakeDatabase(failures={"add bills": [broken()]})
    ended = run(plan_of(*TWO), database, services)
    assert ended == Run(ending=Ending.SOME, groups=1, why="it is broken (42601)")
    assert database.state == State(frozenset({"orders"}), "r1")
    assert database.commands.count("add bills") == 1
    assert journal(services)[-2:] == [
        ("add bills", "failed: it is broken (42601)"),
        ("ROLLBACK", "rolled back what was open"),
    ]


@pytest.mark.parametrize("questions", range(4))
def test_a_lost_lock_stops_before_the_commit(services: Services, questions: int):
    database = FakeDatabase()
    ended = run(plan_of(*TWO[:2]), database, services, FakeLock(answers=questions))
    assert ended == Run(ending=Ending.NOTHING, groups=0, why="the database lock was lost")
    assert "COMMIT" not in database.commands
    assert database.state == State()


def test_an_effect_that_was_not_rehearsed_is_rolled_back(services: Services):
    database = FakeDatabase()
    plan = plan_of(*TWO[:2])
    ended = run(replace(plan, body=replace(plan.body, statements=TWO[:2])), database, services)
    assert ended.ending is Ending.NOTHING
    assert ended.why == "the effect differs from the rehearsal in: table public.orders"
    assert database.state == State()


def test_a_statement_that_ends_its_transaction_leaves_it_to_the_database_to_say_what_stayed(services: Services):
    database = FakeDatabase()
    ended = run(plan_of(statement("add orders"), statement("commit now"), statement("record r1")), database, services)
    assert (ended.ending, ended.unsure) == (Ending.NOTHING, True)
    assert ended.why == "a statement ended its transaction"
    assert "record r1" not in database.commands


@pytest.mark.parametrize(("state", "unsure"), [("08006", True), ("57P01", True), ("23505", False)])
def test_after_a_commit_without_an_answer_only_the_database_knows(services: Services, state: str, unsure: bool):
    database = FakeDatabase(failures={"COMMIT": [broken(state)]})
    assert run(plan_of(*TWO[:2]), database, services).unsure is unsure


def test_a_statement_that_fails_outside_of_a_transaction_may_have_left_something(services: Services):
    build = statement("add index", transactional=False)
    ended = run(plan_of(build), FakeDatabase(failures={"add index": [broken()]}), services)
    assert (ended.ending, ended.unsure) == (Ending.NOTHING, True)


def test_a_version_table_that_is_not_as_planned_rolls_back(services: Services):
    database = FakeDatabase()
    wrong = replace(statement("record r1"), rows=0)
    ended = run(plan_of(statement("add orders"), wrong), database, services)
    assert ended.why == "the version table is not as it was planned"
    assert database.state == State()
