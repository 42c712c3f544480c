"""Plans: the digest that an approval names covers the whole key and every byte that runs."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from typing import Any

import pytest

from tests.builders import BASE, COLUMN, HEAD, PENDING, a_key, a_plan, a_statement, added, bookkeeping, drop_column
from workers.core.diff import Change
from workers.core.names import Direction, Engine, Strategy
from workers.core.plan import Booked, Continued, Key, Need, Observed, TargetIdentity, Undo, WayBack

OTHER: dict[str, Any] = {
    "repository": 1,
    "pull": 1,
    "base_branch": "release",
    "module": "other",
    "environment": "prod",
    "target": TargetIdentity(Engine.POSTGRESQL, "7301998412", "shop", "another_role"),
    "strategy": Strategy.PUSH,
    "direction": Direction.ROLLBACK,
    "pending": tuple(reversed(PENDING)),
    "source_files": (("alembic/env.py", "f" * 64),),
    "dependencies": "f" * 64,
    "recorded": (),
    "policy": "f" * 64,
    "session": (("search_path", "evil, public"),),
    "scope": (),
    "live": "sha256:" + "f" * 64,
    "continues": Continued(sequence=1, digest="f" * 64, done=(), left=(), stuck=0, statements=2),
}


@pytest.mark.parametrize("part", [field.name for field in dataclasses.fields(Key)])
def test_each_part_of_the_key_changes_the_digest(part: str):
    assert a_key(**{part: OTHER[part]}).digest != a_key().digest
    assert a_plan(**{part: OTHER[part]}).digest != a_plan().digest


@pytest.mark.parametrize(
    "changed",
    [
        {"statements": (a_statement("SELECT 2"),)},
        {"statements": tuple(reversed(a_plan().body.statements))},
        {"group_authority": ()},
        {"authority": a_plan().body.effect},
        {"recorded_after": ("other",)},
        {"reads_rows": (("r1", ("orders",)),)},
        {"needs": (Need.CODE,)},
        {"additive": False},
        {"way_back": WayBack(undo=Undo.NONE, note="none")},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_each_part_of_the_body_changes_the_digest(changed: dict[str, Any]):
    plan = a_plan()
    assert replace(plan, body=replace(plan.body, **changed)).digest != plan.digest


@pytest.mark.parametrize(
    "changed",
    [
        {"group": 9},
        {"transactional": False},
        {"rows": 7},
        {"migration": "x"},
        {"destroys": ("table a",)},
        {"effect": ()},
    ],
)
def test_each_fact_of_a_statement_changes_the_digest(changed: dict[str, Any]):
    plan = a_plan((a_statement(),))
    other = replace(plan, body=replace(plan.body, statements=(replace(a_statement(), **changed),)))
    assert other.digest != plan.digest


def test_commits_and_measurements_stand_beside_the_digest():
    plan = a_plan()
    beside = replace(plan, head=BASE, base=HEAD, observed=Observed(seconds=(9.9,), scratch_version="17"))
    assert beside.digest == plan.digest


def test_a_plan_names_each_loss_once_and_in_order():
    again = replace(drop_column(), destroys=("rows of orders", *drop_column().destroys))
    plan = a_plan((drop_column(), again, bookkeeping()))
    assert plan.destroys == ("column public.customers.phone_legacy", "rows of orders")


def test_a_plan_says_what_is_recorded_after_each_statement_that_writes_the_version_table():
    first = bookkeeping(records=Booked(come=("r2",), gone=("r1",)))
    second = bookkeeping(records=Booked(come=("r0",)))
    plan = a_plan((a_statement(), first, second), recorded=("r1",))
    assert list(plan.records) == [None, ("r2",), ("r0", "r2")]


def test_an_object_that_a_plan_makes_and_takes_away_again_is_no_effect_of_it():
    made = added(COLUMN)
    back = Change(made.kind, made.name, made.after, None)
    body = a_plan((a_statement(effect=(made,)), a_statement(effect=(back,), group=1))).body
    assert (body.effect, body.group_effects) == ((), ((made,), (back,)))
