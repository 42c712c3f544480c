"""Configuration files are read by their syntax and never run."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.sources.prisma.engine import ConfigRead, EngineFault, PrismaEngine

pytestmark = pytest.mark.sandbox
WHOLE = """
import 'dotenv/config'
import { defineConfig, env } from 'prisma/config'
import path from 'node:path'
type Env = { DATABASE_URL: string }
const base = 'prisma'
export default defineConfig({
  schema: path.join(base, 'schema'),
  migrations: { path: `${base}/migrations`, initShadowDb: `CREATE TABLE x (id int);` },
  tables: { external: ['public.spatial', "auth.users"] },
  enums: { external: [] as string[] },
  views: { path: path.join(__dirname, 'views') },
  experimental: { externalTables: true },
  datasource: { url: env<Env>('DATABASE_URL'), shadowDatabaseUrl: 'postgres://u:hunter2@h/x' },
} satisfies object)
"""


def test_literal_values_are_read_through_constants_types_and_path_join(prisma: PrismaEngine):
    said = prisma.config("prisma.config.ts", WHOLE)
    assert isinstance(said, ConfigRead)
    assert dict(said.values) == {
        "schema": "prisma/schema",
        "migrations.path": "prisma/migrations",
        "migrations.initShadowDb": "CREATE TABLE x (id int);",
        "tables.external": "public.spatial\nauth.users",
        "enums.external": "",
        "views.path": "views",
        "experimental.externalTables": "true",
        "datasource.url": "",
        "datasource.shadowDatabaseUrl": "",
    }
    assert said.dynamic == ()


@pytest.mark.parametrize(
    ("text", "values", "dynamic"),
    [
        ("module.exports = { schema: 'a' + '/b' }", {"schema": "a/b"}, ()),
        ("const c: Config = { schema: process.env.S ?? 'x', migrations: { path: 'm' } }; export default c",
         {"migrations.path": "m"}, ("schema",)),
        ("const { defineConfig } = require('prisma/config'); module.exports = defineConfig({ schema: 'a', ...rest })",
         {"schema": "a"}, ("*",)),
        ("const c = { schema: 'a' }; c.schema = 'b'; export default c", {}, ("*",)),
        ("function defineConfig(x) { return y } export default defineConfig({ schema: 'a' })", {}, ("*",)),
        ("export default () => ({ schema: 'a' })", {}, ("*",)),
        ("export default { schema: 'a', schema: f(), migrations: { [k]: 'm' } }", {}, ("schema", "migrations.*")),
        ("export const schema = 'a'", {}, ("*",)),
    ],
)  # fmt: skip
def test_what_is_not_literal_is_named(
    prisma: PrismaEngine, text: str, values: dict[str, str], dynamic: tuple[str, ...]
):
    assert prisma.config("prisma.config.ts", text) == ConfigRead(tuple(values.items()), dynamic)


def test_a_config_that_is_a_program_runs_nothing(either: PrismaEngine, data_dir: Path):
    data_dir.chmod(0o777)
    mark = data_dir / "ran"
    text = f"require('fs').writeFileSync('{mark}', ''); globalThis.x = 1; export default {{ schema: 'a' }}"
    assert either.config("prisma.config.ts", text) == ConfigRead((("schema", "a"),), ())
    assert not mark.exists()


@pytest.mark.parametrize(
    "text", ["export default {\n  schema: 'a',\n  b: }", "\n\n" + "[" * 100_000, "export default " + "(a+" * 50_000]
)
def test_a_config_that_cannot_be_read_is_a_fault(prisma: PrismaEngine, text: str):
    said = prisma.config("prisma.config.ts", text)
    assert isinstance(said, EngineFault)
    assert (said.code, said.path) == ("config_unreadable", "prisma.config.ts")
    assert said.line >= 1
