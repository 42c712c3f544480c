"""A seal is the same as long as the schema is, and never when it is not."""

from __future__ import annotations

from tests.databases.mysql.conftest import Place
from workers.ports import Target

CHANGES = (
    "CREATE TABLE sealed (id int PRIMARY KEY, n int DEFAULT 1, KEY by_n (n))",
    "ALTER TABLE sealed ALTER n SET DEFAULT 2",
    "ALTER TABLE sealed DROP KEY by_n, ADD KEY by_n (n, id)",
    "ALTER TABLE sealed COMMENT 'noted'",
    "CREATE VIEW sealed_view AS SELECT id FROM sealed",
    "CREATE FUNCTION sealed_one(x int) RETURNS int DETERMINISTIC RETURN x + 1",
    "CREATE TRIGGER sealed_watch BEFORE INSERT ON sealed FOR EACH ROW SET NEW.n = 1",
)


def seal(target: Target) -> str:
    with target.reading() as reader:
        return reader.seal()


def test_every_change_breaks_the_seal_and_rows_do_not(target: Target, place: Place):
    seals = [seal(target)]
    for change in CHANGES:
        place.run(change)
        seals.append(seal(target))
    assert len(set(seals)) == len(CHANGES) + 1
    place.run("INSERT INTO sealed VALUES (1, 2)")
    with target.reading() as reader:
        plain = reader.snapshot()
    with target.reading() as reader:
        assert reader.sealed_snapshot() == (plain, seals[-1])
    with target.reading() as reader:
        assert (reader.seal(), reader.snapshot()) == (seals[-1], plain)


def test_what_only_some_databases_are_asked_is_not_sealed(target: Target, place: Place):
    place.run("CREATE SEQUENCE sealed_numbers")
    with target.reading() as reader:
        assert reader.sealed_snapshot()[1] == ""
