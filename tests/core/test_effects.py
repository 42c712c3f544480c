"""What an effect means: what it destroys, whether it only adds, what an approval must say."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import COLUMN, INDEX, TABLE, a_statement, added, bookkeeping
from workers.core.diff import Change
from workers.core.effects import destroyed, is_additive, needs, way_back
from workers.core.plan import Need, Parsed, Statement, StatementKind, Undo
from workers.core.schema import ObjectKind, SchemaObject, attributes

ALTER = Parsed(kind=StatementKind.ALTER, title="")
ORDERS = ("public", "orders")


def an_object(kind: ObjectKind, *name: str, **values: Any) -> SchemaObject:
    return SchemaObject(kind, name or (*ORDERS, "thing"), attributes(**values))


def removed(item: SchemaObject) -> Change:
    return Change(item.kind, item.name, item, None)


def changed(kind: ObjectKind, before: dict[str, Any], after: dict[str, Any]) -> Change:
    name = (*ORDERS, "thing")
    return Change(kind, name, an_object(kind, *name, **before), an_object(kind, *name, **after))


def retyped(old: str, new: str) -> Change:
    return changed(ObjectKind.COLUMN, {"type": old}, {"type": new})


def adding(*changes: Change, kind: StatementKind = StatementKind.CREATE, **more: Any) -> Statement:
    return a_statement("-", "", kind, effect=changes, **more)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (ObjectKind.COLUMN, "column"),
        (ObjectKind.UNIQUE, "constraint"),
        (ObjectKind.FOREIGN_KEY, "constraint"),
        (ObjectKind.CHECK, "constraint"),
    ],
)
def test_an_object_that_held_rows_or_guarded_them_is_named_when_it_goes(kind, said):
    assert destroyed(ALTER, (removed(an_object(kind)),)) == (f"{said} public.orders.thing",)


@pytest.mark.parametrize("kind", [ObjectKind.VIEW, ObjectKind.FUNCTION, ObjectKind.TRIGGER, ObjectKind.INDEX])
def test_what_can_be_made_again_from_its_text_is_not_lost(kind):
    assert destroyed(ALTER, (removed(an_object(kind)),)) == ()


def test_a_unique_index_guards_rows_as_a_constraint_does():
    assert destroyed(ALTER, (removed(an_object(ObjectKind.INDEX, unique=True)),)) == (
        "unique index public.orders.thing",
    )
    loosened = changed(ObjectKind.INDEX, {"unique": True}, {"unique": False})
    assert destroyed(ALTER, (loosened,)) == ("unique index public.orders.thing as it was",)


def test_the_columns_of_a_table_that_goes_are_not_named_apart():
    assert destroyed(ALTER, (removed(TABLE), removed(COLUMN))) == ("table public.orders",)


def test_a_rename_counts_as_lost():
    assert destroyed(ALTER, (removed(COLUMN), added(an_object(ObjectKind.COLUMN, *ORDERS, "note", type="text")))) == (
        "column public.orders.delivery_note",
    )


@pytest.mark.parametrize("kind", [StatementKind.UPDATE, StatementKind.DELETE, StatementKind.TRUNCATE])
def test_whatever_writes_over_rows_destroys_them(kind):
    lost = "values in" if kind is StatementKind.UPDATE else "rows of"
    assert destroyed(Parsed(kind=kind, title="", writes=(("orders",),)), ()) == (f"{lost} orders",)
    assert destroyed(Parsed(kind=kind, title=""), ()) == ("rows",)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("character varying(10)", "character varying(20)"),
        ("character varying(10)", "character varying"),
        ("character varying(10)", "text"),
        ("smallint", "bigint"),
        ("integer", "bigint"),
        ("real", "double precision"),
        ("numeric(10,2)", "numeric(12,2)"),
        ("numeric(10,2)", "numeric"),
        ("int", "bigint"),
        ("tinyint unsigned", "int unsigned"),
        ("text", "longtext"),
        ("enum('a','b')", "enum('a','it''s','b')"),
    ],
)
def test_a_wider_type_loses_nothing(old, new):
    assert destroyed(ALTER, (retyped(old, new),)) == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("character varying(20)", "character varying(10)"),
        ("text", "character varying(10)"),
        ("bigint", "integer"),
        ("double precision", "real"),
        ("numeric(10,2)", "numeric(10,4)"),
        ("numeric(10,2)", "numeric(9,2)"),
        ("numeric(10,2)", "numeric(10)"),
        ("character(5)", "character"),
        ("timestamp with time zone", "timestamp without time zone"),
        ("json", "jsonb"),
        ("bigint", "int"),
        ("int", "int unsigned"),
        ("longtext", "text"),
        ("enum('a','b')", "enum('a','c')"),
        ("enum('a')", "set('a','b')"),
        ("text", "integer"),
    ],
)
def test_a_type_that_may_not_hold_every_value_is_a_loss(old, new):
    assert destroyed(ALTER, (retyped(old, new),)) == (f"values of public.orders.thing ({old} to {new})",)


def test_a_label_that_goes_or_is_renamed_is_lost_and_one_that_comes_is_not():
    labels = ObjectKind.ENUM
    assert destroyed(ALTER, (changed(labels, {"labels": ("a", "b")}, {"labels": ("a", "c")}),)) == (
        "enum label public.orders.thing.b",
    )
    assert destroyed(ALTER, (changed(labels, {"labels": ("a",)}, {"labels": ("new", "a")}),)) == ()


def test_a_part_of_a_composite_type_and_a_check_of_a_domain_can_be_lost():
    part = changed(
        ObjectKind.COMPOSITE_TYPE, {"attributes": ("x integer", "y integer")}, {"attributes": ("x integer",)}
    )
    check = changed(ObjectKind.DOMAIN, {"checks": ("c: (VALUE > 0)",)}, {})
    assert destroyed(ALTER, (part,)) == ("composite type public.orders.thing: y integer",)
    assert destroyed(ALTER, (check,)) == ("domain public.orders.thing: c: (VALUE > 0)",)


@pytest.mark.parametrize(
    ("before", "after", "lost"),
    [
        ({"not_valid": True}, {}, False),
        ({"not_enforced": True}, {}, False),
        ({}, {"comment": "why"}, False),
        ({}, {"not_enforced": True}, True),
        ({"expression": "a > 0"}, {"expression": "a > 1"}, True),
        ({"on_delete": "cascade"}, {}, True),
    ],
)
def test_a_constraint_is_lost_where_it_holds_less_than_before(before, after, lost):
    said = destroyed(ALTER, (changed(ObjectKind.FOREIGN_KEY, before, after),))
    assert said == (("constraint public.orders.thing as it was",) if lost else ())


@pytest.mark.parametrize(
    "change",
    [
        added(TABLE),
        added(INDEX),
        added(COLUMN),
        added(an_object(ObjectKind.COLUMN, not_null=True, default="0")),
        added(an_object(ObjectKind.COLUMN, not_null=True, identity="always")),
        added(an_object(ObjectKind.SEQUENCE, "public", "numbers")),
        added(an_object(ObjectKind.ENUM, "public", "mood", labels=("a",))),
        added(an_object(ObjectKind.CHECK)),
        changed(ObjectKind.COLUMN, {}, {"comment": "why"}),
    ],
)
def test_what_only_appears_is_additive(change):
    assert is_additive([adding(change), bookkeeping()])


@pytest.mark.parametrize(
    "change",
    [
        removed(INDEX),
        removed(an_object(ObjectKind.VIEW)),
        added(an_object(ObjectKind.COLUMN, not_null=True)),
        added(an_object(ObjectKind.VIEW)),
        added(an_object(ObjectKind.FUNCTION)),
        added(an_object(ObjectKind.TRIGGER)),
        added(an_object(ObjectKind.POLICY)),
        changed(ObjectKind.COLUMN, {"not_null": True}, {}),
        changed(ObjectKind.COLUMN, {"default": "1"}, {}),
        changed(ObjectKind.COLUMN, {"type": "integer"}, {"type": "bigint"}),
        changed(ObjectKind.ENUM, {"labels": ("a",)}, {"labels": ("a", "b")}),
        changed(ObjectKind.SEQUENCE, {"increment": 1}, {"increment": 2}),
        changed(ObjectKind.TABLE, {}, {"row_security": True}),
        changed(ObjectKind.TRIGGER, {}, {"enabled": "disabled"}),
    ],
)
def test_everything_else_is_not_additive(change):
    assert not is_additive([adding(change)])


def test_a_required_column_without_a_default_is_additive_in_a_table_that_the_plan_makes():
    assert is_additive([adding(added(an_object(ObjectKind.COLUMN, not_null=True)), added(TABLE))])


def test_an_alter_without_an_effect_does_what_snapshots_do_not_hold():
    assert not is_additive([adding(kind=StatementKind.ALTER)])
    assert is_additive([adding(kind=StatementKind.COMMENT)])


@pytest.mark.parametrize(
    "kind",
    [
        StatementKind.INSERT,
        StatementKind.UPDATE,
        StatementKind.DELETE,
        StatementKind.TRUNCATE,
        StatementKind.DROP,
        StatementKind.SESSION,
        StatementKind.AUTHORITY,
        StatementKind.OPAQUE,
    ],
)
def test_a_statement_that_does_not_create_is_never_additive(kind):
    assert not is_additive([adding(kind=kind)])


@pytest.mark.parametrize("fact", ["opaque", "authority"])
def test_a_statement_whose_text_does_not_bound_its_effect_is_not_additive_and_needs_the_code(fact):
    more: dict[str, Any] = {fact: "why"}
    statement = adding(added(TABLE), **more)
    assert not is_additive([statement])
    assert needs((bookkeeping(**{fact: "why"}),), additive=True, push=False) == (Need.CODE,)


def test_what_an_approval_must_say_follows_from_what_is_lost():
    assert needs((adding(added(TABLE)),), additive=True, push=False) == ()
    lost = (adding(removed(TABLE), destroys=("table public.orders",)),)
    assert needs(lost, additive=False, push=True) == (
        Need.CODE,
        Need.ALLOW_DESTRUCTIVE,
        Need.BACKUP,
        Need.ALLOW_PUSH,
    )


def test_the_way_back_says_what_it_cannot_bring_back():
    undo = (a_statement(),)
    assert way_back(None, "downgrade fails", equal=False, destroyed_before=()).note == "downgrade fails"
    assert way_back(undo, "", equal=False, destroyed_before=()).undo is Undo.NONE
    assert way_back(undo, "", equal=True, destroyed_before=("table a",)).undo is Undo.NONE
    assert way_back(undo, "", equal=True, destroyed_before=()).undo is Undo.LOSSLESS
    lossy = way_back((a_statement(destroys=("column a.b",)),), "", equal=True, destroyed_before=())
    assert lossy.undo is Undo.LOSSY
    assert "column a.b" in lossy.note
