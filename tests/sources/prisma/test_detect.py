"""Where a project's schema and migrations lie, and which line of Prisma it is on."""

import json
from typing import Any

import pytest

from tests.sources.alembic.projects import tree
from workers.core.config import Module, PrismaSettings
from workers.core.names import Engine
from workers.core.refusals import RefusalCode
from workers.sources.prisma.detect import Literals, Project, read_project, watched
from workers.sources.prisma.lockfiles import locked_major

SCHEMA = (
    'datasource db {\n  provider = "postgresql" // "sqlite"\n  url = env("X")\n}\n\nmodel User {\n  id Int @id\n}\n'
)


def project(
    files: dict[str, str], *, config: Literals | None = None, odd=(), path: str = ".", **settings: Any
) -> Project | None:
    module = Module(id="shop", path=path, prisma=PrismaSettings(**settings))
    return read_project(tree(files, odd), module, lambda *_: config or Literals())


def test_our_config_comes_first_then_literals_then_package_json_then_the_usual_places():
    files = dict.fromkeys(("a.prisma", "b.prisma", "c.prisma", "prisma/schema.prisma", "prisma.config.ts"), SCHEMA)
    files["package.json"] = json.dumps({"prisma": {"schema": "c.prisma"}})
    config = Literals(schema="b.prisma")
    found = [project(files, config=config, schema="a.prisma"), project(files, config=config), project(files)]
    assert [item.schema for item in found if item] == ["a.prisma", "b.prisma", "c.prisma"]
    usual = project({"services/x/prisma/schema.prisma": SCHEMA}, path="services/x")
    assert usual is not None
    assert (usual.schema, usual.migrations) == ("services/x/prisma/schema.prisma", "services/x/prisma/migrations")


def test_a_folder_of_files_is_one_schema_with_its_migrations_beside_the_datasource():
    files = {"prisma/schema/base.prisma": SCHEMA, "prisma/schema/more/user.prisma": "model Post {\n  id Int @id\n}\n"}
    found = project(files)
    assert found is not None
    assert [path for path, _ in found.files] == ["prisma/schema/base.prisma", "prisma/schema/more/user.prisma"]
    assert found.migrations == "prisma/schema/migrations"
    outside = project({**files, "prisma/migrations/1_a/migration.sql": ""})
    assert outside is not None
    assert outside.migrations == "prisma/migrations"


def test_a_folder_without_a_schema_is_no_project():
    assert project({"README.md": "", "../schema.prisma": SCHEMA}) is None
    assert project({"x/schema.prisma": SCHEMA}, schema="../x/schema.prisma") is None


def test_what_a_config_computes_is_asked_for_in_ours():
    files = {"prisma/schema.prisma": SCHEMA, "prisma.config.ts": "export default {}"}
    found = project(files, config=Literals(dynamic=("schema", "datasource.url")))
    assert found is not None
    (problem,) = found.problems
    assert (problem.code, problem.path) == (RefusalCode.CONFIG_INVALID, "prisma.config.ts")
    said = project(files, config=Literals(dynamic=("schema",)), schema="prisma/schema.prisma")
    assert said is not None
    assert said.problems == ()


def test_what_is_external_comes_from_our_config_or_from_literals_and_is_asked_for_where_it_is_computed():
    files = {"prisma/schema.prisma": SCHEMA, "prisma.config.ts": "", "made.sql": "CREATE TABLE a (id int)"}
    literal = project(files, config=Literals(tables=("public.a",), enums=("public.b",), before="CREATE"))
    assert literal is not None
    assert (literal.tables, literal.enums, literal.before) == (("public.a",), ("public.b",), "CREATE")
    computed = Literals(dynamic=("tables.external", "migrations.initShadowDb"))
    asked = project(files, config=computed)
    assert asked is not None
    (problem,) = asked.problems
    assert "external_tables: …" in problem.fix
    assert "init_shadow: …" in problem.fix
    said = project(files, config=computed, external_tables=("public.c",), init_shadow="made.sql")
    assert said is not None
    assert (said.problems, said.tables, said.before) == ((), ("public.c",), "CREATE TABLE a (id int)")
    lost = project(files, init_shadow="gone.sql")
    assert lost is not None
    assert "gone.sql" in lost.problems[0].message


def test_a_schema_that_is_too_large_is_told_and_never_read():
    found = project({}, odd=(("prisma/schema.prisma", "larger than 1024 KiB"),), schema="prisma/schema.prisma")
    assert found is not None
    assert [item.code for item in found.problems] == [RefusalCode.TOO_LARGE]
    many = project({f"prisma/schema/{number}.prisma": "" for number in range(501)})
    assert many is not None
    assert (many.problems[0].code, many.files) == (RefusalCode.TOO_LARGE, ())


def test_the_outline_knows_the_provider_and_where_tables_and_columns_stand():
    models = 'model User {\n  id Int @id\n  eMail String @map("mail")\n\n  @@map("users")\n}\n'
    found = project({"prisma/schema.prisma": SCHEMA.replace("model User {\n  id Int @id\n}\n", models)})
    assert found is not None
    assert found.outline.engine is Engine.POSTGRESQL
    lines = [found.outline.find(*names) for names in (("users",), ("users", "mail"), ("users", "gone"), ("posts",))]
    assert [place.line if place else None for place in lines] == [6, 8, 6, None]
    assert (named := found.outline.named_in('ALTER TABLE "users" ADD COLUMN "mail" TEXT')) is not None
    assert named.line == 8


@pytest.mark.parametrize(
    ("name", "text", "major"),
    [
        ("package-lock.json", '{"packages": {"node_modules/prisma": {"version": "6.19.3"}}}', 6),
        ("package-lock.json", '{"dependencies": {"@prisma/client": {"version": "5.1.0"}}}', 5),
        ("pnpm-lock.yaml", "packages:\n  '@prisma/client@7.1.0':\n    resolution: {}\n", 7),
        ("pnpm-lock.yaml", "packages:\n  /prisma@4.16.2:\n    resolution: {}\n", 4),
        ("yarn.lock", 'prisma@^5.0.0:\n  version "5.22.0"\n', 5),
        ("yarn.lock", '"prisma@npm:^7.0.0":\n  version: 7.4.0\n', 7),
        ("bun.lock", '{"packages": {"prisma": ["prisma@6.2.1", ""]}}', 6),
        ("package.json", '{"devDependencies": {"prisma": "^7.0.0"}}', 7),
        ("package.json", '{"dependencies": {"react": "18"}}', None),
        ("package-lock.json", "not JSON", None),
    ],
)
def test_the_major_release_is_read_from_every_lockfile(name: str, text: str, major: int | None):
    assert locked_major(tree({name: text}), "services/x") == major


def test_the_nearest_lockfile_counts_and_a_lockfile_more_than_a_range():
    files = {
        "bun.lock": '["prisma@6.2.1"]',
        "app/yarn.lock": 'prisma@^5:\n  version "5.1.0"\n',
        "app/package.json": '{"dependencies": {"prisma": "^7"}}',
    }
    assert locked_major(tree(files), "app") == 5


def test_every_layout_is_watched():
    assert "services/x/**/*.prisma" in watched(Module(id="shop", path="services/x"))
    assert "db/steps/**" in watched(Module(id="shop", prisma=PrismaSettings(migrations="db/steps")))
