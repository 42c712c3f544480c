"""A table that the schema refers to and that is not Prisma's: made by others on the target, by a script on scratch, and left alone by both."""

from __future__ import annotations

import pytest

from tests.story.prisma_shop import SCHEMA, SECOND, applied, prisma_files, schema, script
from tests.story.prisma_stage import OpenPrisma

PEOPLE = "CREATE TABLE people (id INTEGER NOT NULL PRIMARY KEY)"
SQL = 'CREATE TABLE "notes" (\n    "id" INTEGER NOT NULL PRIMARY KEY,\n    "by" INTEGER NOT NULL REFERENCES people (id)\n);\n'
CONFIG = "export default {{\n  tables: {{ external: ['{name}'] }},\n  migrations: {{ initShadowDb: `{people}` }},\n}}\n"


@pytest.mark.acceptance
@pytest.mark.parametrize("provider", ["sqlite", "postgresql"])
def test_what_others_keep_is_made_for_replays_and_neither_drift_nor_dropped(
    open_prisma: OpenPrisma, request: pytest.FixtureRequest, provider: str
):
    postgres = request.getfixturevalue("pg_url") if provider == "postgresql" else ""
    name = "public.people" if postgres else "people"
    files = prisma_files(provider) | {"prisma.config.ts": CONFIG.format(name=name, people=PEOPLE)}
    house, prod = open_prisma(files, postgres=postgres, live=f"{PEOPLE};\n{applied(provider)}")
    looser = schema(provider).replace("note       String?", "note       String?\n  extra      String?")
    extra = 'ALTER TABLE "orders" ADD COLUMN "extra" TEXT;\n'
    pull = house.open_pull({SCHEMA: looser, script(SECOND): f"{extra}{SQL}DROP TABLE notes;\n"})
    report = house.report(pull)
    assert ("✅ Ready" in report, "drift-1" in report, '"people"' in report) == (True, False, False)
    assert house.check(pull).conclusion == "action_required"
    house.say(pull, "bob", f"/approve prod {house.code(pull)} --allow-destructive --accept-risk none")
    assert "prod applied and verified" in house.answers(pull)[-1]
    assert "extra" in prod.columns()
