"""A seal is the same as long as the schema is, and never when it is not."""

from __future__ import annotations

import pytest

from tests.databases.postgresql.test_catalog import EVERY_KIND, run
from workers.databases.postgresql.engine import PostgresqlDatabase

SHOP = """
    CREATE TYPE state AS ENUM ('a', 'c');
    CREATE TABLE orders (id int PRIMARY KEY, total int DEFAULT 1 CHECK (total > 0), state state, name text COLLATE "C");
    CREATE INDEX by_total ON orders (total);
    CREATE FUNCTION one() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER watch BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION one();
    CREATE VIEW small AS SELECT id FROM orders WHERE total < 5;"""
CHANGES = (
    "ALTER TABLE orders ALTER total SET DEFAULT 2",
    "ALTER TABLE orders DROP CONSTRAINT orders_total_check, ADD CONSTRAINT orders_total_check CHECK (total > 1)",
    "ALTER TYPE state ADD VALUE 'b' BEFORE 'c'",
    "CREATE OR REPLACE FUNCTION one() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
    "ALTER TABLE orders DISABLE TRIGGER watch",
    "CREATE OR REPLACE VIEW small AS SELECT id FROM orders WHERE total < 6",
    "COMMENT ON COLUMN orders.name IS 'of the customer'",
    "GRANT SELECT ON orders TO PUBLIC",
    "ALTER DATABASE {} SET work_mem = '5MB'",
    "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'by_total'::regclass",
)


def seal(engine: PostgresqlDatabase, url: str) -> str:
    with engine.target(url, None).reading() as reader:
        return reader.seal()


def test_a_seal_is_of_the_very_answers_that_the_schema_was_made_of(engine, url):
    run(url, EVERY_KIND)
    with engine.target(url, None).reading() as reader:
        plain = reader.snapshot()
    with engine.target(url, None).reading() as reader:
        sealed, found = reader.sealed_snapshot()
    with engine.target(url, None).reading() as reader:
        assert reader.seal() == found
        assert reader.snapshot() == sealed == plain


def test_every_change_breaks_the_seal_and_rows_do_not(engine, url):
    run(url, SHOP)
    seals = [seal(engine, url)]
    run(url, "INSERT INTO orders VALUES (1, 2, 'a', 'x'); ANALYZE orders")
    assert seal(engine, url) == seals[0]
    for change in CHANGES:
        run(url, change.format(url.rpartition("/")[2]))
        seals.append(seal(engine, url))
    assert len(set(seals)) == len(CHANGES) + 1


@pytest.mark.parametrize(
    "further",
    [
        "CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p WITH (connect = false)",
        "CREATE EXTENSION IF NOT EXISTS vector; CREATE FOREIGN DATA WRAPPER w; CREATE SERVER f FOREIGN DATA WRAPPER w",
    ],
    ids=["a subscription", "a foreign server"],
)
def test_what_only_some_databases_are_asked_is_not_sealed(engine, postgres, pg_url, further):
    run(pg_url, further)
    with engine.target(pg_url, None).reading() as reader:
        snapshot, found = reader.sealed_snapshot()
    assert found == ""
    with engine.target(pg_url, None).reading() as reader:
        assert reader.snapshot() == snapshot
    if "SUBSCRIPTION" in further:
        run(pg_url, "ALTER SUBSCRIPTION s SET (slot_name = NONE)")
        run(pg_url, "DROP SUBSCRIPTION s")


def test_another_key_makes_another_seal(engine, url):
    other = PostgresqlDatabase(engine._area, engine._sandbox, b"another key of the tests, 32 byte")
    assert seal(engine, url) != seal(other, url)
