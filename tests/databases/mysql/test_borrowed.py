"""Scratch databases on a server that the operator lends, which is another server than the target's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pymysql
import pytest

from deploy.demo.mariadb import MariadbServer
from tests.databases.mysql.conftest import CANARY, Place
from tests.databases.mysql.test_scratch import HOSTILE
from workers.core.diff import diff
from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.databases.mysql.borrowed import PREFIX, STALE_SECONDS
from workers.databases.mysql.engine import MysqlDatabase
from workers.databases.mysql.plain import MysqlPlainClient
from workers.ports import Scratch, ScratchAddress, StatementError, Target

pytestmark = [pytest.mark.acceptance]
PASSWORD = "lent-for-a-while"
CHANGE = (
    "CREATE TABLE bills (id int, CONSTRAINT few CHECK (id < 9))",
    "ALTER TABLE orders ADD COLUMN x int",
    "CREATE OR REPLACE VIEW `a.view` AS SELECT 1 AS `1;2`",
    "CREATE TRIGGER h BEFORE UPDATE ON orders FOR EACH ROW SET NEW.note = ''",
)


@pytest.fixture(scope="module")
def lender(shared_dir: Path) -> Iterator[MariadbServer]:
    server = MariadbServer.start(shared_dir / "mariadb-lender")
    server.create_user("lent", PASSWORD, "SELECT ON mysql.*", "CREATE USER, SET USER ON *.*")
    server.query("GRANT ALL PRIVILEGES ON `sgscratch\\_%`.* TO lent@'%' WITH GRANT OPTION")
    server.create_user("weak", PASSWORD, "SELECT ON mysql.*")
    server.query("GRANT ALL ON *.* TO root@'localhost' WITH GRANT OPTION")
    yield server
    server.stop()


@pytest.fixture
def lent(lender: MariadbServer) -> Iterator[str]:
    yield lender.url("mysql", user="lent", password=PASSWORD)
    assert ours(lender) == [], "everything of ours is gone after each test"


@pytest.fixture
def scratch(engine: MysqlDatabase, lent: str) -> Scratch:
    return engine.with_scratch(lent).scratch(None)


def ours(server: MariadbServer) -> list[str]:
    found = server.query("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA UNION ALL SELECT User FROM mysql.user")
    return sorted({str(name) for (name,) in found if str(name).startswith(PREFIX)})


@pytest.mark.sandbox
def test_a_clone_is_the_target_and_a_change_does_there_what_it_does_here(
    target: Target, engine: MysqlDatabase, place: Place, scratch: Scratch
):
    place.run(*HOSTILE, "CREATE DEFINER=root@localhost PROCEDURE strong() SELECT CURRENT_USER()")
    dump = target.dump((("", "versions"),))
    effects = []
    for where in (engine.scratch(None), scratch):
        with where.clone(dump) as clone, clone.writing() as writer:
            before = writer.snapshot()
            assert writer.rows(("versions",), ("id",)) == (("one",), ("two",))
            for statement in CHANGE:
                writer.execute(statement)
            after = writer.snapshot()
            effects.append((before.objects, diff(before, after)))
            with clone.reading() as reader:
                assert diff(after, reader.snapshot()) == ()
            assert [name for name, _ in clone.checksums()] == [("versions",)]
            with pytest.raises(StatementError) as said:
                writer.execute("SELECT * FROM nothing")
            assert said.value.message == f"Table '{place.name}.nothing' doesn't exist"
    assert effects[0] == effects[1]


def test_what_runs_as_somebody_there_is_nobody_of_that_server(
    target: Target, place: Place, scratch: Scratch, lender: MariadbServer
):
    place.run("CREATE DEFINER=root@localhost PROCEDURE strong() SELECT * FROM mysql.user")
    with scratch.clone(target.dump(())) as clone:
        (name,) = ours(lender)
        ((definer,),) = lender.query(f"SELECT DEFINER FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = '{name}'")
        assert str(definer).startswith(PREFIX)
        with clone.writing() as writer, pytest.raises(StatementError, match="denied"):
            writer.execute("CALL strong()")
        with clone.writing() as writer, pytest.raises(StatementError, match="SET USER"):
            writer.execute("CREATE DEFINER=root@localhost PROCEDURE mine() SELECT 1")


def test_the_sandbox_s_socket_leads_to_that_database_as_that_account_and_nowhere_else(target: Target, scratch: Scratch):
    with scratch.empty(target.dump(())) as database:
        assert PASSWORD not in database.address.url
        with stranger(database.address) as client, client.cursor() as cursor:
            cursor.execute("SELECT CURRENT_USER(), REPEAT('x', 3000000)")
            ((user, much),) = cursor.fetchall()
            assert str(user).startswith(PREFIX)
            assert len(much) == 3000000
            cursor.execute("CREATE TABLE t (a longtext)")
            cursor.execute("INSERT INTO t VALUES (%s)", ("y" * 3_000_000,))
            cursor.execute("SELECT LENGTH(a) FROM t")
            assert cursor.fetchall() == ((3000000,),)
            for denied in ("CREATE DATABASE other", "SELECT * FROM mysql.user", "CREATE USER x"):
                with pytest.raises(pymysql.Error, match="denied"):
                    cursor.execute(denied)
        for more in ({"user": "root", "password": ""}, {"user": "lent", "password": PASSWORD}, {"database": "mysql"}):
            with pytest.raises(pymysql.Error, match="another role or database"):
                stranger(database.address, **more)
        with stranger(database.address) as client:
            client._execute_command(0x11, b"root\0\0\0")
            with pytest.raises(pymysql.Error, match="Lost connection"):
                client._read_ok_packet()


def test_another_tool_s_whole_texts_go_through_the_door(target: Target, scratch: Scratch):
    with scratch.empty(target.dump(())) as database:
        client = MysqlPlainClient()
        assert client.send(database.address, ("CREATE TABLE a (x int); CREATE TABLE b (y int)",)) is None
        assert [item.label for item in client.snapshot(database.address).objects if len(item.name) == 1][-2:] == [
            "a",
            "b",
        ]


def test_two_of_them_cannot_touch_each_other(target: Target, scratch: Scratch):
    dump = target.dump(())
    with scratch.empty(dump) as one, scratch.empty(dump) as other, one.writing() as writer:
        name = other.address.url.rpartition("/")[0].rpartition("@")[0].removeprefix("mysql://")
        for said in (f"DROP DATABASE {name}", f"CREATE TABLE {name}.t (a int)", f"DROP USER {name}"):
            with pytest.raises(StatementError, match="denied"):
                writer.execute(said)


def test_what_a_killed_worker_left_is_swept_and_nothing_else(target: Target, lender: MariadbServer, scratch: Scratch):
    now = int(str(lender.query("SELECT UNIX_TIMESTAMP()")[0][0]))
    old, young, kept = (
        f"{PREFIX}{now - STALE_SECONDS - 60}_{'a' * 10}",
        f"{PREFIX}{now - 60}_{'b' * 10}",
        f"{PREFIX}theirs",
    )
    for name in (old, young, kept):
        lender.create_database(name)
        lender.query(f"CREATE USER {name}@'o1.elsewhere'")
    with scratch.empty(target.dump(())):
        left = [name for name in ours(lender) if name in {old, young, kept}]
    for name in left:
        lender.drop_database(name)
        lender.query(f"DROP USER {name}@'o1.elsewhere'")
    assert left == [young, kept]


@pytest.mark.parametrize(("user", "said"), [("root", "is a superuser"), ("weak", "may not make users")])
def test_a_user_with_too_much_or_too_little_is_refused(
    engine: MysqlDatabase, lender: MariadbServer, target: Target, user: str, said: str
):
    url = lender.url("mysql", user=user, password=lender.password if user == "root" else PASSWORD)
    wrong = engine.with_scratch(url).scratch(None)
    with pytest.raises(ExpectedError, match=said) as refused, wrong.empty(target.dump(())):
        pass
    assert refused.value.code is RefusalCode.CONFIG_INVALID


def test_another_series_or_another_reading_of_names_is_said_plainly(target: Target, scratch: Scratch):
    dump = target.dump(())
    assert scratch.version_for(dump.engine_version) is not None
    assert scratch.version_for("11.4.2") is None
    with pytest.raises(ExpectedError, match="series") as refused, scratch.empty(replace(dump, engine_version="11.4.2")):
        pass
    assert refused.value.code is RefusalCode.TARGET_VERSION_UNSUPPORTED
    settings = tuple((name, "1" if name == "lower_case_table_names" else value) for name, value in dump.settings)
    with (
        pytest.raises(ExpectedError, match="lower_case_table_names") as refused,
        scratch.empty(replace(dump, settings=settings)),
    ):
        pass
    assert CANARY not in str(refused.value)


def stranger(address: ScratchAddress, **more: str) -> Any:
    """As code of a project comes: by the URL it is given, through the socket's place on this side."""
    user = address.url.removeprefix("mysql://").partition("@")[0]
    words: dict[str, Any] = {"user": user, "password": "", "database": user, **more}
    return pymysql.connect(unix_socket=str(address.writable[0].host / "s.sock"), autocommit=True, **words)
