"""A Prisma history that never ran on an empty database: its tables were pushed, its first migration alters them. It begins where it stands."""

from __future__ import annotations

import pytest

from tests.story.house import House
from tests.story.prisma_shop import FIRST, SCHEMA, SECOND, add_column, prisma_files, row, script, with_column
from tests.story.prisma_stage import OpenPrisma
from tests.story.targets import Target

THIRD = "20250303120000_gift"
ALTERS = '-- AlterTable\nALTER TABLE "orders" ALTER COLUMN "note" SET DATA TYPE TEXT;\n'


def pushed_first(open_prisma: OpenPrisma, url: str) -> tuple[House, Target]:
    """A shop whose tables `prisma db push` made, and whose only migration was marked as applied."""
    files = prisma_files("postgresql")
    live = f"{files[script(FIRST)]}{row(FIRST, ALTERS, 'postgresql')}"
    return open_prisma(files | {script(FIRST): ALTERS}, postgres=url, live=live)


@pytest.mark.acceptance
def test_a_prisma_history_that_cannot_begin_from_empty_begins_from_the_adopted_schema(
    open_prisma: OpenPrisma, pg_url: str
):
    house, target = pushed_first(open_prisma, pg_url)
    target.run("CREATE TABLE loads (id INTEGER)")
    pull = house.open_pull(add_column(provider="postgresql"))
    assert f"/baseline prod {FIRST}" in house.report(pull), house.report(pull)
    before = target.text()
    house.say(pull, "bob", f"/baseline prod {FIRST}")
    house.say(pull, "bob", house.offered(pull))
    assert "baseline recorded and verified" in house.answers(pull)[-1], house.answers(pull)[-1]
    assert target.text() == before
    assert "adoption: nothing is written" in house.evidence(pull, "01-schema-drift-report.md")
    report = house.report(pull)
    assert "starts from the snapshot that was adopted" in report
    assert "drift: 0 on what this pull touches, 0 elsewhere" in report
    house.say(pull, "bob", f"/mark-applied prod {SECOND}")
    assert f"`/baseline prod {SECOND}`: then the schema as it is becomes a new start" in house.answers(pull)[-1]
    house.say(pull, "bob", house.offered(pull))
    assert "prod applied and verified" in house.answers(pull)[-1], house.answers(pull)[-1]
    assert "delivery" in target.columns()
    assert house.check(pull).conclusion == "success"
    target.run('ALTER TABLE "customers" ADD COLUMN "loose" TEXT')
    house.world.merge(pull, house.people["bob"])
    house.settle()
    models = with_column(provider="postgresql").replace("  delivery", "  gift       String?\n  delivery")
    sql = '-- AlterTable\nALTER TABLE "orders" ADD COLUMN "gift" TEXT;\n'
    later = house.open_pull({SCHEMA: models, script(THIRD): sql}, branch="later")
    report = house.report(later)
    assert "moved by 1 rollout since" in report
    assert "customers.loose`: on prod and in no migration" in report
    assert "drift: 0 on what this pull touches, 1 elsewhere" in report
    house.say(later, "bob", house.offered(later))
    assert "prod applied and verified" in house.answers(later)[-1]
    assert SECOND in target.text()
