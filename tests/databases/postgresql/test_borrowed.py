"""Scratch databases on a server that the operator lends, which is another server than the target's."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from deploy.demo.servers import PostgresServer
from workers.core.authority import authority_effect
from workers.core.diff import diff
from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.databases.postgresql.borrowed import PREFIX, STALE_SECONDS
from workers.databases.postgresql.engine import PostgresqlDatabase
from workers.ports import Dump, Scratch, ScratchDatabase, StatementError

PASSWORD = "lent-for-a-while"
SCHEMA = """
CREATE TABLE orders (id int PRIMARY KEY, note text DEFAULT 'semicolon; in a text');
CREATE TABLE versions (n text); INSERT INTO versions VALUES ('r1');
COMMENT ON TABLE orders IS 'OWNER TO nobody';
CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2 -- ; OWNER TO nobody';
CREATE MATERIALIZED VIEW "its ""ids'" AS SELECT id FROM orders; CREATE MATERIALIZED VIEW again AS SELECT id FROM "its ""ids'";
CREATE MATERIALIZED VIEW empty AS SELECT id FROM again WITH NO DATA;
GRANT SELECT ON orders TO {reader}; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {reader};
"""
CHANGE = ("CREATE TABLE bills (id int)", "GRANT INSERT ON orders TO {reader}", "ALTER TABLE orders ADD COLUMN x int")


@pytest.fixture(scope="module")
def lender(shared_dir: Path) -> Iterator[PostgresServer]:
    server = PostgresServer.start(16, shared_dir / "lender16")
    server.create_role("lent", PASSWORD, options="LOGIN NOSUPERUSER CREATEDB CREATEROLE")
    yield server
    server.stop()


@pytest.fixture
def lent(lender: PostgresServer) -> Iterator[str]:
    yield lender.url("postgres", user="lent", password=PASSWORD)
    assert ours(lender) == [], "everything of ours is gone after each test"


@pytest.fixture
def names(postgres: PostgresServer) -> tuple[str, str, str]:
    found = tuple(f"{kind}_{secrets.token_hex(4)}" for kind in ("shop", "writer", "reader"))
    for role in found[1:]:
        postgres.create_role(role, PASSWORD)
    postgres.create_database(found[0], owner=found[1])
    postgres.execute(f"SET ROLE {found[1]};" + SCHEMA.format(reader=found[2]), found[0])
    return found[0], found[1], found[2]


@pytest.fixture
def dump(engine: PostgresqlDatabase, postgres: PostgresServer, names: tuple[str, str, str]) -> Dump:
    url = postgres.url(names[0], user=names[1], password=PASSWORD)
    return engine.target(url, None).dump((("", "versions"),))


@pytest.fixture
def scratch(engine: PostgresqlDatabase, lent: str) -> Scratch:
    return engine.with_scratch(lent).scratch(None)


def ours(server: PostgresServer) -> list[str]:
    with server.connect() as connection:
        names = connection.execute("SELECT datname FROM pg_database UNION ALL SELECT rolname FROM pg_roles").fetchall()
    return [name for (name,) in names if name.startswith(PREFIX)]


def test_a_clone_is_the_target_and_a_change_does_there_what_it_does_here(
    engine: PostgresqlDatabase, postgres: PostgresServer, names: tuple[str, str, str], dump: Dump, scratch: Scratch
):
    private = engine.scratch(None)
    effects = []
    for place in (private, scratch):
        with place.clone(dump) as clone, clone.writing() as writer:
            before = writer.snapshot()
            assert writer.rows(("", "versions"), ("n",)) == (("r1",),)
            assert [item.name[-1] for item in before.objects if item.get("unpopulated")] == ["empty"]
            writer.begin()
            for statement in CHANGE:
                writer.execute(statement.format(reader=names[2]))
            assert writer.same_transaction()
            after = writer.snapshot()
            writer.commit()
            effects.append((before.objects, diff(before, after), authority_effect(before, after)))
            with clone.reading() as reader:
                assert diff(after, reader.snapshot()) == ()
            assert [name for name, _ in clone.checksums()] == [("public", "versions")]
    assert effects[0] == effects[1]


def test_the_sandbox_s_socket_leads_to_that_database_as_that_role_and_nowhere_else(
    lender: PostgresServer, dump: Dump, scratch: Scratch
):
    with scratch.empty(dump) as database:
        address = database.address
        outside = address.url.replace(address.writable[0].inside, str(address.writable[0].host))
        with psycopg.connect(outside) as connection:
            assert connection.execute(
                "SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
            ).fetchone() == (False,)
            sent = connection.execute("SELECT repeat('x', 3000000)").fetchone()
            assert sent is not None
            assert len(sent[0]) == 3000000
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("COPY (SELECT 1) TO PROGRAM 'true'")
        for other in (
            "dbname=postgres",
            f"user=lent password={PASSWORD}",
            "user=postgres",
            "replication=database",
        ):
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(make_conninfo(outside, **conninfo_to_dict(other)))
        assert PASSWORD not in address.url


def test_two_of_them_cannot_touch_each_other(dump: Dump, scratch: Scratch):
    with scratch.empty(dump) as one, scratch.empty(dump) as other, one.writing() as writer:
        name, role = _login(other)
        for said in (
            f"DROP DATABASE {name}",
            f"ALTER DATABASE {name} SET work_mem = '1MB'",
            f"ALTER ROLE {role} NOLOGIN",
        ):
            with pytest.raises(StatementError):
                writer.execute(said)


def test_what_a_killed_worker_left_is_swept_and_nothing_else(lender: PostgresServer, dump: Dump, scratch: Scratch):
    with lender.connect() as connection:
        connection.autocommit = True
        found = connection.execute("SELECT extract(epoch FROM now())::bigint").fetchone()
        assert found is not None
        now = found[0]
        connection.execute("SET ROLE lent")
        old, young = f"{PREFIX}{now - STALE_SECONDS - 60}_{'a' * 12}", f"{PREFIX}{now - 60}_{'b' * 12}"
        kept = f"{PREFIX}of_somebody_else"
        for name in (old, young, kept):
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(f"{old}_rw")))
        with scratch.empty(dump):
            left = {name for name in ours(lender) if name in {old, young, kept, f"{old}_rw"}}
        assert left == {young, kept}
        for name in left:
            connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


@pytest.mark.parametrize(
    ("options", "said"), [("SUPERUSER CREATEDB CREATEROLE", "is a superuser"), ("CREATEDB", "may not make")]
)
def test_a_role_with_too_much_or_too_little_is_refused(
    engine: PostgresqlDatabase, lender: PostgresServer, dump: Dump, options: str, said: str
):
    role = f"wrong_{secrets.token_hex(3)}"
    lender.create_role(role, PASSWORD, options=f"LOGIN {options}")
    wrong = engine.with_scratch(lender.url("postgres", user=role, password=PASSWORD)).scratch(None)
    with pytest.raises(ExpectedError, match=said) as refused, wrong.empty(dump):
        pass
    assert refused.value.code is RefusalCode.CONFIG_INVALID


def test_another_major_version_is_said_plainly(engine: PostgresqlDatabase, postgres18: PostgresServer, dump: Dump):
    role = f"lent_{secrets.token_hex(3)}"
    postgres18.create_role(role, PASSWORD, options="LOGIN CREATEDB CREATEROLE")
    other = engine.with_scratch(postgres18.url("postgres", user=role, password=PASSWORD)).scratch(None)
    assert other.version_for(dump.engine_version) is None
    with pytest.raises(ExpectedError, match="major version") as refused, other.empty(dump):
        pass
    assert refused.value.code is RefusalCode.TARGET_VERSION_UNSUPPORTED


def test_an_extension_comes_from_the_template_that_the_url_names(
    engine: PostgresqlDatabase, postgres: PostgresServer, lender: PostgresServer, names: tuple[str, str, str], lent: str
):
    postgres.execute("CREATE EXTENSION vector; COMMENT ON EXTENSION vector IS 'theirs; OWNER TO x'", names[0])
    target = engine.target(postgres.url(names[0], user=names[1], password=PASSWORD), None)
    dump = target.dump(())
    with (
        pytest.raises(ExpectedError, match="permission denied to create extension"),
        engine.with_scratch(lent).scratch(None).clone(dump),
    ):
        pass
    lender.execute("CREATE DATABASE shop_template IS_TEMPLATE true")
    lender.execute("CREATE EXTENSION vector", "shop_template")
    named = engine.with_scratch(lender.url("shop_template", user="lent", password=PASSWORD)).scratch(None)
    with named.clone(dump) as clone, clone.reading() as copied, target.reading() as live:
        assert [item.label for item in diff(live.snapshot(), copied.snapshot()) if item.label != "vector"] == []


def _login(database: ScratchDatabase) -> tuple[str, str]:
    """The names of its database and its role, as a sandbox is told them."""
    told = conninfo_to_dict(database.address.url)
    return str(told["dbname"]), str(told["user"])
