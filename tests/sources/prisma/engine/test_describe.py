"""What the engine says of schemas, without any database."""

from __future__ import annotations

import json

import pytest

from tests.sources.prisma.engine.projects import SHOP, schema
from workers.sources.prisma.engine import Described, EngineFault, Line, PrismaEngine, SchemaFile

pytestmark = pytest.mark.sandbox


def test_a_schema_with_a_url_is_one_for_line_6_and_without_one_for_line_7(prisma: PrismaEngine):
    for line, other in ((Line.SIX, Line.SEVEN), (Line.SEVEN, Line.SIX)):
        good, bad = prisma.describe_as(schema("postgresql", line=line), (line, other))
        assert isinstance(good, Described)
        assert good.has_url == (line is Line.SIX)
        assert isinstance(bad, EngineFault)
        assert (bad.code, bad.path) == ("P1012", "prisma/schema.prisma")
        assert "url" in bad.message


def test_a_datasource_is_described_with_schemas_extensions_and_relation_mode(prisma: PrismaEngine):
    more = """  // extensions = [not_this]
  relationMode = "prisma"
  schemas      = ["public", "audit"]
  extensions   = [postgis, uuid(map: "uuid-ossp", schema: "public")]
"""
    models = """
generator client {
  provider        = "node ./steal.js"
  output          = "../../../etc"
  previewFeatures = ["postgresqlExtensions", "views"]
}
model A {
  id Int @id
  @@schema("audit")
}
"""
    said = prisma.describe(schema("postgresql", models, more=more), Line.SEVEN, datamodel=True)
    assert isinstance(said, Described)
    assert said.schemas == ("audit", "public")
    assert said.extensions == ("postgis", "uuid-ossp")
    assert said.relation_mode == "prisma"
    assert said.preview == ("postgresqlExtensions", "views")
    assert [model["name"] for model in json.loads(said.datamodel)["models"]] == ["A"]


def test_every_mistake_of_every_file_has_its_line(prisma: PrismaEngine):
    files = [
        *schema("sqlite", ""),
        SchemaFile("prisma/é.prisma", "// größer\nmodel A {\n  id Int @id\n  b Foo\n  c Bar\n}\n"),
    ]
    said = prisma.describe(files, Line.SEVEN)
    assert isinstance(said, EngineFault)
    assert (said.code, said.path, said.line) == ("P1012", "prisma/é.prisma", 4)
    assert "Foo" in said.message
    assert [(item.path, item.line) for item in said.mistakes] == [("prisma/é.prisma", 4), ("prisma/é.prisma", 5)]


def test_a_schema_in_several_files_needs_no_preview_and_no_datasource_is_needed(prisma: PrismaEngine):
    half = SHOP.index("model Post")
    files = [SchemaFile("a.prisma", SHOP[:half]), SchemaFile("b/c.prisma", SHOP[half:])]
    for said in prisma.describe_as(files, (Line.SIX, Line.SEVEN)):
        assert isinstance(said, Described)
        assert (said.provider, said.schemas, said.has_url) == ("", (), False)


def test_migrations_are_ordered_as_javascript_compares(prisma: PrismaEngine):
    assert prisma.order(("b", "B", "a", "1_z", "_x", "1-z")) == ("_x", "1_z", "1-z", "a", "b", "B")
