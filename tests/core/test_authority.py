"""What changes in rights is told apart from what every new or gone object brings or takes along."""

from __future__ import annotations

from workers.core.authority import authority_effect, in_words, lacking, rights_changed
from workers.core.diff import diff
from workers.core.names import Engine
from workers.core.schema import Name, ObjectKind, SchemaObject, Snapshot, Value, attributes, ordered

TABLE: Name = ("table", "public", "orders")
COLUMN = SchemaObject(ObjectKind.COLUMN, ("public", "orders", "note"), ())


def owner(name: Name = TABLE, role: str = "shop") -> SchemaObject:
    return SchemaObject(ObjectKind.OWNER, name, attributes(owner=role))


def privilege(*grants: str, name: Name = TABLE, **more: Value) -> SchemaObject:
    return SchemaObject(ObjectKind.PRIVILEGE, name, attributes(grants=grants or None, **more))


def view(*authority: SchemaObject, objects: tuple[SchemaObject, ...] = ()) -> Snapshot:
    every = ordered(list(authority))
    return Snapshot(engine=Engine.POSTGRESQL, version="16", database="d", objects=objects, authority=every)


def told(old: Snapshot, new: Snapshot) -> str:
    return in_words(rights_changed(authority_effect(old, new), diff(old, new)))


def test_a_new_object_s_owner_and_privileges_are_an_effect_and_no_change_of_rights():
    old, new = view(), view(owner(), privilege("PUBLIC may SELECT (by shop)"))
    assert [item.kind for item in authority_effect(old, new)] == [ObjectKind.OWNER, ObjectKind.PRIVILEGE]
    assert told(old, new) == ""


def test_what_goes_with_its_object_is_the_object_s_own_change():
    name = ("column", "public", "orders", "note")
    old = view(owner(), privilege("a"), privilege("b", name=name), objects=(COLUMN,))
    assert authority_effect(old, view()) == ()


def test_a_right_that_goes_while_its_object_stays_is_told():
    name = ("column", "public", "orders", "note")
    old = view(owner(), privilege("a"), privilege("b", name=name), objects=(COLUMN,))
    assert told(old, view(owner(), objects=(COLUMN,))) == (
        "privilege of column public.orders.note: b is gone; privilege of table public.orders: a is gone"
    )


def test_a_right_given_and_one_withheld_and_another_owner_are_told():
    old, new = view(owner(), privilege("a")), view(owner(role="other"), privilege("a", "b", withheld=("c",)))
    assert told(old, new) == (
        "owner of table public.orders: owner shop becomes other; "
        "privilege of table public.orders: b is new, c (withheld) is new"
    )


def test_a_privilege_of_a_new_column_comes_with_it():
    name = ("column", "public", "orders", "note")
    assert told(view(owner()), view(owner(), privilege("b", name=name), objects=(COLUMN,))) == ""


def test_what_did_not_change_beside_a_change_says_nothing_of_where_it_was_seen():
    def database(collation: str, role: str) -> Snapshot:
        return view(SchemaObject(ObjectKind.DATABASE, ("d",), attributes(collation=collation, owner=role)))

    here = authority_effect(database("C", "a"), database("C", "b"))
    assert here == authority_effect(database("de_DE", "a"), database("de_DE", "b"))
    assert in_words(here) == "database of d: owner a becomes b"


def test_many_changes_are_cut_short():
    names = [("table", "public", f"t{number}") for number in range(8)]
    old, new = view(*map(owner, names)), view(*(owner(name, "other") for name in names))
    assert told(old, new).endswith("owner of table public.t4: owner shop becomes other; and 3 more")


def test_what_is_given_and_taken_is_looked_for_and_other_rights_may_be_there():
    changes = authority_effect(view(owner(), privilege("a")), view(owner(), privilege("b")))
    assert lacking(changes, view(owner(), privilege("b", "by hand"))) == ()
    assert [item.label for item in lacking(changes, view(owner(), privilege("a", "b")))] == ["table.public.orders"]
    assert [item.label for item in lacking(changes, view(owner()))] == ["table.public.orders"]


def test_an_owner_is_looked_for_as_it_is():
    changes = authority_effect(view(owner()), view(owner(role="other")))
    assert lacking(changes, view(owner(role="other"))) == ()
    assert lacking(changes, view(owner())) != ()
