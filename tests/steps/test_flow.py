"""Where rows may come from while a plan runs."""

from __future__ import annotations

from workers.core.diff import diff
from workers.core.names import Engine
from workers.core.plan import StatementKind
from workers.core.schema import ObjectKind, SchemaObject, Snapshot
from workers.reading.postgresql import parse
from workers.steps.flow import Flow


def schema(*tables: str) -> Snapshot:
    objects = tuple(SchemaObject(ObjectKind.TABLE, ("public", name), ()) for name in sorted(tables))
    return Snapshot(engine=Engine.POSTGRESQL, version="16", database="shop", objects=objects)


def sources(table: str, *statements: str) -> set[str]:
    flow = Flow()
    for text in statements:
        flow.run(parse(text))
    return {name[-1] for name in flow.sources([(table,)])}


def test_a_table_filled_from_others_holds_their_rows_over_any_number_of_steps():
    copied = ("INSERT INTO b SELECT * FROM a", "CREATE TABLE c AS SELECT * FROM b", "CREATE VIEW d AS SELECT * FROM c")
    assert sources("d", *copied) == {"a", "b", "c", "d"}
    assert sources("a", *copied) == {"a"}


def test_what_a_new_table_refers_to_and_values_written_out_bring_no_rows():
    assert sources("b", "CREATE TABLE b (id int REFERENCES a (id))", "INSERT INTO b VALUES (1)") == {"b"}


def test_a_renamed_table_keeps_its_rows():
    flow = Flow()
    renaming = parse("ALTER TABLE a RENAME TO b")
    assert renaming.kind is StatementKind.ALTER
    flow.renamed(diff(schema("a", "x"), schema("b", "x")))
    assert set(flow.sources([("b",)])) == {("b",), ("public", "a")}
