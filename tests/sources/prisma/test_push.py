"""What a push is on an engine that Prisma's own engine does not know here."""

from __future__ import annotations

import re
from pathlib import Path
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


ROOT = Path(__file__).parents[3]
OURS = ("workers", "bot", "deploy")


def test_nothing_of_ours_runs_a_development_command_or_a_push():
    found = {
        (path.relative_to(ROOT).as_posix(), words)
        for folder in OURS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".mjs", ".js", ".sh", ".toml", ".yml"} and "node_modules" not in path.parts
        for words in re.findall(r"migrate (?:dev(?! --create-only)|reset)|db push --|schemaPush\(", path.read_text())
    }
    assert found == {("workers/sources/prisma/engine/database.mjs", "schemaPush(")}


def test_the_only_push_of_the_engine_is_the_dry_run_whose_statements_are_recorded():
    lines = (ROOT / "workers/sources/prisma/engine/database.mjs").read_text().splitlines()
    (number,) = [at for at, line in enumerate(lines) if "schemaPush" in line]
    assert "{ wrap }" in lines[number]
    assert "recording(" in lines[number - 1]


def test_no_request_to_the_engine_is_a_reset():
    text = (ROOT / "workers/sources/prisma/engine/database.mjs").read_text()
    (names,) = re.findall(r"^export const TASKS = \{(.*)\}", text, re.MULTILINE)
    assert {item.strip() for item in names.split(",")} == {
        *("back", "created", "deploy", "diagnose", "push", "remember", "run", "undeclared"),
    }
