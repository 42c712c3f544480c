"""Passwords that somebody planted in a target's own objects are in nothing that we say, send, keep or log."""

from __future__ import annotations

import pytest

from deploy.demo.github.records import Pull
from tests.story.conftest import OpenShop
from tests.story.ground import Shop
from tests.story.house import House
from tests.story.shop import FIRST, add_column, migration
from tests.story.targets import MariadbDatabase
from tests.story.test_mariadb import prod

__all__ = ["prod"]
pytestmark = pytest.mark.acceptance
CANARY = "planted-9f2c-canary"

ON_POSTGRES = f"""
CREATE FOREIGN DATA WRAPPER far OPTIONS (api_token '{CANARY}');
CREATE SERVER away FOREIGN DATA WRAPPER far OPTIONS (host 'db', secret '{CANARY}');
CREATE USER MAPPING FOR CURRENT_USER SERVER away OPTIONS (user 'app', password '{CANARY}');
CREATE USER MAPPING FOR public SERVER away OPTIONS (password '{CANARY}');
CREATE FOREIGN TABLE remote (id int OPTIONS (token '{CANARY}')) SERVER away OPTIONS (passphrase '{CANARY}');
CREATE SUBSCRIPTION copied CONNECTION 'host=db user=app password={CANARY}' PUBLICATION p WITH (connect = false);
CREATE FUNCTION far_sum() RETURNS text LANGUAGE sql AS $$ SELECT 'host=db password={CANARY}' $$;
COMMENT ON TABLE orders IS 'loaded from postgresql://app:{CANARY}@db/shop';
"""
CHANGED = f"ALTER USER MAPPING FOR public SERVER away OPTIONS (SET password 'other-{CANARY}');"
# A pull's own code asks its copy for every option and lets the answer be an error.
ASKS = """\
    op.execute('''DO $$ DECLARE said text; BEGIN
        SELECT concat_ws(' ', (SELECT string_agg(umoptions::text, ' ') FROM pg_user_mappings),
            (SELECT string_agg(srvoptions::text, ' ') FROM pg_foreign_server), (SELECT string_agg(ftoptions::text, ' ') FROM pg_foreign_table),
            (SELECT string_agg(attfdwoptions::text, ' ') FROM pg_attribute), (SELECT string_agg(fdwoptions::text, ' ') FROM pg_foreign_data_wrapper),
            (SELECT string_agg(subname, ' ') FROM pg_subscription), (SELECT prosrc FROM pg_proc WHERE proname = 'far_sum')) INTO said;
        RAISE EXCEPTION 'it says %', said; END $$''')
"""
ON_MARIADB = """
CREATE TABLE near_one (id int PRIMARY KEY, note varchar(20));
CREATE TABLE remote (id int PRIMARY KEY, note varchar(20)) ENGINE=FEDERATED CONNECTION='mysql://planted:{canary}@127.0.0.1:{port}/{name}/near_one';
CREATE SERVER planted_side FOREIGN DATA WRAPPER mysql
    OPTIONS (HOST '127.0.0.1', DATABASE '{name}', USER 'planted', PASSWORD '{canary}', PORT {port});
CREATE TABLE by_name (id int PRIMARY KEY, note varchar(20)) ENGINE=FEDERATED CONNECTION='planted_side/near_one';
CREATE TABLE kept (a varchar(99) DEFAULT 'password={canary}') COMMENT 'mysql://app:{canary}@db/shop';
CREATE VIEW shown AS SELECT 'host=db password={canary}' AS where_it_is;
"""


def test_on_postgresql(open_shop: OpenShop, pg_url: str, capfd: pytest.CaptureFixture[str]):
    shop = open_shop(postgres=pg_url)
    shop.prod.run(ON_POSTGRES)
    try:
        pull, asking = shop.house.open_pull(add_column()), shop.house.open_pull(asks(), branch="asks")
        report = shop.house.report(pull)
        for kind in ("user_mapping", "subscription", "foreign_server", "foreign_table"):
            assert kind.replace("_", " ") in report.replace("_", " "), report
        assert "it says" in shop.house.report(asking)
        applied(shop, pull)
        shop.prod.run(CHANGED)
        later = shop.house.open_pull(add_column("gift", revision="4d00000000dd", after="2b00000000bb"), branch="gift")
        nowhere(shop.house, capfd, pull, asking, later)
    finally:
        shop.prod.run("ALTER SUBSCRIPTION copied SET (slot_name = NONE)")
        shop.prod.run("DROP SUBSCRIPTION copied")


def test_on_mariadb(open_shop: OpenShop, prod: MariadbDatabase, capfd: pytest.CaptureFixture[str]):
    shop, server = open_shop(mariadb=prod), prod.server
    server.query("INSTALL PLUGIN IF NOT EXISTS federated SONAME 'ha_federatedx'")
    server.create_user("planted", CANARY, f"ALL ON `{prod.name}`.*")
    try:
        shop.prod.run(ON_MARIADB.format(canary=CANARY, port=server.port, name=prod.name))
        pull = shop.house.open_pull(add_column())
        assert "table `remote`" in shop.house.report(pull), shop.house.report(pull)
        applied(shop, pull)
        nowhere(shop.house, capfd, pull)
    finally:
        server.query("DROP SERVER IF EXISTS planted_side")
        server.query("DROP USER planted")


def asks() -> dict[str, str]:
    return {"alembic/versions/3c00000000cc_asks.py": migration("3c00000000cc", FIRST, ASKS)}


def applied(shop: Shop, pull: Pull) -> None:
    shop.house.say(pull, "bob", shop.house.offered(pull))
    assert "applied and verified" in shop.house.answers(pull)[-1], shop.house.answers(pull)[-1]


def nowhere(house: House, capfd: pytest.CaptureFixture[str], *pulls: Pull) -> None:
    """Look through everything that left us or stayed with us."""
    told = capfd.readouterr()
    said = {"output": told.out, "errors": told.err, "to GitHub": house.github.exchange_log.read_text()}
    for pull in pulls:
        said |= {f"comment {number} of {pull.number}": text for number, text in enumerate(house.comments(pull))}
        for run in house.world.check_runs(house.repo, pull.head_sha):
            said[f"check {run.name}"] = f"{run.title} {run.summary} {run.text} {run.annotations}"
        for entry in house.repo.git.tree(pull.head_sha, recursive=True):
            content = house.world.read_file(house.repo, pull.head_sha, entry.path) or b""
            said[entry.path] = content.decode(errors="replace")
    assert any(name.endswith("schema_snapshot.json") for name in said)
    assert [name for name, text in said.items() if CANARY in text] == []
    kept = [path for path in sorted(house.settings.data_dir.rglob("*")) if path.is_file()]
    assert [path for path in kept if CANARY.encode() in path.read_bytes()] == []
