"""What comes with a new or lost table or extension is told with it, and what looks like a rename is asked."""

from __future__ import annotations

from workers.core.diff import diff_objects
from workers.core.folding import fold, suspected_renames
from workers.core.schema import ObjectKind, SchemaObject, Value, attributes


def an_object(kind: ObjectKind, *name: str, **values: Value) -> SchemaObject:
    return SchemaObject(kind, name, attributes(**values))


def a_table(name: str, *columns: str) -> list[SchemaObject]:
    made = [an_object(ObjectKind.COLUMN, "public", name, column, type="text") for column in columns]
    return [an_object(ObjectKind.TABLE, "public", name), *made]


def test_columns_keys_and_owned_sequences_come_with_their_table():
    new = [
        *a_table("t", "a", "b"),
        an_object(ObjectKind.SEQUENCE, "public", "s", owned_by="public.t.a"),
        an_object(ObjectKind.SEQUENCE, "public", "alone"),
    ]
    folded = fold(diff_objects([], new))
    assert [(item.change.label, len(item.children)) for item in folded] == [("public.alone", 0), ("public.t", 3)]


def test_a_new_column_of_a_table_that_stays_stands_alone():
    folded = fold(diff_objects(a_table("t", "a"), a_table("t", "a", "b")))
    assert [(item.change.label, item.children) for item in folded] == [("public.t.b", ())]


def test_what_an_extension_brings_comes_with_it():
    new = [
        an_object(ObjectKind.EXTENSION, "hstore", version="1.8"),
        an_object(ObjectKind.FUNCTION, "public", "each(hstore)", extension="hstore"),
        an_object(ObjectKind.FUNCTION, "public", "mine()"),
    ]
    folded = fold(diff_objects([], new))
    assert [(item.change.label, len(item.children)) for item in folded] == [("hstore", 1), ("public.mine()", 0)]


def test_a_table_and_a_column_that_differ_in_their_names_alone_are_asked_about():
    old = [*a_table("t", "a"), *a_table("u", "x", "note")]
    new = [*a_table("v", "a"), *a_table("u", "x", "remark")]
    asked = [item.question for item in suspected_renames(fold(diff_objects(old, new)))]
    assert asked == [
        "was the column public.u.note renamed to remark? Nothing but the name differs",
        "was the table public.t renamed to v? Nothing but the name differs",
    ]


def test_of_two_that_fit_none_is_guessed():
    old, new = a_table("u", "a"), a_table("u", "b", "c")
    assert suspected_renames(fold(diff_objects(old, new))) == ()


def test_another_type_is_no_rename():
    old = [an_object(ObjectKind.COLUMN, "public", "t", "a", type="text")]
    new = [an_object(ObjectKind.COLUMN, "public", "t", "b", type="integer")]
    assert suspected_renames(fold(diff_objects(old, new))) == ()
