"""PostgreSQL's parser says what a statement is, and what speaks against it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from workers.core.plan import Parsed, StatementKind
from workers.reading.postgresql import functions_called, parse

CASES = Path(__file__).parents[1] / "cases/postgresql/statements.yml"
FACTS = ("forbidden", "opaque", "authority")


def case_of(sql: str, parsed: Parsed) -> dict:
    said: dict[str, Any] = {"sql": sql, "kind": parsed.kind.value, "title": parsed.title}
    said |= {
        name: [".".join(item) for item in getattr(parsed, name)]
        for name in ("reads", "writes")
        if getattr(parsed, name)
    }
    said |= {name: getattr(parsed, name) for name in FACTS if getattr(parsed, name)}
    return said if parsed.transactional else said | {"transactional": False}


@pytest.mark.parametrize("case", yaml.safe_load(CASES.read_text()), ids=lambda case: case["sql"][:60])
def test_a_statement_is_judged_as_its_case_says(case):
    assert case_of(case["sql"], parse(case["sql"], foreign=("myf",))) == case


@pytest.mark.parametrize(
    "sql",
    [
        "COMMIT",
        "com/**/mit",
        "/* x */ COMMIT",
        "ALTER TABLE t ADD a int; COMMIT",
        "SELECT 1;;COMMIT",
        'SELECT "pg_advisory_unlock_all"()',
        "SELECT PG_CATALOG.Pg_Terminate_Backend(1)",
        "INSERT INTO t SELECT x FROM u WHERE pg_sleep(1) IS NULL",
        "WITH a AS (SELECT set_config('role', 'x', true)) SELECT * FROM a",
        "ALTER TABLE t ADD COLUMN a text DEFAULT pg_read_file('/etc/passwd')",
        "CREATE INDEX i ON t (lo_import('/etc/passwd'))",
        "CREATE TABLE t AS SELECT * FROM pg_ls_dir('/')",
        "do $x$ begin perform Pg_Advisory_Unlock_All(); end $x$",
        "COPY (SELECT 1) TO PROGRAM 'sh'",
        "SET search_path = evil",
        "set session characteristics as transaction read only",
        "SET statement_timeout TO '0.0'",
        "SET LOCAL lock_timeout TO 00",
        "SELECT 1" + " || 1" * 100,
        "SELECT 1\x00; COMMIT",
        "",
    ],
)
def test_what_must_never_run_is_forbidden_however_it_is_written(sql):
    assert parse(sql).forbidden


@pytest.mark.parametrize(
    "sql",
    [
        "SET lock_timeout = '3s'",
        "SET LOCAL statement_timeout = 60000",
        "SELECT lower('x')",
        "SET client_min_messages = warning",
    ],
)
def test_what_harms_nobody_is_not_forbidden(sql):
    assert not parse(sql).forbidden


def test_a_word_in_a_string_is_no_call():
    assert not parse("INSERT INTO t VALUES ('pg_terminate_backend(1); COMMIT')").forbidden


def test_the_calls_of_a_statement_are_named_as_written():
    assert functions_called("SELECT a(b.c(1)), now() FROM d() WHERE lower('x') = e()") == (
        ("a",),
        ("b", "c"),
        ("now",),
        ("d",),
        ("lower",),
        ("e",),
    )
    assert functions_called("SELECT FROM WHERE") == ()


def test_a_statement_that_the_parser_cannot_read_is_opaque_and_forbidden():
    found = parse("SELEKT 1")
    assert found.kind is StatementKind.OPAQUE
    assert "syntax error" in found.forbidden
