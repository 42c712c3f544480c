"""A table whose rows another server has: a change of its connection shows, the connection itself nowhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from tests.databases.mysql.conftest import Place
from workers.core.diff import diff
from workers.core.schema import ObjectKind, Snapshot, snapshot_to_json
from workers.databases.mysql.engine import MysqlDatabase

PASSWORD = "canary-of-the-far-side"
TABLE = (
    "CREATE TABLE far (id int PRIMARY KEY, note varchar(20)) ENGINE=FEDERATED "
    "COMMENT='it''s CONNECTION=''x''' CONNECTION='{}'"
)
PLANTED = f"""CREATE TABLE kept (a varchar(99) DEFAULT 'password={PASSWORD}', CHECK (a <> 'password={PASSWORD}'))
    COMMENT 'mysql://app:{PASSWORD}@db/shop' CONNECTION='mysql://app:{PASSWORD}@db/shop/x'"""
See = Callable[..., Snapshot]


@pytest.fixture
def far(place: Place) -> Iterator[str]:
    """The address of a table on another server (this one), without its user."""
    place.server.query("INSTALL PLUGIN IF NOT EXISTS federated SONAME 'ha_federatedx'")
    place.run("CREATE TABLE near_one (id int PRIMARY KEY, note varchar(20))")
    for user in ("far_one", "far_two"):
        place.server.create_user(user, PASSWORD, f"ALL ON `{place.name}`.*")
    yield f"@127.0.0.1:{place.server.port}/{place.name}/near_one"
    place.run("DROP TABLE IF EXISTS far", "DROP USER far_one, far_two", "DROP SERVER IF EXISTS far_side")


@pytest.fixture
def see(engine: MysqlDatabase, place: Place) -> See:
    def look(*, everything: bool = False) -> Snapshot:
        target = engine.target(place.server.url(place.name) if everything else place.read_url, None)
        with target.reading() as reader:
            return reader.snapshot()

    return look


def test_another_connection_is_one_difference_and_shows_no_password(place: Place, far: str, see: See):
    place.run(TABLE.format(f"mysql://far_one:{PASSWORD}{far}"))
    before = see()
    place.run("DROP TABLE far", TABLE.format(f"mysql://far_one:{PASSWORD}{far}"))
    assert diff(before, see()) == ()
    place.run("DROP TABLE far", TABLE.format(f"mysql://far_two:{PASSWORD}{far}"))
    (change,) = diff(before, see())
    assert change.name == ("far",)
    assert [name for name, _, _ in change.attributes] == ["connection"]
    assert PASSWORD not in json.dumps(snapshot_to_json(before))
    assert [(item.kind, item.name) for item in before.unread] == [("remote table", ("far",))]


def test_what_a_named_server_was_made_with_counts_where_it_may_be_read(place: Place, far: str, see: See):
    options = (
        f"HOST '127.0.0.1', DATABASE '{place.name}', USER 'far_one', PASSWORD '{PASSWORD}', PORT {place.server.port}"
    )
    place.run(
        f"CREATE SERVER far_side FOREIGN DATA WRAPPER mysql OPTIONS ({options})", TABLE.format("far_side/near_one")
    )
    assert "connection" in {item.kind for item in see().unread}
    before = see(everything=True)
    assert [item.kind for item in before.unread] == ["remote table"]
    place.run("ALTER SERVER far_side OPTIONS (USER 'far_two')")
    (change,) = diff(before, see(everything=True))
    assert [name for name, _, _ in change.attributes] == ["server"]
    assert PASSWORD not in json.dumps(snapshot_to_json(before))


@pytest.mark.acceptance
def test_a_copy_has_a_plain_table_and_no_password(engine: MysqlDatabase, place: Place, far: str):
    place.run(TABLE.format(f"mysql://far_one:{PASSWORD}{far}"))
    dumped = engine.target(place.url, place.read_url).dump(())
    assert PASSWORD not in dumped.script
    with engine.scratch(None).clone(dumped) as copy, copy.reading() as reader:
        (table,) = [
            item for item in reader.snapshot().objects if (item.kind, item.name) == (ObjectKind.TABLE, ("far",))
        ]
    assert (table.get("engine"), table.get("connection")) == ("InnoDB", None)


def test_what_looks_like_a_password_elsewhere_in_a_table_is_hidden_too(engine: MysqlDatabase, place: Place, see: See):
    place.run(PLANTED)
    assert PASSWORD not in json.dumps(snapshot_to_json(see()))
    assert "CONNECTION=" not in engine.target(place.url, place.read_url).dump(()).script
