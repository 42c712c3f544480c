"""What a push is on an engine that Prisma's own engine does not know here."""

from __future__ import annotations

from typing import Any, cast

import pytest

from tests.sources.alembic.projects import tree
from workers.core.config import Module
from workers.core.names import Strategy
from workers.core.refusals import RefusalCode
from workers.sources.prisma.source import PrismaSource

SCHEMA = 'generator c {\n  provider = "x"\n}\n\ndatasource db {\n  provider = "mysql"\n  url = env("X")\n}\n'


def test_a_push_to_mysql_is_refused_at_the_datasource_before_any_engine_is_asked():
    source = PrismaSource(recorder=cast("Any", None))
    module = Module(id="shop", path=".", strategy=Strategy.PUSH, reason="a prototype")
    (refusal,) = source.faults(tree({"schema.prisma": SCHEMA}), module)
    assert (refusal.code, refusal.path, refusal.line) == (RefusalCode.STRATEGY_NOT_ALLOWED, "schema.prisma", 5)
    assert "MariaDB" in refusal.message
    with pytest.raises(AttributeError):
        source.faults(tree({"schema.prisma": SCHEMA}), Module(id="shop", path="."))
