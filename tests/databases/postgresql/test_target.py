"""A target is read by a role that cannot write, locked by one, and written only with both proofs."""

from __future__ import annotations

import traceback
from urllib.parse import quote

import psycopg
import pytest

from deploy.demo.servers import HOST, free_port
from tests.fakes.pooler import Pooler
from workers.core import policy
from workers.core.errors import ExpectedError
from workers.core.names import Engine
from workers.core.refusals import RefusalCode
from workers.databases.postgresql.address import address
from workers.databases.postgresql.engine import PostgresqlDatabase
from workers.databases.postgresql.preflight import pooled
from workers.ports import Held, Hold, StatementError

CANARY = "ca/na:ry @%1"
ALLOWED = policy.Allowed(digest="sha256:0", approvals=(), _seal=policy._SEAL)


@pytest.fixture
def server(postgres):
    """One version is enough here: what differs between versions is in catalogs and dumps."""
    return postgres


@pytest.fixture
def roles(server, url):
    """A database with a role that owns it and one that only reads; answers their URLs and the superuser's."""
    name = url.rpartition("/")[2]
    writer, reader = f"{name}_writer", f"{name}_reader"
    server.create_role(writer, CANARY)
    server.create_role(reader, CANARY)
    server.execute(f"ALTER DATABASE {name} OWNER TO {writer}; GRANT pg_read_all_data TO {reader};")
    server.execute(f"ALTER ROLE {writer} SET search_path = app, public; CREATE SCHEMA app AUTHORIZATION {writer}", name)
    server.execute(
        f"SET ROLE {writer}; CREATE TABLE app.versions (id text); INSERT INTO app.versions VALUES ('two'), ('one');"
        "CREATE TABLE app.orders (id int PRIMARY KEY, note text)",
        name,
    )
    yield server.url(name, user=writer, password=CANARY), server.url(name, user=reader, password=CANARY), url
    server.drop_database(name)
    server.execute(f"DROP ROLE {writer}; DROP ROLE {reader}")


@pytest.fixture
def target(engine, roles):
    return engine.target(roles[0], roles[1])


def held(lock) -> Held:
    return Held(Hold(target="t", rollout=1, pull=1, reason="test", fence=1), lock)


def writing(target, lock, *, lock_timeout=0.2, statement_timeout=5.0):
    return target.writing(held(lock), ALLOWED, lock_timeout=lock_timeout, statement_timeout=statement_timeout)


def test_a_target_is_known_by_its_cluster_its_name_and_its_writing_role(engine, roles, target):
    identity = target.identity
    assert identity.engine is Engine.POSTGRESQL
    assert identity.server.isdigit()
    assert roles[0].endswith(identity.database)
    assert identity.role == f"{identity.database}_writer"
    with psycopg.connect(roles[2], autocommit=True) as connection:
        connection.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
    assert target.identity.server.startswith(f"{HOST}:")


def test_the_connection_check_tells_what_the_roles_are(target, engine, roles):
    check = target.preflight()
    assert check.separate_read_role
    assert check.read_only_proven
    assert check.reading_role.endswith("_reader")
    assert check.writing_role.endswith("_writer")
    assert check.superfluous == ()
    assert check.blockers == ()
    assert not check.pooled
    assert check.tables == 2
    assert "reads 2 of 2 tables" in check.rights
    assert "***" in check.connection
    whole = engine.target(roles[2], None).preflight()
    assert not whole.separate_read_role
    assert "superuser" in whole.superfluous


def test_rights_that_a_reading_role_should_not_have_are_named(target, roles):
    with psycopg.connect(roles[2], autocommit=True) as connection:
        reader = target.preflight().reading_role
        connection.execute(f"GRANT INSERT ON app.orders TO {reader}; GRANT CREATE ON SCHEMA app TO {reader}")
    assert target.preflight().superfluous == ("writes rows of 1 tables", "creates objects in schema app")


def test_a_writing_role_that_is_not_there_blocks(engine, roles):
    check = engine.target(roles[0].replace("_writer", "_nobody"), roles[1]).preflight()
    assert any("does not exist" in item for item in check.blockers)


def test_settings_are_the_writing_role_s_whoever_reads_them(engine, roles, target):
    told = dict(target.session_settings())
    assert told["search_path"] == "app, public"
    assert told == dict(engine.target(roles[0], None).session_settings())
    assert told["standard_conforming_strings"] == "on"
    by_url = engine.target(roles[0] + "?options=-csearch_path%3Dother", roles[1])
    assert dict(by_url.session_settings())["search_path"] == "other"


def test_a_reading_role_s_own_settings_say_nothing_of_the_writer(engine, roles, target):
    with psycopg.connect(roles[2], autocommit=True) as connection:
        reader = target.preflight().reading_role
        connection.execute(
            f"ALTER ROLE {reader} SET timezone = 'Asia/Tokyo'; ALTER ROLE {reader} SET search_path = secret"
        )
    told = dict(target.session_settings())
    assert told["timezone"] != "Asia/Tokyo"
    assert told["search_path"] == "app, public"


def test_reading_cannot_write_whatever_the_role_may(engine, roles):
    with pytest.raises(ExpectedError, match="read-only"), engine.target(roles[2], None).reading() as reader:
        reader._connection.execute("CREATE TABLE x (id int)")


def test_whatever_is_asked_of_a_target_is_asked_inside_a_read_only_transaction(engine, roles, server):
    name = roles[2].rpartition("/")[2]
    target = engine.target(roles[2], None)
    before, start = server.counters(name), server.log.stat().st_size
    _, _, _ = target.identity, target.preflight(), target.session_settings()
    with target.reading() as reader:
        reader.snapshot()
        reader.rows(("app", "versions"), ("id",))
    target.dump((("", "versions"),))
    after, lines = server.counters(name), server.log_lines(database=name, since=start)
    sessions: dict[str, list[str]] = {}
    for line in lines:
        sessions.setdefault(line.split("[")[1].split("]")[0], []).append(line)
    assert len(sessions) >= 6
    for lines in sessions.values():
        said = [line for line in lines if "LOG:  statement:" in line or "LOG:  execute" in line]
        if "app=schemagate pg_dump" in said[0]:
            assert any("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY" in line for line in said)
        else:
            assert "statement: BEGIN" in said[0]
            assert "READ ONLY" in said[0]
    assert (after.inserted, after.updated, after.deleted) == (before.inserted, before.updated, before.deleted)


def test_version_rows_are_found_along_the_writing_role_s_path(target):
    with target.reading() as reader:
        assert reader.rows(("", "versions"), ("id",)) == (("one",), ("two",))
        assert reader.rows(("app", "versions"), ("id",)) == (("one",), ("two",))
        assert reader.rows(("public", "versions"), ("id",)) is None
        assert reader.has_rows(("versions",))
        assert not reader.has_rows(("app", "orders"))
        assert not reader.has_rows(("app", "nothing"))


def test_rows_and_values_are_counted_up_to_a_bound_and_what_cannot_be_counted_is_none(target, roles):
    with psycopg.connect(roles[2], autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE app.many AS SELECT n AS id, nullif(n % 2, 0) AS odd FROM generate_series(1, 9) n"
        )
    with target.reading() as reader:
        assert [reader.count(("app", "many"), *asked) for asked in (("", 100), ("odd", 100), ("", 4))] == [9, 5, 4]
        assert [reader.count(("app", name), column, 9) for name, column in (("many", "gone"), ("nothing", ""))] == [
            None,
            None,
        ]
        assert reader.rows(("app", "versions"), ("id",)) == (("one",), ("two",))


def test_of_a_view_the_answer_is_that_it_may_hold_rows(target, roles):
    with psycopg.connect(roles[2], autocommit=True) as connection:
        connection.execute("CREATE VIEW app.v AS SELECT 1 / 0")
    with target.reading() as reader:
        assert reader.has_rows(("app", "v"))


def test_rows_that_the_role_may_not_read_are_no_quiet_nothing(engine, roles):
    with psycopg.connect(roles[2], autocommit=True) as connection:
        connection.execute("ALTER TABLE app.versions ENABLE ROW LEVEL SECURITY")
    with engine.target(roles[0], roles[1]).reading() as reader, pytest.raises(ExpectedError) as refused:
        reader.rows(("app", "versions"), ("id",))
    assert refused.value.code is RefusalCode.PROBE_FAILED


def test_only_one_has_the_lock_and_it_knows_when_it_lost_it(target, roles):
    with target.lock() as first:
        assert first is not None
        assert first.held()
        with target.lock() as second:
            assert second is None
        with psycopg.connect(roles[2], autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'schemagate lock'"
            )
        assert not first.held()
    with target.lock() as again:
        assert again is not None


def test_no_other_session_can_give_the_lock_back(target):
    with target.lock() as lock, writing(target, lock) as writer:
        writer.execute("SELECT pg_advisory_unlock_all()")
        assert lock.held()


def test_without_both_proofs_there_is_no_writing_session(target):
    with target.lock() as lock:
        with pytest.raises(PermissionError), target.writing(None, ALLOWED, lock_timeout=1, statement_timeout=1):
            pass
        with pytest.raises(PermissionError), target.writing(held(lock), None, lock_timeout=1, statement_timeout=1):
            pass
    with pytest.raises(PermissionError), writing(target, lock):
        pass


def test_what_was_read_elsewhere_is_not_written_here(engine, server, roles, postgres, postgres18):
    other = postgres.create_database()
    target = engine.target(roles[0], other)
    assert any("names the database" in item for item in target.preflight().blockers)
    with target.lock() as lock, pytest.raises(ExpectedError) as refused, writing(target, lock):
        pass
    assert refused.value.code is RefusalCode.TARGET_CHANGED
    postgres.drop_database(other.rpartition("/")[2])
    namesake = roles[2].rpartition("/")[2]
    elsewhere = postgres18 if server is postgres else postgres
    target = engine.target(roles[0], elsewhere.create_database(namesake))
    with target.lock() as lock, pytest.raises(ExpectedError) as refused, writing(target, lock):
        pass
    assert refused.value.code is RefusalCode.TARGET_CHANGED
    elsewhere.drop_database(namesake)


def test_a_transaction_is_all_or_nothing_and_seen_from_inside(target, roles):
    with target.lock() as lock, writing(target, lock) as writer:
        before = writer.snapshot()
        writer.begin()
        assert writer.execute("CREATE TABLE made (id int DEFAULT 5, share text DEFAULT '100%s')") == -1
        assert writer.execute("INSERT INTO made VALUES (1), (2)") == 2
        assert writer.same_transaction()
        seen = writer.snapshot()
        assert seen.fingerprint != before.fingerprint
        assert writer.rows(("", "made"), ("id",)) == (("1",), ("2",))
        assert writer.has_rows(("app", "made"))
        writer.rollback()
        assert writer.snapshot().fingerprint == before.fingerprint
        writer.begin()
        writer.execute("CREATE TABLE made (id int DEFAULT 5, share text DEFAULT '100%s')")
        writer.commit()
        assert writer.snapshot().fingerprint == seen.fingerprint
    with target.reading() as reader:
        assert reader.snapshot().fingerprint == seen.fingerprint


def test_looking_leaves_the_plan_s_settings_as_they_were(target):
    with target.lock() as lock, writing(target, lock) as writer:
        writer.begin()
        writer.snapshot()
        writer.parse("SELECT lower('x')")
        writer.execute("CREATE TABLE beside (id int)")
        writer.commit()
        assert writer.has_rows(("app", "beside")) is False
        assert writer.rows(("app", "beside"), ("id",)) == ()


def test_two_commands_in_one_are_refused_by_the_server(target):
    with target.lock() as lock, writing(target, lock) as writer:
        writer.begin()
        with pytest.raises(StatementError) as refused:
            writer.execute("CREATE TABLE a (id int); COMMIT")
        assert refused.value.state == "42601"
        assert not writer.same_transaction()
        with pytest.raises(StatementError, match="rolled back"):
            writer.commit()


@pytest.mark.parametrize("smuggled", ["COMMIT", "ROLLBACK", "COMMIT AND CHAIN"])
def test_a_smuggled_end_of_the_transaction_is_seen(target, smuggled):
    with target.lock() as lock, writing(target, lock) as writer:
        writer.begin()
        writer.execute("CREATE TABLE early (id int)")
        writer.execute(smuggled)
        assert not writer.same_transaction()


def test_waiting_too_long_for_a_lock_is_told_apart(target, roles):
    with (
        target.lock() as lock,
        writing(target, lock, statement_timeout=0.5) as writer,
        psycopg.connect(roles[2]) as other,
    ):
        other.execute("LOCK TABLE app.orders")
        writer.begin()
        with pytest.raises(StatementError) as waited:
            writer.execute("ALTER TABLE app.orders ADD COLUMN x int")
        assert waited.value.lock_timeout
        writer.rollback()
        other.rollback()
        writer.begin()
        with pytest.raises(StatementError) as failed:
            writer.execute("SELECT pg_sleep(9)")
        assert not failed.value.lock_timeout
        assert failed.value.state == "57014"


def test_statements_outside_a_transaction_run_with_the_plan_s_settings(target):
    with target.lock() as lock, writing(target, lock) as writer:
        writer.execute("CREATE INDEX CONCURRENTLY beside ON orders (note)")
        names = {item.name for item in writer.snapshot().objects}
    assert ("app", "orders", "beside") in names


def test_an_error_tells_no_row(target):
    with target.lock() as lock, writing(target, lock) as writer:
        writer.execute("INSERT INTO orders VALUES (1, 'x')")
        with pytest.raises(StatementError) as failed:
            writer.execute("INSERT INTO orders VALUES (1, 'a secret row')")
    assert failed.value.message == 'duplicate key value violates unique constraint "orders_pkey"'


def test_a_function_of_the_project_s_own_makes_a_statement_opaque(target):
    with target.lock() as lock, writing(target, lock) as writer:
        writer.begin()
        assert not writer.parse("INSERT INTO orders VALUES (1, lower('X'))").opaque
        assert writer.parse("INSERT INTO orders VALUES (mine(), 'x')").opaque
        writer.execute("CREATE FUNCTION app.lower(json) RETURNS text LANGUAGE sql AS 'SELECT 1::text'")
        assert writer.parse("INSERT INTO orders VALUES (1, lower('X'))").opaque


def test_a_dead_connection_is_an_error_and_a_quiet_rollback(target, roles):
    with target.lock() as lock, writing(target, lock) as writer:
        writer.begin()
        with psycopg.connect(roles[2], autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'schemagate'"
            )
        with pytest.raises(StatementError):
            writer.execute("SELECT 1")
        writer.rollback()


def forms(secret: str) -> set[str]:
    return {secret, quote(secret, safe=""), quote(secret)}


def test_no_error_holds_the_password(engine, roles):
    wrong = [
        roles[0].replace(quote(CANARY, safe=""), quote(CANARY + "x", safe="")),
        f"postgresql://someone:{quote(CANARY, safe='')}@{HOST}:{free_port()}/db",
        f"postgresql://someone:{quote(CANARY, safe='')}@{HOST}:notaport/db",
        f"postgresql://someone:{quote(CANARY, safe='')}@{HOST}/db?nonsense=1",
        f"mysql://someone:{quote(CANARY, safe='')}@{HOST}/db",
    ]
    for url in wrong:
        with pytest.raises(ExpectedError) as refused, engine.target(url, None).reading():
            pass
        told = "".join(traceback.format_exception(refused.value)) + refused.value.advice
        assert refused.value.code is RefusalCode.TARGET_UNREACHABLE
        assert not any(form in told for form in forms(CANARY))
    assert not any(form in repr(address(roles[0])) + address(roles[0]).shown for form in forms(CANARY))


def pooled_url(url: str, port: int) -> str:
    return f"{url.rpartition('@')[0]}@{HOST}:{port}/{url.rpartition('/')[2]}"


def test_a_transaction_pooler_is_recognised_and_never_used_to_apply(engine: PostgresqlDatabase, roles):
    with Pooler(roles[2]) as pooler:
        target = engine.target(pooled_url(roles[2], pooler.port), None)
        assert target.preflight().pooled
        with pytest.raises(ExpectedError) as refused, target.lock():
            pass
    assert refused.value.code is RefusalCode.POOLED_CONNECTION


def test_a_pooler_that_lends_for_whole_sessions_is_no_obstacle(roles):
    with Pooler(roles[2], whole_sessions=True) as pooler:
        assert not pooled(address(pooled_url(roles[2], pooler.port)))


def test_a_direct_connection_costs_no_second_one(roles, server):
    start = server.log.stat().st_size
    assert not pooled(address(roles[2]))
    assert (
        len(
            [
                line
                for line in server.log_lines(database=roles[2].rpartition("/")[2], since=start)
                if "pg_backend_pid" in line
            ]
        )
        == 1
    )
