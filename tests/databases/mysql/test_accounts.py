"""Objects that run as somebody else: scratch has the same accounts, with the same rights to name them, and no way to log in as one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.databases.mysql.conftest import CANARY, Place
from workers.core.diff import diff
from workers.core.schema import Snapshot
from workers.databases.mysql.engine import MysqlDatabase
from workers.ports import ScratchDatabase, StatementError, Target

pytestmark = [pytest.mark.sandbox]
OTHERS = "CREATE DEFINER=owner@localhost VIEW `his view` AS SELECT id FROM orders"


@pytest.fixture
def near(place: Place) -> Iterator[str]:
    """A writing role that may come from some hosts alone, and an owner of views."""
    for account in ("near@'local%'", "owner@localhost"):
        place.server.query(f"CREATE USER {account} IDENTIFIED BY '{CANARY}'")
        place.server.query(f"GRANT ALL PRIVILEGES ON `{place.name}`.* TO {account}")
    place.server.query("GRANT SELECT ON mysql.proc TO near@'local%'")
    yield place.server.url(place.name, user="near", password=CANARY)
    place.server.query("DROP USER near@'local%', owner@localhost")


def definer(found: Snapshot, name: str) -> object:
    (item,) = (item for item in found.objects if item.name[-1] == name)
    return item.get("definer")


def live(target: Target) -> Snapshot:
    with target.reading() as reader:
        return reader.snapshot()


def read(scratch: ScratchDatabase) -> Snapshot:
    with scratch.reading() as reader:
        return reader.snapshot()


def test_a_role_of_one_host_is_the_same_on_a_clone_and_alters_what_is_its_own(
    near: str, engine: MysqlDatabase, place: Place
):
    place.run(
        "CREATE DEFINER=near@'local%' VIEW mine AS SELECT id FROM orders",
        "CREATE DEFINER=near@localhost PROCEDURE twin() SELECT 1",
        "CREATE DEFINER=near@'%' PROCEDURE nobody() SELECT 1",
        OTHERS,
    )
    target = engine.target(near, None)
    with engine.scratch(None).clone(target.dump(())) as clone:
        assert diff(live(target), read(clone)) == ()
        with clone.writing() as writer:
            writer.execute("ALTER VIEW mine AS SELECT id, note FROM orders")
            writer.execute("CREATE TRIGGER g BEFORE INSERT ON orders FOR EACH ROW SET NEW.note = ''")
            with pytest.raises(StatementError, match="SET USER"):
                writer.execute("ALTER VIEW `his view` AS SELECT 1 AS id")
        after = read(clone)
    assert definer(after, "mine") == definer(after, "g") == "near@local%"
    assert definer(after, "twin") == "near@localhost"


@pytest.mark.acceptance
def test_who_cannot_see_the_accounts_takes_all_of_the_writing_user_s_for_one(
    target: Target, engine: MysqlDatabase, place: Place
):
    user = place.url.split("//")[1].split(":")[0].replace("%20", " ")
    place.run(f"CREATE DEFINER=`{user}`@localhost VIEW mine AS SELECT id FROM orders", OTHERS)
    before = live(target)
    assert definer(before, "mine") == f"{user}@%"
    with engine.scratch(None).clone(target.dump(())) as clone:
        assert diff(before, read(clone)) == ()
        with clone.writing() as writer:
            writer.execute("ALTER VIEW mine AS SELECT id, note FROM orders")
        assert definer(read(clone), "mine") == f"{user}@%"
    place.run("ALTER DEFINER=somebody@else VIEW mine AS SELECT id FROM orders")
    (change,) = diff(before, live(target))
    assert change.attributes == (("definer", f"{user}@%", "somebody@else"),)


@pytest.mark.acceptance
def test_only_who_may_name_others_on_the_target_may_on_scratch(near: str, engine: MysqlDatabase, place: Place):
    said = "CREATE DEFINER=owner@localhost VIEW new AS SELECT id FROM orders"
    target = engine.target(near, None)
    with (
        engine.scratch(None).clone(target.dump(())) as clone,
        clone.writing() as writer,
        pytest.raises(StatementError, match="SET USER"),
    ):
        writer.execute(said)
    place.server.query("GRANT SET USER ON *.* TO near@'local%'")
    with engine.scratch(None).clone(target.dump(())) as clone, clone.writing() as writer:
        writer.execute(said)
        writer.execute("CREATE DEFINER=schemagate_scratch@localhost PROCEDURE p() SET GLOBAL general_log = 0")
        with pytest.raises(StatementError):
            writer.execute("CALL p()")
        assert definer(read(clone), "new") == "owner@localhost"


@pytest.mark.acceptance
def test_what_runs_as_nobody_fails_on_a_clone_as_it_does_there(engine: MysqlDatabase, place: Place):
    place.run("CREATE DEFINER=ghost@nowhere TRIGGER g BEFORE INSERT ON orders FOR EACH ROW SET NEW.note = ''")
    target = engine.target(place.server.url(place.name), None)
    with engine.scratch(None).clone(target.dump(())) as clone:
        assert diff(live(target), read(clone)) == ()
        with clone.writing() as writer, pytest.raises(StatementError, match="ghost"):
            writer.execute("INSERT INTO orders VALUES (1, 'x')")


@pytest.mark.acceptance
def test_a_view_of_a_role_is_cloned(engine: MysqlDatabase, place: Place):
    place.server.query("CREATE ROLE boss")
    try:
        place.run("CREATE DEFINER=boss VIEW of_role AS SELECT id FROM orders")
        target = engine.target(place.url, None)
        with engine.scratch(None).clone(target.dump(())) as clone:
            assert diff(live(target), read(clone)) == ()
    finally:
        place.server.query("DROP ROLE boss")


def test_the_connection_check_says_what_cannot_be_altered_and_what_cannot_run(
    near: str, engine: MysqlDatabase, place: Place
):
    place.run(OTHERS, "CREATE DEFINER=ghost@nowhere PROCEDURE p() SELECT 1")
    (said,) = engine.target(near, None).preflight().limits
    assert "near@local% may replace, and not alter" in said
    assert "view his view as owner@localhost" in said
    (missing,) = engine.target(place.server.url(place.name), None).preflight().limits
    assert missing == "ghost@nowhere is no account of this server, so what runs as it fails: procedure p"
