"""What the text of a schema says without anybody judging it."""

from __future__ import annotations

from workers.sources.prisma.schema_text import outline

TEXT = """\
generator client {
  provider = "prisma-client-js"
}

generator docs {
  output   = "../docs"
  provider = "node ./docs.js"
}

generator silent {
}
"""


def test_generators_that_are_not_prismas_own_are_known_with_their_line():
    (found,) = outline([("schema.prisma", TEXT)]).programs
    assert (found.name, found.provider) == ("docs", "node ./docs.js")
    assert found.provider_place is not None
    assert found.provider_place.line == 7
