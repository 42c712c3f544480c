"""Whoever can write to the state alone cannot make up a plan, a code or an approval."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select, update

from tests.contracts.store import an_approval
from tests.fakes.store import STATE_KEY, a_plan, open_store
from workers.store.seal import Seal, StateKey, StoreTamperedError
from workers.store.tables import approvals, codes, plans


@pytest.fixture
def stored(store, clock):
    plan = store.keep_plan(a_plan(), clock.code).plan
    store.mark_shown(plan.digest)
    store.keep_approval(7, 3, an_approval(plan.digest))
    return plan


def change(store, table, **values):
    with store._engine.begin() as connection:
        connection.execute(update(table).values(values))


def changed_text(store, table, column: str, old: str, new: str) -> str:
    with store._engine.begin() as connection:
        text = connection.scalar(select(table.c[column]))
    assert old in text
    return text.replace(old, new)


def test_a_changed_plan_is_noticed(store, stored):
    text = changed_text(store, plans, "plan", '"policy": "p"', '"policy": "q"')
    change(store, plans, plan=text)
    for read in (
        lambda: store.plan(stored.digest),
        lambda: store.find_plan(stored.key),
        lambda: store.plans(7, 3, "shop", "prod"),
    ):
        with pytest.raises(StoreTamperedError):
            read()


@pytest.mark.parametrize(
    "values",
    [
        {"code": "forged0"},
        {"shown": False},
        {"retired": True},
        {"environment": "staging"},
        {"seal": "test:00"},
        {"seal": ""},
    ],
)
def test_a_changed_code_is_noticed(store, stored, values):
    change(store, codes, **values)
    with pytest.raises(StoreTamperedError):
        store.plan(stored.digest)


def test_a_code_that_is_said_not_to_have_been_shown_is_noticed(store, stored):
    change(store, codes, shown=False)
    with pytest.raises(StoreTamperedError):
        store.codes_shown(7, 3, "prod")


@pytest.mark.parametrize(
    ("old", "new"),
    [('"login": "alice"', '"login": "mallory"'), ('"id": 11', '"id": 13'), ('"revoked": ""', '"revoked": "x"')],
)
def test_a_changed_approval_is_noticed(store, stored, old, new):
    change(store, approvals, approval=changed_text(store, approvals, "approval", old, new))
    for read in (lambda: store.approvals(stored.digest), lambda: store.approvals_by_comment(50)):
        with pytest.raises(StoreTamperedError):
            read()


@pytest.mark.parametrize("values", [{"digest": "f" * 64}, {"comment": 51}, {"pull": 4}])
def test_an_approval_moved_elsewhere_is_noticed(store, stored, values):
    change(store, approvals, **values)
    with pytest.raises(StoreTamperedError):
        store.approvals(values.get("digest", stored.digest))


def test_a_tampered_code_is_not_sealed_anew(store, stored):
    change(store, codes, retired=True)
    with pytest.raises(StoreTamperedError):
        store.mark_shown(stored.digest)


def test_an_older_key_still_verifies_and_a_foreign_one_does_not(store, stored, url):
    newer = StateKey("newer", b"n" * 32)
    both = open_store(url, keys=(newer, STATE_KEY))
    assert both.plan(stored.digest).plan == stored
    both.retire_codes(7, 3)
    both.close()
    alone = open_store(url, keys=(StateKey("test", b"x" * 32),))
    with pytest.raises(StoreTamperedError):
        alone.plan(stored.digest)
    alone.close()
    retired = open_store(url, keys=(STATE_KEY,))
    with pytest.raises(StoreTamperedError):
        retired.plan(stored.digest)
    retired.close()


def test_a_plan_in_the_shape_of_an_earlier_release_is_no_plan(store, stored, clock):
    text = json.dumps({**json.loads(changed_text(store, plans, "plan", "{", "{")), "gone": 1})
    change(store, plans, plan=text, seal=store._seal.sign("plans", stored.digest, text))
    assert store.plan(stored.digest) is None
    assert store.plans(7, 3, "shop", "prod") == ()
    assert store.keep_plan(stored, clock.code).plan == stored


def test_values_do_not_run_into_each_other():
    seal = Seal((STATE_KEY,))
    assert seal.sign("t", "ab", "c") != seal.sign("t", "a", "bc")
    assert seal.sign("t", 1) != seal.sign("t", "1") != seal.sign("t", True)


@pytest.mark.parametrize("keys", [(), (StateKey("short", b"x" * 31),)])
def test_a_weak_key_is_refused(keys):
    with pytest.raises(ValueError, match="32 bytes"):
        Seal(keys)


def test_a_key_does_not_print_itself():
    assert "kkk" not in repr(STATE_KEY)
