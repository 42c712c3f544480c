"""A schema that is pushed: only where the config says so and why, only with the word for it, and what was taken away only with that word too."""

from __future__ import annotations

import pytest

from tests.story.prisma_shop import FIRST, SCHEMA, prisma_config, prisma_files, schema, script, with_column
from tests.story.prisma_stage import OpenPrisma

CONFIG = ".github/schemagate.yml"
PUSH = "strategy: push\n    reason: a prototype"
WHY = '--allow-push "a prototype"'
RISK = '--allow-destructive --accept-risk "nothing is in it"'


def pushed_files(provider: str = "sqlite") -> dict[str, str]:
    """The shop without a migration."""
    kept = {CONFIG: prisma_config(more=PUSH), SCHEMA: schema(provider)}
    left = prisma_files(provider)
    return {name: text for name, text in left.items() if not name.startswith("prisma/migrations")} | kept


def first(provider: str = "sqlite") -> str:
    return prisma_files(provider)[script(FIRST)]


@pytest.mark.parametrize("provider", ["sqlite", "postgresql"])
def test_a_push_that_only_adds_needs_its_code_and_its_word_and_is_then_all_there(
    open_prisma: OpenPrisma, request: pytest.FixtureRequest, provider: str
):
    postgres = request.getfixturevalue("pg_url") if provider == "postgresql" else ""
    house, prod = open_prisma(pushed_files(provider), postgres=postgres, live=first(provider))
    pull = house.open_pull({SCHEMA: with_column(provider=provider)})
    assert "drift cannot be told apart from what is pending" in house.report(pull)
    assert '--allow-push "…"' in house.offered(pull)
    house.say(pull, "bob", "/approve prod")
    house.say(pull, "bob", f"/approve prod {house.code(pull)}")
    assert "delivery" not in prod.columns()
    house.say(pull, "bob", f"/approve prod {house.code(pull)} {WHY}")
    assert "prod applied and verified" in house.answers(pull)[-1]
    assert "delivery" in prod.columns()
    assert house.check(pull).conclusion == "success"
    if provider == "sqlite":
        assert "_prisma_migrations" not in prod.text()


@pytest.mark.parametrize("provider", ["sqlite", pytest.param("postgresql", marks=pytest.mark.acceptance)])
def test_a_push_that_takes_away_is_refused_without_its_words_and_done_with_them(
    open_prisma: OpenPrisma, request: pytest.FixtureRequest, provider: str
):
    postgres = request.getfixturevalue("pg_url") if provider == "postgresql" else ""
    house, prod = open_prisma(pushed_files(provider), postgres=postgres, live=first(provider))
    pull = house.open_pull({SCHEMA: schema(provider).replace("  note       String?\n", "")})
    assert "warns: " in house.report(pull)
    house.say(pull, "bob", f"/approve prod {house.code(pull)} {WHY}")
    assert "`destructive_not_allowed`" in house.answers(pull)[-1]
    assert "note" in prod.columns()
    house.say(pull, "bob", f"/approve prod {house.code(pull)} {RISK}")
    assert "`strategy_not_allowed`" in house.answers(pull)[-1]
    house.say(pull, "bob", f"/approve prod {house.code(pull)} {WHY} {RISK}")
    assert "prod applied and verified" in house.answers(pull)[-1]
    assert "note" not in prod.columns()
