"""After a rollout that stopped half way: its rest is planned with a code of its own, and nothing else passes the hold."""

from __future__ import annotations

import psycopg
import pytest

from deploy.demo.github.records import Pull
from tests.story.conftest import OpenShop
from tests.story.dying import Died, let_die, revive
from tests.story.ground import Shop
from tests.story.shop import migration, shop_config
from workers.core.rollout import Rollout
from workers.messages import ApplyPlan

FIRST, SECOND, THIRD = "1a00000000aa", "2b00000000bb", "3c00000000cc"
TWICE = "INSERT INTO customers (id, email) VALUES (1, 'a@example.com'), (2, 'a@example.com')"
MENDED = "UPDATE customers SET email = 'b@example.com' WHERE id = 2"
BY_HAND = "CREATE UNIQUE INDEX one_email ON customers (email)"
READY = "prod is half done, 1 of 2 statements stuck: ready to carry on"
NO_DRIFT = "drift: 0 on what this pull touches, 0 elsewhere"
# Fires when a transaction commits, after the comparison before COMMIT; on a copy there are no rows to fire for.
MEDDLER = """
CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF EXISTS (SELECT 1 FROM customers) THEN {} END IF; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER meddle AFTER UPDATE ON alembic_version
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION meddle();
"""


def delivery() -> str:
    """A migration that only adds."""
    add = '    op.add_column("orders", sa.Column("delivery", sa.Text))\n'
    return migration(SECOND, FIRST, add, '    op.drop_column("orders", "delivery")\n')


def email(more: str = "") -> str:
    """A migration that rows with the same address refuse."""
    unique = '    op.create_index("one_email", "customers", ["email"], unique=True)\n'
    return migration(THIRD, SECOND, more + unique, '    op.drop_index("one_email", "customers")\n')


def two_migrations() -> dict[str, str]:
    return {f"alembic/versions/{SECOND}_delivery.py": delivery(), f"alembic/versions/{THIRD}_email.py": email()}


def colour() -> dict[str, str]:
    """Another pull, on top of what the first one left."""
    add = '    op.add_column("orders", sa.Column("colour", sa.Text))\n'
    files = {"alembic/versions/4d00000000dd_colour.py": migration("4d00000000dd", SECOND, add)}
    return files | {f"alembic/versions/{SECOND}_delivery.py": delivery()}


def concurrent_index() -> dict[str, str]:
    """One migration that commits a column before it builds an index without locking the table."""
    up = (
        '    op.add_column("orders", sa.Column("delivery", sa.Text))\n'
        "    with op.get_context().autocommit_block():\n"
        '        op.create_index("one_email", "customers", ["email"], unique=True, postgresql_concurrently=True)\n'
    )
    down = '    op.drop_index("one_email", "customers")\n    op.drop_column("orders", "delivery")\n'
    return {f"alembic/versions/{SECOND}_email.py": migration(SECOND, FIRST, up, down)}


def half_done(open_shop: OpenShop, files: dict[str, str] | None = None, postgres: str = "") -> tuple[Shop, Pull]:
    """A shop whose first pull stopped half way, because two customers have the same address."""
    shop = open_shop(postgres=postgres)
    shop.prod.run(TWICE)
    pull = shop.house.open_pull(files or two_migrations())
    shop.house.say(pull, "bob", shop.house.offered(pull))
    assert states(shop) == ["partial"]
    return shop, pull


def rollouts(shop: Shop) -> tuple[Rollout, ...]:
    """Those of the first pull, oldest first."""
    return shop.house.services.store.rollouts(shop.house.repo.id, 1)


def states(shop: Shop) -> list[str]:
    return [item.state.value for item in rollouts(shop)]


def held(shop: Shop) -> int | None:
    """The sequence of the rollout that holds prod."""
    hold = shop.house.services.store.hold(rollouts(shop)[0].target)
    return next((item.sequence for item in rollouts(shop) if hold and item.id == hold.rollout), None)


def test_the_rest_is_carried_on_once_the_rows_are_mended(open_shop: OpenShop):
    shop, pull = half_done(open_shop)
    house = shop.house
    assert READY in house.report(pull)
    assert NO_DRIFT in house.report(pull)
    old = house.services.store.plan(rollouts(shop)[0].digest).code
    house.say(pull, "bob", f"/approve prod {old}")
    assert "what a rollout left half done" in house.answers(pull)[-1]
    shop.prod.run(MENDED)
    house.say(pull, "bob", house.offered(pull))
    assert (states(shop), held(shop)) == (["superseded", "applied"], None)
    assert "one_email" in shop.prod.text()


@pytest.mark.acceptance
def test_a_continuation_that_fails_leaves_the_hold_and_one_that_is_applied_is_taken_back_as_a_whole(
    open_shop: OpenShop, pg_url: str
):
    shop, pull = half_done(open_shop, postgres=pg_url)
    house = shop.house
    house.say(pull, "bob", house.offered(pull))
    assert "It is still half done and held" in house.answers(pull)[-1]
    assert (states(shop), held(shop)) == (["partial", "failed"], 1)
    shop.prod.run(MENDED)
    house.say(pull, "bob", house.offered(pull))
    assert (states(shop), held(shop)) == (["superseded", "failed", "applied"], None)
    house.say(pull, "bob", "/rollback prod")
    assert "orders.delivery" in house.report(pull).split("```sql")[0]


@pytest.mark.acceptance
def test_nothing_else_passes_the_hold_and_a_plain_word_is_not_enough(open_shop: OpenShop):
    shop, pull = half_done(open_shop)
    house = shop.house
    house.say(pull, "bob", "/approve prod")
    assert "`plan_code_required`" in house.answers(pull)[-1]
    other = house.open_pull(colour(), branch="other")
    assert "`environment_held`" in house.report(other)
    house.say(other, "bob", f"/approve prod {house.any_code(other)}")
    assert "`environment_held`" in house.answers(other)[-1]
    house.say(pull, "bob", "/rollback prod")
    assert "`environment_held`" in house.report(pull)
    assert states(shop) == ["partial"]


@pytest.mark.acceptance
def test_the_rest_is_void_where_somebody_changes_the_target_between(open_shop: OpenShop):
    shop, pull = half_done(open_shop)
    house = shop.house
    shop.prod.run(MENDED)
    house.say(pull, "bob", house.offered(pull), until=ApplyPlan)
    shop.prod.run("ALTER TABLE orders ADD COLUMN stranger TEXT")
    house.settle()
    assert "the schema of the target" in house.answers(pull)[-1]
    assert (states(shop), held(shop)) == (["partial", "superseded"], 1)
    assert "one_email" not in shop.prod.text()


@pytest.mark.acceptance
def test_a_migration_that_was_rewritten_is_planned_anew_only_after_an_unlock(open_shop: OpenShop):
    shop, pull = half_done(open_shop)
    house = shop.house
    mend = '    op.execute("DELETE FROM customers WHERE id = 2")\n'
    house.push("change", {f"alembic/versions/{THIRD}_email.py": email(mend)})
    assert "`edited_migration`" in house.report(pull)
    assert "half done and held" in house.report(pull)
    house.say(pull, "bob", '/unlock prod "the migration deletes the second one itself"')
    house.say(pull, "bob", f'{house.offered(pull).split(" --")[0]} --allow-destructive --accept-risk "a test"')
    assert (states(shop), held(shop)) == (["partial", "applied"], None)


@pytest.mark.parametrize("engine", ["postgresql", "sqlite"])
@pytest.mark.acceptance
def test_who_repaired_by_hand_unlocks_and_marks(open_shop: OpenShop, pg_url: str, engine: str):
    shop, pull = half_done(open_shop, postgres=pg_url if engine == "postgresql" else "")
    house = shop.house
    shop.prod.run(f"{MENDED}; {BY_HAND}")
    house.say(pull, "bob", '/unlock prod "built the index by hand"')
    assert held(shop) is None
    house.say(pull, "bob", f"/mark-applied prod {THIRD}")
    house.say(pull, "bob", f"/approve prod {house.code(pull)}")
    assert "migration recorded" in house.answers(pull)[-1]
    assert (states(shop), held(shop)) == (["partial", "applied"], None)
    assert "Applied on prod" in house.report(pull)


@pytest.mark.acceptance
def test_what_was_done_by_hand_without_an_unlock_is_only_recorded(open_shop: OpenShop):
    shop, pull = half_done(open_shop)
    house = shop.house
    shop.prod.run(f"{MENDED}; {BY_HAND}")
    house.say(pull, "alice", "/plan prod")
    assert "2 of 2 statements stuck" in house.report(pull)
    assert NO_DRIFT in house.report(pull)
    house.say(pull, "bob", house.offered(pull))
    assert (states(shop), held(shop)) == (["superseded", "applied"], None)


@pytest.mark.acceptance
def test_an_invalid_index_that_a_failed_build_left_is_removed_and_built_again(open_shop: OpenShop, pg_url: str):
    shop, pull = half_done(open_shop, concurrent_index(), pg_url)
    house = shop.house
    assert "an invalid index is left: public.customers.one_email" in rollouts(shop)[0].outcome
    assert READY in house.report(pull)
    assert NO_DRIFT in house.report(pull)
    house.say(pull, "bob", house.offered(pull))
    assert (states(shop), held(shop)) == (["partial", "failed"], 1)
    shop.prod.run(MENDED)
    house.say(pull, "bob", house.offered(pull))
    assert (states(shop), held(shop)) == (["superseded", "failed", "applied"], None)
    house.say(pull, "bob", "/rollback prod")
    assert "orders.delivery" in house.report(pull).split("```sql")[0]


@pytest.mark.acceptance
def test_a_crash_after_the_first_group_is_recovered_and_carried_on(open_shop: OpenShop, pg_url: str):
    shop = open_shop(postgres=pg_url)
    house = shop.house
    pull = house.open_pull(two_migrations())
    house.say(pull, "bob", house.offered(pull), until=ApplyPlan)
    let_die(house, "CREATE UNIQUE INDEX")
    with pytest.raises(Died):
        house.settle()
    revive(house)
    assert (states(shop), held(shop)) == (["applying"], 1)
    house.reconcile()
    assert (states(shop), held(shop)) == (["partial"], 1)
    assert READY in house.report(pull)
    house.say(pull, "bob", house.offered(pull), until=ApplyPlan)
    let_die(house, "COMMIT")
    with pytest.raises(Died):
        house.settle()
    revive(house)
    house.reconcile()
    assert (states(shop), held(shop)) == (["superseded", "applied"], None)


@pytest.mark.acceptance
def test_a_difference_that_only_shows_after_the_commit_keeps_the_hold_for_an_unlock(open_shop: OpenShop, pg_url: str):
    shop = open_shop(postgres=pg_url)
    house = shop.house
    shop.prod.run(MEDDLER.format("CREATE TABLE surprise (id integer);") + TWICE)
    pull = house.open_pull({f"alembic/versions/{SECOND}_delivery.py": delivery()})
    drift = " --accept " + ",".join(f"drift-{number}" for number in range(1, 3))
    house.say(pull, "bob", house.offered(pull).split(" --")[0] + drift)
    assert (states(shop), held(shop)) == (["partial"], 1)
    assert "Every statement of rollout 1 is there" in house.report(pull)
    assert "surprise" in house.report(pull)
    house.say(pull, "bob", '/unlock prod "known"')
    assert held(shop) is None
    assert "Applied on prod" in house.report(pull)


@pytest.mark.acceptance
def test_what_somebody_took_away_after_the_commit_is_done_again(open_shop: OpenShop, pg_url: str):
    shop = open_shop(postgres=pg_url)
    house = shop.house
    shop.prod.run(MEDDLER.format("DROP INDEX IF EXISTS one_email;") + TWICE)
    shop.prod.run(MENDED)
    pull = house.open_pull(two_migrations())
    house.say(pull, "bob", house.offered(pull))
    assert (states(shop), held(shop)) == (["partial"], 1)
    shop.prod.run("DROP TRIGGER meddle ON alembic_version")
    house.say(pull, "alice", "/plan prod")
    assert "Build unique index" in house.report(pull)
    house.say(pull, "bob", house.offered(pull))
    assert (states(shop), held(shop)) == (["superseded", "applied"], None)


@pytest.mark.acceptance
def test_a_way_back_that_stopped_half_way_is_carried_on_as_a_way_back(open_shop: OpenShop, pg_url: str):
    shop = open_shop(postgres=pg_url)
    house = shop.house
    up = '    op.alter_column("customers", "email", nullable=True)\n'
    down = '    op.alter_column("customers", "email", nullable=False)\n'
    add = '    op.add_column("orders", sa.Column("delivery", sa.Text))\n'
    files = {
        f"alembic/versions/{SECOND}_email.py": migration(SECOND, FIRST, up, down),
        f"alembic/versions/{THIRD}_delivery.py": migration(
            THIRD, SECOND, add, '    op.drop_column("orders", "delivery")\n'
        ),
    }
    pull = house.open_pull(files)
    house.say(pull, "bob", house.offered(pull))
    shop.prod.run("INSERT INTO customers (id) VALUES (1)")
    house.say(pull, "bob", "/rollback prod")
    house.say(pull, "bob", f'/approve prod {house.code(pull)} --allow-destructive --accept-risk "it is empty"')
    assert (states(shop), held(shop)) == (["applied", "partial"], 2)
    assert READY in house.report(pull)
    assert NO_DRIFT in house.report(pull)
    shop.prod.run("DELETE FROM customers")
    house.say(pull, "bob", f"/approve prod {house.code(pull)}")
    assert (states(shop), held(shop)) == (["applied", "superseded", "applied"], None)
    assert "rolled back" in house.answers(pull)[-1]
    house.say(pull, "bob", house.offered(pull))
    assert states(shop)[-1] == "applied"
    assert "delivery" in shop.prod.columns()


@pytest.mark.acceptance
def test_a_build_that_waited_too_long_is_not_tried_on_top_of_what_it_left(open_shop: OpenShop, pg_url: str):
    shop = open_shop(shop_config(prod="lock_timeout: 1s"), postgres=pg_url)
    house = shop.house
    pull = house.open_pull(concurrent_index())
    with psycopg.connect(pg_url) as other:
        other.execute("INSERT INTO customers (id, email) VALUES (1, 'a@example.com')")
        house.say(pull, "bob", house.offered(pull))
    assert (states(shop), held(shop)) == (["partial"], 1)
    assert "lock timeout" in rollouts(shop)[0].outcome
    assert "an invalid index is left" in rollouts(shop)[0].outcome
    house.say(pull, "bob", house.offered(pull))
    assert (states(shop), held(shop)) == (["superseded", "applied"], None)


@pytest.mark.acceptance
def test_what_was_unlocked_on_staging_holds_prod_back_until_a_rollout_there_goes_through(open_shop: OpenShop):
    config = shop_config(staging="", prod="requires_applied: [staging]")
    shop = open_shop(config, environments=("staging", "prod"))
    house = shop.house
    shop.targets["staging"].run(TWICE)
    pull = house.open_pull(two_migrations())
    house.say(pull, "bob", house.offered(pull, "staging"))
    assert states(shop) == ["partial"]
    house.say(pull, "bob", '/unlock staging "the index comes later"')
    house.push("change", {f"alembic/versions/{THIRD}_email.py": None})
    house.say(pull, "bob", f"/approve prod {house.any_code(pull)}")
    told = house.answers(pull)[-1]
    assert f"left of {SECOND} there was never verified" in told
    assert "comment `/rollback staging`, approve that, and apply it there again" in told
    house.say(pull, "bob", "/rollback staging")
    house.say(pull, "bob", house.offered(pull, "staging").replace('--backup "…"', '--accept-risk "it is new"'))
    assert "delivery" not in shop.targets["staging"].columns()
    for environment in ("staging", "prod"):
        house.say(pull, "bob", house.offered(pull, environment))
        assert f"{environment} applied and verified" in house.answers(pull)[-1], house.answers(pull)[-1]
    assert "delivery" in shop.prod.columns()
