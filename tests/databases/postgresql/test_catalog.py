"""A snapshot says everything that users made, the same however it came to be, and asks only our own questions."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from workers.core.diff import Difference, diff
from workers.core.names import Engine
from workers.core.schema import ObjectKind, SchemaObject, Snapshot, ordered

CASES = Path(__file__).parents[2] / "cases/postgresql/schemas"
EVERY_KIND = (CASES / "every_kind.sql").read_text()
NEWEST = (CASES / "since_18.sql").read_text()
STATEMENT = re.compile(r"LOG:  (?:statement|execute [^:]*): (.*)", re.DOTALL)


def run(url: str, script: str) -> None:
    with psycopg.connect(url, autocommit=True, application_name="the-test") as connection:
        connection.execute(script.encode())


def snapshot(engine, url: str) -> Snapshot:
    with engine.target(url, None).reading() as reader:
        return reader.snapshot()


def found(view: Snapshot, kind: ObjectKind, *name: str) -> SchemaObject:
    return next(item for item in view.objects if (item.kind, item.name) == (kind, name))


@pytest.fixture
def restored(engine, server):
    """Copy a database as pg_dump and a restore do; answers the copy's URL."""
    made = []

    def copy(url: str) -> str:
        script = engine.target(url, None).dump(()).script
        made.append(server.create_database())
        run(made[-1], script)
        return made[-1]

    yield copy
    for url in made:
        server.drop_database(url.rpartition("/")[2])


@pytest.mark.parametrize("script", [EVERY_KIND, NEWEST], ids=["every kind", "since 18"])
def test_a_restored_dump_is_the_same_schema_and_so_is_its_own(engine, server, url, restored, script):
    if script is NEWEST and server.major < 18:
        script = "CREATE TABLE nothing_newer (id int);"
    run(url, script)
    live = snapshot(engine, url)
    once = restored(url)
    twice = restored(once)
    assert diff(live, snapshot(engine, once)) == ()
    assert diff(live, snapshot(engine, twice)) == ()
    assert live.fingerprint == snapshot(engine, twice).fingerprint


SEEN = """aggregate check column composite_type domain enum exclusion foreign_key function index materialized_view policy
    primary_key procedure rule schema sequence table trigger unique view"""


def test_every_kind_of_object_is_seen(engine, url):
    run(url, EVERY_KIND)
    view = snapshot(engine, url)
    assert {item.kind.value for item in view.objects} == set(SEEN.split())
    assert {item.kind.value for item in view.authority} == {"database", "default_privilege", "owner", "privilege"}
    assert view.engine is Engine.POSTGRESQL
    assert view.objects == ordered(list(view.objects))


def test_attributes_say_what_was_written(engine, url):
    run(url, EVERY_KIND)
    view = snapshot(engine, url)
    email = dict(found(view, ObjectKind.COLUMN, "sales", "customers", "email").attributes)
    assert email == {
        "type": "character varying(200)",
        "not_null": True,
        "collation": 'pg_catalog."C"',
        "storage": "external",
        "statistics": 250,
        "comment": "unique",
    }
    identity = found(view, ObjectKind.COLUMN, "sales", "customers", "id")
    assert (identity.get("identity"), identity.get("identity_options")) == ("always", ("start 100", "increment 2"))
    assert found(view, ObjectKind.COLUMN, "sales", "customers", "full_name").get("generated") == "stored"
    assert found(view, ObjectKind.ENUM, "sales", "mood").get("labels") == ("sad", "meh", "ok")
    status = found(view, ObjectKind.CHECK, "sales", "customers", "customers_status_check").get("expression")
    assert status == "status::text = ANY(ARRAY['new'::varchar::text, 'old'::varchar::text, 'gone'::varchar::text])"
    plain = found(view, ObjectKind.INDEX, "public", "orders", "plain")
    assert plain.get("keys") == ("customer DESC", "parent NULLS FIRST", "id DESC NULLS LAST")
    own = found(view, ObjectKind.FOREIGN_KEY, "public", "orders", "orders_customer_fkey")
    assert (own.get("references"), own.get("on_delete"), own.get("on_update")) == (
        "sales.customers",
        "cascade",
        "restrict",
    )
    assert found(view, ObjectKind.TRIGGER, "sales", "customers", "touched").get("enabled") == "disabled"
    assert found(view, ObjectKind.FUNCTION, "sales", "touch()").get("security_definer") is True


def test_order_of_creation_and_dropped_columns_leave_no_trace(engine, server):
    one = "CREATE TABLE a (x int, y text CHECK (y <> '')); CREATE TABLE b (z int PRIMARY KEY); CREATE INDEX i ON a (y, x) WHERE x > 0;"
    other = (
        "CREATE TABLE b (gone int, z int PRIMARY KEY); CREATE TABLE a (gone int, y text CHECK (y <> ''), gone_too int, x int);"
        "CREATE TABLE gone (id int); DROP TABLE gone; ALTER TABLE a DROP gone; CREATE INDEX i ON a (y, x) WHERE x > 0;"
        "ALTER TABLE a DROP gone_too; ALTER TABLE b DROP gone;"
    )
    urls = [server.create_database() for _ in (one, other)]
    for url, script in zip(urls, (one, other), strict=True):
        run(url, script)
    first, second = (snapshot(engine, url) for url in urls)
    assert diff(first, second) == ()
    assert first.fingerprint == second.fingerprint
    for url in urls:
        server.drop_database(url.rpartition("/")[2])


CHANGES = [
    ("ALTER TABLE hits ADD COLUMN extra int", ObjectKind.COLUMN, Difference.ADDED),
    ("ALTER TABLE hits ALTER COLUMN at SET NOT NULL", ObjectKind.COLUMN, Difference.CHANGED),
    ("ALTER TABLE ONLY orders ALTER COLUMN customer SET DEFAULT 5", ObjectKind.COLUMN, Difference.CHANGED),
    ("ALTER TABLE scratchpad ALTER COLUMN id TYPE bigint", ObjectKind.COLUMN, Difference.CHANGED),
    ("ALTER TABLE sales.customers DROP CONSTRAINT customers_status_check", ObjectKind.CHECK, Difference.REMOVED),
    ("ALTER TYPE sales.mood ADD VALUE 'new' AFTER 'sad'", ObjectKind.ENUM, Difference.CHANGED),
    ("DROP INDEX plain; CREATE INDEX plain ON orders (customer, parent NULLS FIRST, id DESC NULLS LAST)", ObjectKind.INDEX, Difference.CHANGED),
    ("DROP INDEX sales.plain_hash; CREATE INDEX plain_hash ON sales.customers USING hash (age) WHERE age > 1", ObjectKind.INDEX, Difference.CHANGED),
    ("ALTER FUNCTION sales.tax(numeric, numeric) STABLE", ObjectKind.FUNCTION, Difference.CHANGED),
    ("CREATE OR REPLACE VIEW guarded WITH (security_barrier, check_option = local) AS SELECT id, note FROM orders WHERE amount > 1",
     ObjectKind.VIEW, Difference.CHANGED),
    ("ALTER TABLE sales.customers ENABLE TRIGGER touched", ObjectKind.TRIGGER, Difference.CHANGED),
    ("ALTER TABLE orders NO FORCE ROW LEVEL SECURITY", ObjectKind.TABLE, Difference.CHANGED),
    ("DROP POLICY own ON orders", ObjectKind.POLICY, Difference.REMOVED),
    ("COMMENT ON COLUMN orders.note IS 'x'", ObjectKind.COLUMN, Difference.CHANGED),
    ("ALTER SEQUENCE sales.counter INCREMENT 6", ObjectKind.SEQUENCE, Difference.CHANGED),
    ("ALTER TABLE sales.customers VALIDATE CONSTRAINT late", ObjectKind.CHECK, Difference.CHANGED),
    ("ALTER DOMAIN sales.code DROP CONSTRAINT code_short", ObjectKind.DOMAIN, Difference.CHANGED),
    ("CREATE SCHEMA another", ObjectKind.SCHEMA, Difference.ADDED),
]  # fmt: skip


def test_each_change_is_told_alone(engine, postgres, pg_url):
    run(pg_url, EVERY_KIND)
    before = snapshot(engine, pg_url)
    for script, kind, difference in CHANGES:
        run(pg_url, script)
        after = snapshot(engine, pg_url)
        told = diff(before, after)
        assert [(change.kind, change.difference) for change in told] == [(kind, difference)], (script, told)
        before = after


AUTHORITY = [
    "GRANT DELETE ON orders TO public",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO public",
    "ALTER TABLE scratchpad OWNER TO pg_database_owner",
    "ALTER EVENT TRIGGER seen OWNER TO other_superuser",
    "GRANT SELECT (event) ON hits TO public",
]


def test_authority_binds_a_plan_and_is_no_difference_of_schemas(engine, pg_url):
    run(
        pg_url,
        EVERY_KIND
        + "CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE ROLE other_superuser SUPERUSER;"
        "CREATE EVENT TRIGGER seen ON ddl_command_end EXECUTE FUNCTION watch()",
    )
    before = snapshot(engine, pg_url)
    for script in AUTHORITY:
        run(pg_url, script)
        after = snapshot(engine, pg_url)
        assert after.binding() != before.binding(), script
        assert after.fingerprint == before.fingerprint
        before = after


def test_what_an_extension_owns_says_so(engine, url):
    run(url, "CREATE SCHEMA ext; CREATE EXTENSION vector SCHEMA ext; CREATE TABLE mine (v ext.vector(3))")
    view = snapshot(engine, url)
    owned = [item for item in view.objects if item.kind is ObjectKind.FUNCTION]
    assert owned
    assert {item.get("extension") for item in owned} == {"vector"}
    assert found(view, ObjectKind.EXTENSION, "vector").get("schema") == "ext"
    assert found(view, ObjectKind.COLUMN, "public", "mine", "v").get("type") == "ext.vector(3)"
    assert found(view, ObjectKind.TABLE, "public", "mine").get("extension") is None
    assert view.unread == ()


def test_what_is_not_compared_is_named(engine, url):
    run(
        url,
        "CREATE TABLE t (a int, b int); SELECT lo_create(0); CREATE TYPE shell; CREATE OPERATOR FAMILY family USING btree;"
        "CREATE FUNCTION twice(int, int) RETURNS int LANGUAGE sql AS 'SELECT $1 + $2';"
        "CREATE OPERATOR ## (LEFTARG = int, RIGHTARG = int, FUNCTION = twice);"
        "CREATE CONVERSION latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;"
        "CREATE ACCESS METHOD pile TYPE TABLE HANDLER heap_tableam_handler",
    )
    said = {(item.kind, item.name) for item in snapshot(engine, url).unread}
    assert said == {
        ("access method", ("pile",)),
        ("conversion", ("public", "latin")),
        ("large objects", ("all",)),
        ("operator", ("public", "##(integer, integer)")),
        ("operator family", ("public", "family")),
    }


def test_the_mark_that_a_server_gives_each_column_is_no_part_of_the_schema(engine, url):
    run(url, "CREATE TABLE a (x int, y int); ALTER TABLE a ALTER y SET (n_distinct = 5);")
    plain = snapshot(engine, url)
    mark = "UPDATE pg_attribute SET attoptions = array_prepend('pg_attver=22096656', attoptions) WHERE attrelid = 'a'::regclass AND attnum > 0"
    run(url, mark)
    assert snapshot(engine, url).fingerprint == plain.fingerprint
    assert found(plain, ObjectKind.COLUMN, "public", "a", "y").get("options") == ("n_distinct=5",)


def test_system_and_temporary_objects_are_nobody_s(engine, url):
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TEMP TABLE passing (id int)")
        view = snapshot(engine, url)
    assert [item.name for item in view.objects] == [("public",)]


def test_the_session_s_own_settings_change_nothing(engine, server, url):
    run(url, EVERY_KIND)
    name = url.rpartition("/")[2]
    plain = snapshot(engine, url)
    run(
        url,
        f"ALTER DATABASE {name} SET search_path = sales, public; ALTER DATABASE {name} SET datestyle = 'German';"
        f"ALTER DATABASE {name} SET intervalstyle = 'sql_standard'; ALTER DATABASE {name} SET timezone = 'Asia/Tokyo';"
        f"ALTER DATABASE {name} SET quote_all_identifiers = on; ALTER DATABASE {name} SET bytea_output = escape;"
        f"ALTER DATABASE {name} SET standard_conforming_strings = off",
    )
    assert snapshot(engine, url).fingerprint == plain.fingerprint


def statements(server, url: str, since: int) -> list[str]:
    lines = server.log_lines(database=url.rpartition("/")[2], since=since)
    return [said[1].strip() for line in lines if (said := STATEMENT.search(line))]


def test_reading_sends_our_own_text_alone_and_writes_nothing(engine, server, url):
    # Collations and operator classes are looked up once there is one to name.
    run(url, 'CREATE TABLE known (x text COLLATE "C"); CREATE INDEX ON known (x)')
    start = server.log.stat().st_size
    snapshot(engine, url)
    usual = statements(server, url, start)
    run(url, EVERY_KIND + 'CREATE TABLE "x\'; DROP TABLE orders; --" (id int DEFAULT 1, CHECK (id > 0));')
    name = url.rpartition("/")[2]
    before, start = server.counters(name), server.log.stat().st_size
    snapshot(engine, url)
    sent, after = statements(server, url, start), server.counters(name)
    assert len(usual) > 10
    assert set(sent) == set(usual)
    assert (after.inserted, after.updated, after.deleted) == (before.inserted, before.updated, before.deleted)
