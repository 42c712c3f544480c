"""A schema that is pushed: only where the config says so and why, only with the word for it, and what was taken away only with that word too."""

from __future__ import annotations

import pytest

from deploy.demo.github.records import CheckRun
from tests.story.house import House
from tests.story.prisma_shop import (
    FIRST,
    SCHEMA,
    SECOND,
    add_column,
    prisma_config,
    prisma_files,
    schema,
    script,
    with_column,
)
from tests.story.prisma_stage import OpenPrisma
from tests.story.shop import APPROVERS

CONFIG = ".github/schemagate.yml"
PUSH = "strategy: push\n    reason: a prototype"
WHY = '--allow-push "a prototype"'
RISK = '--allow-destructive --accept-risk "nothing is in it"'


ORDERS = "INSERT INTO customers (email) VALUES ('a');\n" + "INSERT INTO orders (customer_id) VALUES (1);\n" * 3
PAID = schema().replace("  note       String?\n", "  note       String?\n  paid       Int\n")


def pushed_files(provider: str = "sqlite") -> dict[str, str]:
    """The shop without a migration."""
    kept = {CONFIG: prisma_config(more=PUSH), SCHEMA: schema(provider)}
    left = prisma_files(provider)
    return {name: text for name, text in left.items() if not name.startswith("prisma/migrations")} | kept


def first(provider: str = "sqlite") -> str:
    return prisma_files(provider)[script(FIRST)]


@pytest.mark.parametrize("provider", [pytest.param("sqlite", marks=pytest.mark.acceptance), "postgresql"])
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
    live = f"{first(provider)}\n{ORDERS}UPDATE orders SET note = 'x' WHERE id = 2;"
    house, prod = open_prisma(pushed_files(provider), postgres=postgres, live=live)
    pull = house.open_pull({SCHEMA: schema(provider).replace("  note       String?\n", "")})
    assert "which still contains 1 non-null values" in house.report(pull)
    house.say(pull, "bob", f"/approve prod {house.code(pull)} {WHY}")
    assert "`destructive_not_allowed`" in house.answers(pull)[-1]
    assert "note" in prod.columns()
    house.say(pull, "bob", f"/approve prod {house.code(pull)} {RISK}")
    assert "`strategy_not_allowed`" in house.answers(pull)[-1]
    house.say(pull, "bob", f"/approve prod {house.code(pull)} {WHY} {RISK}")
    assert "prod applied and verified" in house.answers(pull)[-1]
    assert "note" not in prod.columns()


@pytest.mark.acceptance
def test_what_the_engine_cannot_push_for_the_rows_that_are_there_is_refused_with_its_words(open_prisma: OpenPrisma):
    house, prod = open_prisma(pushed_files(), live=f"{first()}\n{ORDERS}")
    pull = house.open_pull({SCHEMA: PAID})
    report = house.report(pull)
    assert "`rehearsal_failed`" in report
    assert "Prisma cannot push it: Added the required column `paid` to the `orders` table" in report
    assert "There are 3 rows in this table" in report
    prod.run("DELETE FROM orders")
    house.say(pull, "bob", "/plan prod")
    house.say(pull, "bob", f"/approve prod {house.code(pull)} {WHY} {RISK}")
    assert "prod applied and verified" in house.answers(pull)[-1], house.report(pull)
    assert "paid" in prod.columns()


@pytest.mark.acceptance
def test_after_a_push_drift_is_told_from_what_it_left_and_nothing_is_pending(open_prisma: OpenPrisma):
    house, prod = open_prisma(pushed_files(), live=first())
    pull = house.open_pull({SCHEMA: with_column()})
    house.say(pull, "bob", f"/approve prod {house.code(pull)} {WHY}")
    assert "Way back to versioned migrations" in house.evidence(pull, "02-migration-plan.md")
    prod.run("CREATE TABLE stranger (id INTEGER PRIMARY KEY)")
    house.say(pull, "bob", "/plan prod")
    report = house.report(pull)
    assert "drift is told from the snapshot that was committed" in report
    assert "stranger" in report
    assert "drift-1" in report
    prod.run("DROP TABLE stranger")
    house.say(pull, "bob", f"/baseline prod {FIRST}")
    assert "keeps no record of migrations" in house.reports(pull)[-1].body + "".join(house.answers(pull))
    house.say(pull, "bob", "/plan prod")
    assert house.check(pull).conclusion == "success"


@pytest.mark.acceptance
def test_a_push_is_taken_back_as_rehearsed_and_may_then_be_pushed_again(open_prisma: OpenPrisma):
    house, prod = open_prisma(pushed_files(), live=first())
    pull = house.open_pull({SCHEMA: with_column()})
    assert "lossless until something is written to column orders.delivery" in house.report(pull)
    pushed(house, pull)
    house.say(pull, "bob", "/rollback prod")
    house.say(pull, "bob", f"/approve prod {house.code(pull)} {WHY} {RISK}")
    assert "prod rolled back and verified" in house.answers(pull)[-1]
    assert "delivery" not in prod.columns()
    house.say(pull, "bob", "/rollback prod")
    assert "there is nothing for rollback" in house.reports(pull)[-1].body + house.answers(pull)[-1]
    house.say(pull, "bob", "/plan prod")
    pushed(house, pull)
    assert "delivery" in prod.columns()


@pytest.mark.acceptance
def test_what_somebody_took_away_after_a_push_is_pushed_again_by_the_same_plan(open_prisma: OpenPrisma):
    house, prod = open_prisma(pushed_files(), live=first())
    pull = house.open_pull({SCHEMA: with_column()})
    line = f"/approve prod {house.code(pull)} {WHY}"
    pushed(house, pull)
    house.say(pull, "bob", line)
    assert "`already_applied`" in house.answers(pull)[-1]
    prod.run('ALTER TABLE "orders" DROP COLUMN "delivery"')
    house.say(pull, "bob", "/plan prod")
    assert "drift-1" in house.report(pull)
    assert house.code(pull) in line
    house.say(pull, "bob", f"{line} --accept drift-1")
    assert "prod applied and verified" in house.answers(pull)[-1]
    assert "delivery" in prod.columns()


@pytest.mark.acceptance
def test_a_push_waits_for_the_environment_before_it_and_a_merge_group_for_the_push(open_prisma: OpenPrisma):
    files = pushed_files()
    files[CONFIG] = prisma_config("requires_applied: [staging]", more=PUSH) + f"      staging: {{{APPROVERS}}}\n"
    house, prod = open_prisma(files, live=first(), staging=True)
    untouched = house.open_pull({"README.md": "# the shop\n"}, branch="words")
    assert group(house, untouched).conclusion == "success"
    pull = house.open_pull({SCHEMA: with_column()})
    assert "needs staging first" in house.report(pull)
    house.say(pull, "bob", f"/approve prod {house.any_code(pull)} {WHY}")
    assert "delivery" not in prod.columns()
    pushed(house, pull, "staging")
    judged = group(house, pull)
    assert (judged.conclusion, "shop/prod: its schema is not pushed yet" in (judged.summary or "")) == ("failure", True)
    pushed(house, pull)
    assert "delivery" in prod.columns()
    assert group(house, pull).conclusion == "success"


@pytest.mark.acceptance
def test_what_somebody_else_pushed_to_staging_is_there_as_well(open_prisma: OpenPrisma):
    files = pushed_files()
    files[CONFIG] = prisma_config("requires_applied: [staging]", more=PUSH) + f"      staging: {{{APPROVERS}}}\n"
    house, prod = open_prisma(files, live=first(), staging=True)
    prod.run('ALTER TABLE "orders" DROP COLUMN "note"')
    pull = house.open_pull({SCHEMA: schema() + "\n// every order has a note\n"})
    assert "needs staging first" not in house.report(pull)
    pushed(house, pull)
    assert "note" in prod.columns()


def pushed(house: House, pull, environment: str = "prod") -> None:
    house.say(pull, "bob", f"/approve {environment} {house.code(pull, environment)} {WHY}")
    assert f"{environment} applied and verified" in house.answers(pull)[-1], house.answers(pull)[-1]


def group(house: House, pull) -> CheckRun:
    """What we say of the merge group of a pull."""
    sha = house.world.enqueue(pull, house.people["bob"])
    house.settle()
    (run,) = house.world.check_runs(house.repo, sha)
    house.world.dequeue(pull, sha, house.people["bob"], merged=False)
    house.settle()
    return run


@pytest.mark.acceptance
def test_an_enum_that_the_engine_changes_in_a_transaction_of_its_own_is_pushed_in_ours(
    open_prisma: OpenPrisma, pg_url: str
):
    model = "\nenum Mood {\n  good\n%s}\n\nmodel Feeling {\n  id   Int  @id\n  mood Mood\n}\n"
    files = pushed_files("postgresql")
    files[SCHEMA] += model % "  bad\n"
    live = (
        "CREATE TYPE \"Mood\" AS ENUM ('good', 'bad');\n"
        'CREATE TABLE "Feeling" ("id" INTEGER NOT NULL, "mood" "Mood" NOT NULL, CONSTRAINT "Feeling_pkey" PRIMARY KEY ("id"));'
    )
    house, _ = open_prisma(files, postgres=pg_url, live=f"{first('postgresql')}\n{live}")
    pull = house.open_pull({SCHEMA: schema("postgresql") + model % ""})
    house.say(pull, "bob", f"/approve prod {house.code(pull)} {WHY} {RISK}")
    assert "prod applied and verified" in house.answers(pull)[-1], house.report(pull)


@pytest.mark.acceptance
def test_what_the_config_leaves_to_others_is_not_dropped_by_a_push(open_prisma: OpenPrisma):
    files = pushed_files()
    files[CONFIG] = prisma_config("ignore: [{object: 'table:legacy*', reason: of another team}]", more=PUSH)
    house, prod = open_prisma(files, live=f"{first()}\nCREATE TABLE legacy_log (id INTEGER PRIMARY KEY);")
    pull = house.open_pull({SCHEMA: with_column()})
    assert "push would change what the config leaves to others" in house.report(pull)
    assert "`strategy_not_allowed`" in house.report(pull)
    house.say(pull, "bob", f"/approve prod {house.any_code(pull)} {WHY} {RISK}")
    assert "delivery" not in prod.columns()


@pytest.mark.acceptance
def test_the_way_back_to_versioned_migrations_is_the_migration_and_its_record(open_prisma: OpenPrisma):
    pushed = prisma_files() | {CONFIG: prisma_config(more=PUSH)}
    house, prod = open_prisma(pushed)
    pull = house.open_pull({SCHEMA: with_column()})
    house.say(pull, "bob", f"/approve prod {house.code(pull)} {WHY}")
    assert "delivery" in prod.columns()
    house.push("main", {CONFIG: prisma_config()})
    again = house.open_pull(add_column(), branch="again")
    house.say(again, "bob", f"/mark-applied prod {SECOND}")
    house.say(again, "bob", house.offered(again))
    assert house.check(again).conclusion == "success", house.report(again)
    assert SECOND in prod.text()
