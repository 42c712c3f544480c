"""After a rollout that stopped half way: its rest is planned with a code of its own, and nothing else passes the hold."""

from __future__ import annotations

import pytest

from tests.story.conftest import OpenShop
from tests.story.shop import migration
from workers.core.rollout import RolloutState

FIRST, SECOND, THIRD = "1a00000000aa", "2b00000000bb", "3c00000000cc"
TWICE = "INSERT INTO customers (id, email) VALUES (1, 'a@example.com'), (2, 'a@example.com')"
MENDED = "UPDATE customers SET email = 'b@example.com' WHERE id = 2"


def two_migrations() -> dict[str, str]:
    """The first adds a column, the second refuses rows with the same address."""
    add = '    op.add_column("orders", sa.Column("delivery", sa.Text))\n'
    take = '    op.drop_column("orders", "delivery")\n'
    unique = '    op.create_index("one_email", "customers", ["email"], unique=True)\n'
    free = '    op.drop_index("one_email", "customers")\n'
    return {
        f"alembic/versions/{SECOND}_delivery.py": migration(SECOND, FIRST, add, take),
        f"alembic/versions/{THIRD}_email.py": migration(THIRD, SECOND, unique, free),
    }


@pytest.mark.parametrize("engine", ["postgresql", "sqlite"])
def test_the_rest_of_a_half_done_rollout_is_carried_on_once_the_rows_are_mended(
    open_shop: OpenShop, pg_url: str, engine: str
):
    shop = open_shop(postgres=pg_url if engine == "postgresql" else "")
    house, store = shop.house, shop.house.services.store
    shop.prod.run(TWICE)
    pull = house.open_pull(two_migrations())
    old = house.code(pull)
    house.say(pull, "bob", house.offered(pull))
    (half,) = store.rollouts(house.repo.id, pull.number)
    assert half.state is RolloutState.PARTIAL
    assert store.hold(half.target).rollout == half.id
    assert house.code(pull) != old
    house.say(pull, "bob", f"/approve prod {old}")
    assert "what a rollout left half done" in house.answers(pull)[-1]
    shop.prod.run(MENDED)
    house.say(pull, "bob", house.offered(pull))
    first, second = store.rollouts(house.repo.id, pull.number)
    assert (first.state, second.state) == (RolloutState.SUPERSEDED, RolloutState.APPLIED)
    assert store.hold(half.target) is None
