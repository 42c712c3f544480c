"""A target is read by who may only read, locked by one at a time, and written by who holds both proofs."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from tests.databases.mysql.conftest import CANARY, Place
from workers.core import policy
from workers.core.errors import ExpectedError
from workers.core.names import Engine
from workers.core.plan import StatementKind
from workers.core.refusals import RefusalCode
from workers.databases.mysql.engine import MysqlDatabase
from workers.ports import DatabaseLock, Held, Hold, StatementError, Target

ALLOWED = policy.Allowed(digest="sha256:0", approvals=(), _seal=policy._SEAL)


def held(lock: DatabaseLock) -> Held:
    return Held(Hold(target="t", rollout=1, pull=1, reason="test", fence=1), lock)


def writing(target: Target, lock: Any, *, lock_timeout: float = 1.0, statement_timeout: float = 5.0) -> Any:
    return target.writing(held(lock), ALLOWED, lock_timeout=lock_timeout, statement_timeout=statement_timeout)


def test_a_target_is_known_by_its_server_its_name_and_its_writing_user(target: Target, place: Place):
    found = target.identity
    assert (found.engine, found.database) == (Engine.MARIADB, place.name)
    assert found.role.startswith("writer ")
    assert found.server == str(place.server.query("SELECT @@server_uid")[0][0])


def test_a_url_that_says_mysql_may_lead_to_mariadb(place: Place, engine: MysqlDatabase):
    assert place.url.startswith("mysql://")
    with engine.target(place.url, None).reading() as reader:
        assert reader.snapshot().engine is Engine.MARIADB


def test_the_connection_check_tells_what_the_users_are(target: Target, engine: MysqlDatabase, place: Place):
    found = target.preflight()
    assert found.read_only_proven
    assert found.separate_read_role
    assert found.superfluous == ()
    assert found.blockers == ()
    assert (found.tables, found.database) == (2, place.name)
    assert CANARY not in repr(found)
    alone = engine.target(place.url, None).preflight()
    assert not alone.separate_read_role
    assert alone.superfluous == ()


def test_rights_that_a_user_should_not_have_are_named(engine: MysqlDatabase, place: Place):
    found = engine.target(place.url, place.url).preflight()
    assert found.superfluous == (f"ALL PRIVILEGES on {place.name}.*",)
    root = engine.target(place.server.url(place.name), None).preflight()
    assert root.superfluous == ("ALL PRIVILEGES on *.*", "may give its rights on *.* to others")


@pytest.mark.parametrize("mode", ["ANSI_QUOTES", "NO_BACKSLASH_ESCAPES"])
def test_a_server_that_reads_texts_otherwise_than_we_do_blocks(target: Target, place: Place, mode: str):
    before = place.server.query("SELECT @@GLOBAL.sql_mode")[0][0]
    place.server.query(f"SET GLOBAL sql_mode = '{mode}'")
    try:
        (found,) = target.preflight().blockers
    finally:
        place.server.query(f"SET GLOBAL sql_mode = '{before}'")
    assert mode in found


def test_reading_cannot_write_whatever_the_user_may(engine: MysqlDatabase, place: Place):
    for statement in ("INSERT INTO versions VALUES ('x')", "CREATE TABLE x (a int)", "DROP TABLE orders"):
        with engine.target(place.url, None).reading() as reader:
            inner: Any = reader
            with pytest.raises(Exception, match="READ ONLY"), inner._connection.cursor() as cursor:
                cursor.execute(statement)


def test_version_rows_are_read_in_order_and_a_table_that_is_not_there_has_none(target: Target, place: Place):
    with target.reading() as reader:
        assert reader.rows(("", "versions"), ("id",)) == (("one",), ("two",))
        assert reader.rows((place.name, "versions"), ("id",)) == (("one",), ("two",))
        assert reader.rows(("", "nothing"), ("id",)) is None
        assert (reader.has_rows(("versions",)), reader.has_rows(("orders",))) == (True, False)


def test_rows_and_values_are_counted_up_to_a_bound_and_what_cannot_be_counted_is_none(target: Target, place: Place):
    place.server.load(
        "CREATE TABLE many (id INT, odd INT); INSERT INTO many VALUES (1, 1), (2, NULL), (3, 1)", place.name
    )
    with target.reading() as reader:
        assert [reader.count(("many",), *asked) for asked in (("", 100), ("odd", 100), ("", 2))] == [3, 2, 2]
        assert [reader.count((name,), column, 9) for name, column in (("many", "gone"), ("nothing", ""))] == [
            None,
            None,
        ]


def test_rows_that_the_user_may_not_read_are_no_quiet_nothing(engine: MysqlDatabase, place: Place):
    place.server.create_user("blind", CANARY, f"INSERT ON `{place.name}`.*")
    try:
        blind = engine.target(place.url, place.server.url(place.name, user="blind", password=CANARY))
        with blind.reading() as reader, pytest.raises(ExpectedError) as refused:
            reader.rows(("", "versions"), ("id",))
    finally:
        place.server.query("DROP USER blind@'%'")
    assert refused.value.code is RefusalCode.PROBE_FAILED


def test_prismas_own_lock_is_held_where_prisma_may_be_at_work(target: Target, place: Place):
    free = "SELECT IS_FREE_LOCK('prisma_migrate')"
    with target.lock() as lock:
        assert lock is not None
        assert place.server.query(free) == [(1,)]
    place.run("CREATE TABLE _prisma_migrations (id int)")
    with target.lock() as lock:
        assert lock is not None
        assert lock.held()
        assert place.server.query(free) == [(0,)]


def test_only_one_has_the_lock_and_it_knows_when_it_lost_it(target: Target, place: Place):
    with target.lock() as first:
        assert first is not None
        assert first.held()
        with target.lock() as second:
            assert second is None
        (number,) = place.server.query(f"SELECT IS_USED_LOCK('schemagate/{place.name}')")[0]
        place.server.query(f"KILL {number}")
        assert not first.held()
    with target.lock() as again:
        assert again is not None


def test_databases_of_one_server_have_locks_of_their_own(target: Target, engine: MysqlDatabase, place: Place):
    other = place.server.create_database()
    try:
        with target.lock() as lock, engine.target(place.server.url(other), None).lock() as another:
            assert lock is not None
            assert another is not None
    finally:
        place.server.drop_database(other)


def test_without_both_proofs_there_is_no_writing_session(target: Target):
    nothing: Any = None
    with target.lock() as lock:
        assert lock is not None
        with pytest.raises(PermissionError), target.writing(nothing, ALLOWED, lock_timeout=1, statement_timeout=1):
            pass
        with pytest.raises(PermissionError), target.writing(held(lock), nothing, lock_timeout=1, statement_timeout=1):
            pass
    with pytest.raises(PermissionError), writing(target, lock):
        pass


def test_what_was_read_elsewhere_is_not_written_here(engine: MysqlDatabase, place: Place):
    other = place.server.create_database()
    try:
        found = engine.target(place.url, place.server.url(other))
        with found.lock() as lock, pytest.raises(ExpectedError) as refused, writing(found, lock):
            pass
    finally:
        place.server.drop_database(other)
    assert refused.value.code is RefusalCode.TARGET_CHANGED


def test_rows_are_all_or_nothing_and_ddl_ends_the_transaction(target: Target):
    with target.lock() as lock, writing(target, lock) as writer:
        writer.begin()
        assert writer.execute("UPDATE versions SET id = 'one' WHERE id = 'one'") == 1  # found, not only changed
        assert writer.execute("DELETE FROM versions") == 2
        assert writer.same_transaction()
        writer.rollback()
        assert writer.rows(("versions",), ("id",)) == (("one",), ("two",))
        writer.begin()
        assert writer.execute("ALTER TABLE orders ADD COLUMN x int") == -1
        assert not writer.same_transaction()


@pytest.mark.parametrize(
    "smuggled", ["COMMIT", "ROLLBACK", "COMMIT AND CHAIN", "TRUNCATE versions", "CREATE TABLE x (a int)"]
)
def test_a_smuggled_end_of_the_transaction_is_seen(target: Target, smuggled: str):
    with target.lock() as lock, writing(target, lock) as writer:
        writer.begin()
        writer.execute("INSERT INTO orders VALUES (1, '')")
        assert writer.same_transaction()
        writer.execute(smuggled)
        assert not writer.same_transaction()


def test_two_commands_in_one_are_refused_by_the_server(target: Target):
    with target.lock() as lock, writing(target, lock) as writer, pytest.raises(StatementError) as refused:
        writer.execute("SELECT 1; DROP TABLE orders")
    assert refused.value.state == "1064"


def test_looking_leaves_the_plan_s_settings_as_they_were(target: Target):
    asked = "SELECT CONCAT(@@sql_mode, @@time_zone, @@lock_wait_timeout)"
    with target.lock() as lock, writing(target, lock) as writer:
        inner: Any = writer
        found = []
        for _ in range(2):
            with inner._connection.cursor() as cursor:
                cursor.execute(asked)
                found.append(cursor.fetchall())
            writer.snapshot()
    assert found[0] == found[1]
    assert "STRICT_TRANS_TABLES" in found[0][0][0]


def test_waiting_too_long_for_a_lock_is_told_apart(target: Target, place: Place):
    busy = place.server.connect(place.name)
    with busy.cursor() as cursor:
        cursor.execute("LOCK TABLES orders WRITE")
    try:
        with target.lock() as lock, writing(target, lock) as writer:
            started = time.monotonic()
            with pytest.raises(StatementError) as refused:
                writer.execute("ALTER TABLE orders ADD COLUMN x int")
            assert refused.value.lock_timeout
            assert time.monotonic() - started < 4
    finally:
        busy.close()


def test_a_statement_that_takes_too_long_is_ended(target: Target):
    with target.lock() as lock, writing(target, lock, statement_timeout=0.5) as writer, pytest.raises(StatementError):
        writer.execute("SELECT SLEEP(5)")


def test_an_error_tells_no_row(target: Target):
    with target.lock() as lock, writing(target, lock) as writer:
        writer.execute("INSERT INTO orders VALUES (7, 'first')")
        with pytest.raises(StatementError) as refused:
            writer.execute("INSERT INTO orders VALUES (7, 'second')")
    assert refused.value.message == "Duplicate entry for key 'PRIMARY'"


def test_a_function_of_the_project_s_own_makes_a_statement_opaque(target: Target, place: Place):
    place.run("CREATE FUNCTION own() RETURNS int MODIFIES SQL DATA RETURN 1")
    with target.lock() as lock, writing(target, lock) as writer:
        assert writer.parse("SELECT own()").kind is StatementKind.OPAQUE
        assert writer.parse("UPDATE orders SET note = OWN()").opaque
        assert writer.parse("SELECT lower(note) FROM orders").kind is StatementKind.READ
        assert writer.parse(f"INSERT INTO `{place.name}`.orders VALUES (1, '')").writes == (("orders",),)
        assert writer.parse("INSERT INTO mysql.user VALUES (1)").forbidden


def test_a_dead_connection_is_an_error_and_a_quiet_rollback(target: Target, place: Place):
    with target.lock() as lock, writing(target, lock) as writer:
        inner: Any = writer
        number = inner._connection.thread_id()
        threading.Timer(0.2, lambda: place.server.query(f"KILL {number}")).start()
        with pytest.raises(StatementError) as refused:
            writer.execute("SELECT SLEEP(4)")
        assert refused.value.state.startswith("08")
        writer.rollback()


@pytest.mark.parametrize("change", ["password", "port", "database", "user"])
def test_no_error_holds_the_password(engine: MysqlDatabase, place: Place, change: str):
    wrong = {
        "password": place.url.replace("%401" if "%401" in place.url else "1@", "nothing@", 1),
        "port": place.url.replace(f":{place.server.port}/", ":1/"),
        "database": place.url.replace(place.name, "no_such_database"),
        "user": place.url.replace("writer", "waiter"),
    }[change]
    with pytest.raises(ExpectedError) as refused:
        engine.target(wrong, None).preflight()
    told = f"{refused.value.message} {refused.value.advice}"
    assert CANARY not in told
    assert "canary" not in told.replace("/", "")
    assert refused.value.code is RefusalCode.TARGET_UNREACHABLE
