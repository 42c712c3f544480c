"""A clone is the target's schema with the target's roles, on a server of its own that tells what it was sent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from workers.core.diff import diff
from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.databases.postgresql.scratch import OWNER
from workers.ports import Dump, StatementError

pytestmark = [pytest.mark.sandbox]
EVERY_KIND = (Path(__file__).parents[2] / "cases/postgresql/schemas/every_kind.sql").read_text()
PASSWORD = "canary-9f2c"


@pytest.fixture
def names(server, url):
    """The names of a database and of the ordinary role that owns it and migrates it."""
    database = url.rpartition("/")[2]
    role = f"{database} Writer"
    server.create_role(role, PASSWORD)
    server.execute(f'ALTER DATABASE {database} OWNER TO "{role}"')
    yield database, role
    server.drop_database(database)
    server.execute(f'DROP ROLE "{role}"')


@pytest.fixture
def target(engine, server, names):
    return engine.target(server.url(names[0], user=names[1], password=PASSWORD), server.url(names[0]))


@pytest.fixture
def scratch(engine):
    return engine.scratch(None)


def test_a_clone_is_the_target_s_schema_roles_and_version_rows(server, names, target, scratch):
    database, role = names
    server.execute(EVERY_KIND, database)
    server.execute(
        f"CREATE TABLE versions (n text); INSERT INTO versions VALUES ('b'), (NULL), ('a'); ALTER TABLE versions OWNER TO \"{role}\";"
        "INSERT INTO scratchpad VALUES (1, 'a row that stays')",
        database,
    )
    with target.reading() as reader:
        live = reader.snapshot()
    dump = target.dump((("", "versions"), ("", "nothing")))
    assert "a row that stays" not in dump.script
    assert PASSWORD not in repr(dump)
    assert dump.version_rows == ((("public", "versions"), ("n",), (("a",), ("b",), (None,))),)
    with scratch.clone(dump) as clone:
        with clone.reading() as reader:
            copied = reader.snapshot()
            assert reader.rows(("", "versions"), ("n",)) == (("a",), ("b",), (None,))
            assert not reader.has_rows(("public", "scratchpad"))
        assert diff(live, copied) == ()
        assert copied.version.partition(".")[0] == str(server.major)
        kinds = {"owner", "privilege", "default_privilege"}
        told = [[item for item in view.authority if item.kind.value in kinds] for view in (live, copied)]
        assert told[0] == told[1]
        assert [name for name, _ in clone.checksums()] == [("public", "versions")]


def test_the_writing_role_may_here_what_it_may_there(server, names, target, scratch):
    database, role = names
    server.execute("CREATE SCHEMA theirs; CREATE TABLE theirs.t (id int)", database)
    with scratch.clone(target.dump(())) as clone:
        with clone.writing() as writer:
            writer.begin()
            with pytest.raises(StatementError, match="permission denied") as refused:
                writer.execute("ALTER TABLE theirs.t ADD COLUMN x int")
            assert refused.value.state == "42501"
            writer.rollback()
            writer.begin()
            writer.execute("CREATE TABLE mine (id int)")
            writer.commit()
        with clone.reading() as reader:
            owner = next(item for item in reader.snapshot().authority if item.name == ("table", "public", "mine"))
    assert owner.get("owner") == role


def test_memberships_come_along(server, names, target, scratch):
    group = f"{names[0]}_group"
    server.execute(
        f'CREATE ROLE {group} NOLOGIN; GRANT {group} TO "{names[1]}" WITH ADMIN TRUE, INHERIT FALSE, SET TRUE'
    )
    server.execute(f"CREATE TABLE shared (id int); ALTER TABLE shared OWNER TO {group}", names[0])
    try:
        with scratch.clone(target.dump(())) as clone, clone.writing() as writer:
            writer.begin()
            with pytest.raises(StatementError, match="must be owner"):
                writer.execute("ALTER TABLE shared ADD COLUMN x int")
            writer.rollback()
            writer.begin()
            writer.execute(f"SET LOCAL ROLE {group}")
            writer.execute("ALTER TABLE shared ADD COLUMN x int")
    finally:
        server.execute(f"DROP TABLE shared; DROP ROLE {group}", names[0])


@pytest.mark.parametrize("server", [16], indirect=True)
def test_a_target_may_use_the_names_that_a_new_server_has(engine, server, scratch):
    ordinary = ('CREATE ROLE "postgres" NOSUPERUSER LOGIN',)
    dump = Dump(
        engine=engine.engine,
        engine_version=f"{server.major}.1",
        database="postgres",
        writing_role="postgres",
        roles=ordinary,
        script="ALTER DATABASE postgres OWNER TO postgres;",
        version_rows=(),
        settings=(("search_path", '"$user", public'), ("timezone", "Asia/Tokyo")),
    )
    with scratch.clone(dump) as clone, clone.writing() as writer:
        writer.begin()
        assert writer.rows(("pg_catalog", "pg_roles"), ("rolsuper",)) is not None
        with pytest.raises(StatementError, match="permission denied"):
            writer.execute("CREATE ROLE x")


def test_an_empty_database_is_the_writing_role_s(server, names, target, scratch):
    server.execute("CREATE TABLE there (id int)", names[0])
    with scratch.empty(target.dump(())) as empty:
        with empty.writing() as writer:
            writer.begin()
            writer.execute("CREATE TABLE here (id int)")
            writer.execute("CREATE SCHEMA more")
            writer.commit()
        with empty.reading() as reader:
            assert {item.name for item in reader.snapshot().objects} == {
                ("public",),
                ("more",),
                ("public", "here"),
                ("public", "here", "id"),
            }


def test_a_project_s_own_session_begins_with_the_target_s_settings(server, names, target, scratch):
    database, role = names
    server.execute(
        f'ALTER ROLE "{role}" SET search_path = app, "$user"; ALTER DATABASE {database} SET app.tenant = \'a "b\'',
        database,
    )
    server.execute(f"ALTER DATABASE {database} SET timezone = 'Asia/Tokyo'")
    with scratch.clone(target.dump(())) as clone:
        host = clone.address.writable[0].host
        assert clone.address.url.endswith(f"/{database}?host={clone.address.writable[0].inside}")
        with psycopg.connect(host=str(host), user=role, dbname=database) as connection:
            asked = "SELECT current_setting('search_path'), current_setting('timezone'), current_setting('app.tenant'), current_user"
            assert connection.execute(asked).fetchone() == ('app, "$user"', "Asia/Tokyo", 'a "b', role)


def test_the_server_tells_what_others_sent_and_not_what_we_did(server, names, target, scratch):
    database, role = names
    server.execute(f'CREATE TABLE t (id int); ALTER TABLE t OWNER TO "{role}"', database)
    with scratch.clone(target.dump(())) as clone:
        with clone.writing() as writer:
            writer.execute(f'GRANT ALL ON ALL TABLES IN SCHEMA public TO "{role}"')
        assert clone.served() == ()
        host = clone.address.writable[0].host
        with psycopg.connect(
            host=str(host), user=role, dbname=database, application_name="schemagate", autocommit=True
        ) as connection:
            connection.execute("CREATE TABLE hidden (id int)")
            connection.execute("SELECT %s::int", (5,))
        assert clone.served() == ("CREATE TABLE hidden (id int)", "SELECT $1::int")


def test_checksums_do_not_depend_on_the_order_of_rows(server, names, target, scratch):
    server.execute(f'CREATE TABLE t (id int, n text); ALTER TABLE t OWNER TO "{names[1]}"', names[0])
    told = []
    with scratch.clone(target.dump(())) as clone:
        for rows in ("(1, 'a'), (2, NULL)", "(2, NULL), (1, 'a')", "(1, 'a'), (2, 'b')"):
            with clone.writing() as writer:
                writer.execute("TRUNCATE t")
                writer.execute(f"INSERT INTO t VALUES {rows}")
            told.append(clone.checksums())
    assert told[0] == told[1] != told[2]


def test_another_major_version_has_no_scratch(target, scratch, server, names):
    assert scratch.version_for(f"{server.major}.0 (Debian 1.2)").startswith(f"{server.major}.")
    assert scratch.version_for("9.6.1") is None
    with pytest.raises(ExpectedError) as refused, scratch.clone(replace(target.dump(()), engine_version="9.6.1")):
        pass
    assert refused.value.code is RefusalCode.TARGET_VERSION_UNSUPPORTED


FOREIGN = f"""CREATE FOREIGN DATA WRAPPER far; CREATE SERVER there FOREIGN DATA WRAPPER far OPTIONS (host 'h');
CREATE USER MAPPING FOR public SERVER there OPTIONS (password '{PASSWORD}', note 'a;\'\'b
);');
CREATE SERVER here FOREIGN DATA WRAPPER far OPTIONS (api_token '{PASSWORD}', "url" 'http://me:{PASSWORD}@h', host 'h');
CREATE FOREIGN TABLE away (id int OPTIONS (secret '{PASSWORD}')) SERVER here OPTIONS ("Pass Word" E'a\\b''{PASSWORD}');
CREATE TABLE sent (id int PRIMARY KEY); CREATE PUBLICATION all_of_it FOR TABLE sent;
CREATE FUNCTION after_it() RETURNS text LANGUAGE sql AS $$ SELECT 'CREATE USER MAPPING FOR x OPTIONS (
)' $$"""


def test_passwords_of_foreign_servers_stay_on_the_target_and_publications_come_along(server, names, target, scratch):
    server.execute(FOREIGN, names[0])
    with target.reading() as reader:
        live = reader.snapshot()
    dump = target.dump(())
    assert PASSWORD not in repr(dump)
    with scratch.clone(dump) as clone, clone.reading() as reader:
        changes = diff(live, reader.snapshot())
    assert {tuple(key for key, _, _ in item.attributes) for item in changes} == {("foreign_options",)}
    assert [item.kind.value for item in changes] == ["column", "foreign_server", "foreign_table", "user_mapping"]


def test_what_cannot_be_rebuilt_says_why(target, scratch):
    broken = replace(target.dump(()), script="CREATE EXTENSION not_here;")
    with pytest.raises(ExpectedError, match="not_here"), scratch.clone(broken):
        pass


@pytest.mark.acceptance
def test_extensions_that_the_machine_lacks_are_named_with_the_ways_to_have_them(target, scratch):
    script = 'CREATE EXTENSION IF NOT EXISTS postgis WITH SCHEMA public;\nCREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA x;'
    with pytest.raises(ExpectedError) as refused, scratch.clone(replace(target.dump(()), script=script)):
        pass
    assert "lacks the extensions postgis, uuid-ossp" in refused.value.message
    assert "`scratch:`" in refused.value.advice


@pytest.mark.acceptance
def test_an_empty_copy_begins_with_the_extensions_that_it_is_given(server, names, target, scratch):
    server.execute(
        "CREATE SCHEMA kept; CREATE EXTENSION vector SCHEMA kept; CREATE TABLE own (at kept.vector)", names[0]
    )
    dump = target.dump(())
    assert [(name, schema) for name, _, schema in dump.extensions] == [("vector", "kept")]
    told = []
    for given in ((), dump.extensions):
        with scratch.empty(replace(dump, given=given)) as copy, copy.reading() as reader:
            told.append([item.name for item in reader.snapshot().objects if item.kind.value == "extension"])
    assert told == [[], [("vector",)]]


def test_a_role_that_may_not_read_every_table_cannot_dump(engine, server, names):
    database, role = names
    server.execute("CREATE TABLE secret (id int)", database)
    own = engine.target(server.url(database, user=role, password=PASSWORD), None)
    with pytest.raises(ExpectedError, match="permission denied") as refused:
        own.dump(())
    assert "pg_read_all_data" in refused.value.advice
    assert PASSWORD not in str(refused.value)


def test_a_dump_runs_read_only_and_without_the_password_in_sight(server, names, target):
    database = names[0]
    server.execute("CREATE TABLE t (id int)", database)
    before = server.counters(database)
    target.dump(())
    after = server.counters(database)
    assert (before.inserted, before.updated, before.deleted) == (after.inserted, after.updated, after.deleted)


def test_the_superuser_of_scratch_has_a_name_of_its_own(target, scratch):
    with scratch.clone(target.dump(())) as clone, clone.reading() as reader:
        assert {item.get("owner") for item in reader.snapshot().authority if item.kind.value == "database"} != {OWNER}
