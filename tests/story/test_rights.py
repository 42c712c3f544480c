"""What a plan does to rights is rehearsed, shown, approved by its code, compared before COMMIT and verified, as its objects are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.demo.servers import PostgresServer
from tests.story.ground import Ground
from tests.story.shop import FIRST, migration
from tests.story.yard import Yard, open_yard

REVISION = "2b00000000bb"
PATH = f"alembic/versions/{REVISION}_change.py"
GRANTS = "SELECT grantee || ' ' || privilege_type FROM information_schema.role_table_grants WHERE table_name = 'orders' AND grantee !~ '_rw$'"
VERSION = "SELECT version_num FROM alembic_version"
OpenYard = Callable[..., Yard]


@pytest.fixture
def yards(ground: Ground, postgres: PostgresServer, data_dir: Path) -> Iterator[OpenYard]:
    opened: list[Yard] = []

    def open_one(*, superuser: bool = False) -> Yard:
        opened.append(open_yard(ground, postgres, data_dir, superuser=superuser))
        return opened[-1]

    yield open_one
    for yard in opened:
        yard.house.close()


def runs(*sql: str) -> str:
    return "".join(f"    op.execute({text!r})\n" for text in sql)


def change(*sql: str, back: tuple[str, ...] = ()) -> dict[str, str]:
    return {PATH: migration(REVISION, FIRST, runs(*sql), runs(*back) or "    pass\n")}


def test_a_block_that_gives_rights_only_where_rows_are_is_taken_back_before_it_counts(yards: OpenYard):
    yard = yards()
    yard.run("INSERT INTO customers VALUES (1, 'a@example.com')")
    block = "DO $$ BEGIN IF EXISTS (SELECT FROM customers) THEN GRANT ALL ON orders TO PUBLIC; END IF; END $$"
    pull = yard.house.open_pull(change("ALTER TABLE customers ADD COLUMN harmless text", block))
    yard.house.say(pull, "bob", f"/approve prod {yard.house.code(pull)}")
    assert yard.rows(GRANTS) == []
    assert yard.rows(VERSION) == [(FIRST,)]
    assert "privilege table.public.orders" in yard.house.answers(pull)[-1]
    log = yard.house.evidence(pull, "03-execution-log.md")
    assert "ROLLBACK" in log
    assert "differs in: privilege table.public.orders" in log


def test_a_grant_is_shown_on_top_approved_by_its_code_applied_and_verified(yards: OpenYard):
    yard = yards()
    house = yard.house
    pull = house.open_pull(
        change("GRANT SELECT ON orders TO pg_monitor", back=("REVOKE ALL ON orders FROM pg_monitor",))
    )
    report = house.report(pull)
    assert "changes rights: privileges; privilege of table public.orders: pg_monitor may SELECT (by" in report
    assert "lossless" in report
    plain = house.say(pull, "bob", "/approve prod")
    assert house.reactions(plain)[-1:] == ["confused"]
    house.say(pull, "bob", house.offered(pull))
    assert yard.rows(GRANTS) == [("pg_monitor SELECT",)]
    assert (
        "| Rights: owners, privileges, settings | 1 changed, as rehearsed | 1 changed, 0 not as rehearsed | ✅ |"
        in (house.evidence(pull, "04-post-verify.md"))
    )


@pytest.mark.acceptance
def test_a_way_back_that_leaves_a_right_behind_is_none(yards: OpenYard):
    pull = (house := yards().house).open_pull(change("GRANT SELECT ON orders TO pg_monitor"))
    assert "the way back does not lead to the schema as it was" in house.report(pull)


@pytest.mark.acceptance
def test_a_view_that_is_made_anew_says_whom_it_no_longer_serves(yards: OpenYard):
    yard = yards()
    yard.run(
        f"SET ROLE {yard.database}_rw; CREATE VIEW seen AS SELECT id FROM orders; GRANT SELECT ON seen TO pg_monitor"
    )
    house = yard.house
    pull = house.open_pull(change("DROP VIEW seen", "CREATE VIEW seen AS SELECT id, note FROM orders"))
    assert "privilege of view public.seen: pg_monitor may SELECT (by" in house.report(pull)
    assert "is gone" in house.report(pull)


EVERYTHING = (
    "CREATE TABLE kept (id int, who text)",
    "ALTER TABLE kept OWNER TO pg_database_owner",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO pg_monitor",
    "CREATE TABLE later (id int)",
    "ALTER TABLE kept ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY mine ON kept USING (who = current_user)",
    "CREATE FUNCTION counted() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM public.orders'",
    "REVOKE ALL ON FUNCTION counted() FROM PUBLIC",
    "GRANT UPDATE (note) ON orders TO pg_monitor WITH GRANT OPTION",
    "CREATE EXTENSION vector",
    "CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
    "CREATE EVENT TRIGGER watching ON ddl_command_end EXECUTE FUNCTION watch()",
)
SAID = (
    "owner of table public.kept: owner",
    "becomes pg_database_owner",
    "pg_monitor may SELECT",
    "which rows are seen",
    "who a function runs as",
    "PUBLIC may EXECUTE",
    "(withheld) is new",
    "privilege of column public.orders.note: pg_monitor may UPDATE with grant option (by",
    "what happens at later statements",
)


@pytest.mark.acceptance
def test_every_way_of_changing_rights_is_said_applied_and_verified(yards: OpenYard):
    yard = yards(superuser=True)
    house = yard.house
    pull = house.open_pull(change(*EVERYTHING))
    report = house.report(pull)
    assert [text for text in SAID if text not in report] == []
    house.say(pull, "bob", house.offered(pull))
    assert yard.rows(VERSION) == [(REVISION,)], house.answers(pull)[-1]
    assert "⛔" not in house.evidence(pull, "04-post-verify.md")


@pytest.mark.acceptance
def test_what_an_extension_brought_before_can_be_given_and_dropped(yards: OpenYard):
    yard = yards(superuser=True)
    yard.run("CREATE EXTENSION vector")
    house = yard.house
    pull = house.open_pull(
        change("GRANT USAGE ON TYPE vector TO pg_monitor", "REVOKE EXECUTE ON FUNCTION vector_dims(vector) FROM PUBLIC")
    )
    house.say(pull, "bob", house.offered(pull))
    assert yard.rows(VERSION) == [(REVISION,)], house.answers(pull)[-1]


@pytest.mark.acceptance
def test_a_grant_is_marked_as_applied_only_where_somebody_gave_it(yards: OpenYard):
    yard = yards()
    house = yard.house
    pull = house.open_pull(change("GRANT SELECT ON orders TO pg_monitor"))
    house.say(pull, "bob", f"/mark-applied prod {REVISION}")
    assert "privilege table.public.orders on prod is not as" in house.answers(pull)[-1], house.comments(pull)
    yard.run(f"SET ROLE {yard.database}_rw; GRANT SELECT ON orders TO pg_monitor")
    house.say(pull, "bob", f"/mark-applied prod {REVISION}")
    house.say(pull, "bob", house.offered(pull))
    assert yard.rows(VERSION) == [(REVISION,)], house.answers(pull)[-1]
