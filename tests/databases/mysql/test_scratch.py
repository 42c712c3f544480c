"""A clone is the target's schema on a server of its own, where the plan's user may do what it may there and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pymysql
import pytest

from tests.databases.mysql.conftest import CANARY, Place
from tests.drift.cases import read
from workers.core.diff import diff
from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.databases.mysql.engine import MysqlDatabase
from workers.ports import ScratchAddress, StatementError, Target
from workers.reading.lexer import split

pytestmark = [pytest.mark.sandbox]
HOSTILE = (
    "CREATE TABLE `a``b.c;-- d` (`e'f\"g` int COMMENT 'DELIMITER $$', `ü` varchar(3) DEFAULT '--', KEY `k 1` (`ü`)) COMMENT '\\\\! touch x; /*! */'",
    "CREATE VIEW `z.view` AS SELECT `ü` FROM `a``b.c;-- d`",
    "CREATE VIEW `a.view` AS SELECT `ü` AS `1;2` FROM `z.view`",
    "CREATE PROCEDURE `p;p`(IN `x;` int) BEGIN SET @a = ';\\'é'; END",
    "CREATE TRIGGER g BEFORE INSERT ON orders FOR EACH ROW BEGIN SET NEW.note = ';'; END",
    "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM orders",
    "CREATE DEFINER='some\\'body'@'10.%' FUNCTION f() RETURNS int RETURN 1",
    "CREATE SEQUENCE s START WITH 7",
)


def test_a_clone_is_the_target_s_schema_and_version_rows_and_nothing_else(
    target: Target, engine: MysqlDatabase, place: Place
):
    place.run(*HOSTILE, "INSERT INTO orders VALUES (1, 'a row that stays')")
    with target.reading() as reader:
        live = reader.snapshot()
    dump = target.dump((("", "versions"), ("", "nothing")))
    assert "a row that stays" not in dump.script
    assert CANARY not in repr(dump)
    assert dump.version_rows == ((("versions",), ("id",), (("one",), ("two",))),)
    with engine.scratch(None).clone(dump) as clone:
        with clone.reading() as reader:
            assert diff(live, reader.snapshot()) == ()
            assert reader.rows(("", "versions"), ("id",)) == (("one",), ("two",))
            assert not reader.has_rows(("orders",))
        assert [name for name, _ in clone.checksums()] == [("versions",)]
        assert clone.served() == ()


@pytest.mark.acceptance
def test_every_drift_case_is_cloned_as_it_is(engine: MysqlDatabase, place: Place):
    for case in read("mariadb"):
        name = place.server.create_database()
        try:
            for statement in split(case.sides()[1], engine.engine):
                place.server.query(statement, name)
            found = engine.target(place.server.url(name), None)
            with found.reading() as reader:
                live = reader.snapshot()
            with engine.scratch(None).clone(found.dump(())) as clone, clone.reading() as reader:
                assert diff(live, reader.snapshot()) == (), case.id
        finally:
            place.server.drop_database(name)


def test_what_the_writing_user_makes_is_its_own_as_on_the_target(target: Target, engine: MysqlDatabase, place: Place):
    with engine.scratch(None).empty(target.dump(())) as scratch:
        with scratch.writing() as writer:
            writer.execute("CREATE VIEW v AS SELECT 1 AS a")
            with pytest.raises(StatementError, match="denied"):
                writer.execute("CREATE DATABASE other")
            with pytest.raises(StatementError, match="denied"):
                writer.execute("SET GLOBAL general_log = 0")
        with scratch.reading() as reader:
            (view,) = (item for item in reader.snapshot().objects if item.name == ("v",))
    assert view.get("definer") == place.url.split("//")[1].split(":")[0].replace("%20", " ") + "@%"


def test_the_server_tells_what_others_sent_and_not_what_we_did(target: Target, engine: MysqlDatabase):
    with engine.scratch(None).empty(target.dump(())) as scratch:
        with scratch.writing() as writer:
            writer.execute("CREATE TABLE orders (id int)")
        with _stranger(scratch.address) as stranger:
            stranger.query("SELECT id FROM orders")
            with pytest.raises(pymysql.Error):
                stranger.query("SELECT * FROM mysql.general_log")
            with pytest.raises(pymysql.Error):
                stranger.query("SET sql_log_off = 1")
        served = scratch.served()
        assert "SELECT id FROM orders" in served
        assert not any("CREATE TABLE" in text for text in served)
        assert engine.reads(served) == (("orders",),)


def test_checksums_do_not_depend_on_the_order_of_rows(target: Target, engine: MysqlDatabase):
    with engine.scratch(None).empty(target.dump(())) as scratch:
        found = []
        for rows in ("(1, NULL), (2, '-')", "(2, '-'), (1, NULL)", "(1, '-'), (2, NULL)"):
            with scratch.writing() as writer:
                writer.execute("CREATE OR REPLACE TABLE t (a int, b text)")
                writer.execute(f"INSERT INTO t VALUES {rows}")
            found.append(scratch.checksums())
    assert found[0] == found[1] != found[2]


def test_a_version_that_is_not_here_has_no_scratch(target: Target, engine: MysqlDatabase):
    scratch, dump = engine.scratch(None), target.dump(())
    assert scratch.version_for(dump.engine_version) is not None
    assert scratch.version_for("9.9.9") is None
    with pytest.raises(ExpectedError) as refused, scratch.empty(replace(dump, engine_version="9.9.9")):
        pass
    assert refused.value.code is RefusalCode.TARGET_VERSION_UNSUPPORTED


def test_nothing_of_a_server_stays(target: Target, engine: MysqlDatabase):
    with engine.scratch(None).empty(target.dump(())) as scratch:
        folder = scratch.address.writable[0].host
        assert folder.exists()
    assert not folder.parent.exists()


def _stranger(address: ScratchAddress) -> Any:
    """As code of a project comes: by the URL it is given, through the socket's place on this side."""
    word = address.url.split("//")[1]
    user, rest = word.split(":")[0], word.split(":")[1]
    connection: Any = pymysql.connect(
        user=user.replace("%20", " "),
        password=rest.split("@")[0],
        database=rest.split("/")[1].split("?")[0],
        unix_socket=str(address.writable[0].host / "s.sock"),
        autocommit=True,
    )
    return connection
