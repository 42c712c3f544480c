"""optuna from its first revisions to head, pull by pull, on SQLite and on PostgreSQL; and what rows in its tables change."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from deploy.demo.github.records import Pull
from tests.acceptance.conftest import Install, OpenStage
from tests.acceptance.projects import OPTUNA
from tests.acceptance.stage import WORDS, Stage
from tests.acceptance.table import Measured

pytestmark = [pytest.mark.acceptance, pytest.mark.sandbox, pytest.mark.timeout(900)]

REFUSED = re.compile(r"igration (\S+) reads rows of")
READING = {"v3.0.0.a", "v3.0.0.b", "v3.0.0.c", "v3.0.0.d"}
FIRST_STUDY = """\
INSERT INTO studies (study_id, study_name, direction) VALUES (1, 'first', 'MINIMIZE');
INSERT INTO trials (trial_id, study_id, state, value) VALUES (1, 1, 'COMPLETE', 0.5);
INSERT INTO trial_system_attributes VALUES (1, 1, '_number', '0');
INSERT INTO trial_values VALUES (1, 1, 0, 0.5);
INSERT INTO trial_params VALUES (1, 1, 'x', 0.5, '{"name": "UniformDistribution", "attributes": {"low": 0, "high": 1}}');
"""
STUDY = """\
INSERT INTO studies (study_id, study_name) VALUES (1, 'first');
INSERT INTO study_directions VALUES (1, 'MINIMIZE', 1, 0);
INSERT INTO trials (trial_id, number, study_id, state) VALUES (1, 0, 1, 'COMPLETE');
INSERT INTO trial_params VALUES (1, 1, 'x', 0.5, '{"name": "UniformDistribution", "attributes": {"low": 0, "high": 1}}');
INSERT INTO trial_values VALUES (1, 1, 0, 0.5);
INSERT INTO trial_intermediate_values VALUES (1, 1, 0, 0.5);
"""


def test_optuna_on_sqlite_comes_from_nothing_to_head(
    installed: Install, open_project: OpenStage, sqlite_url: str, measured: list[Measured]
):
    stage = open_project(installed(OPTUNA), sqlite_url, "")
    for until in ("v1.3.0.a", "v2.6.0.a", "v3.0.0.b", "v3.2.0.a"):
        stage.bring(until)
    stage.assert_at_head()
    measured.append(stage.measured("SQLite", ""))


def test_optuna_on_postgresql_comes_from_an_older_revision_to_head(
    installed: Install, open_project: OpenStage, pg_url: str, measured: list[Measured]
):
    stage = open_project(installed(OPTUNA), pg_url, "v2.4.0.a")
    stage.stock("upgrade", "v2.4.0.a")
    for until in ("v2.6.0.a", "v3.0.0.b", "v3.0.0.d", "v3.2.0.a"):
        report = stage.bring(until)
        assert "dependencies resolved by us" in report
    stage.assert_at_head()
    measured.append(stage.measured("PostgreSQL", "v2.4.0.a"))


def test_with_rows_on_sqlite_each_revision_that_reads_them_is_refused_by_name(
    installed: Install, open_project: OpenStage, sqlite_url: str
):
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    stage = open_project(installed(OPTUNA), sqlite_url, "v1.2.0.a")
    stage.stock("upgrade", "v1.2.0.a")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(FIRST_STUDY)
        before = list(connection.iterdump())
    pull = stage.open("v3.2.0.a")
    # v3.0.0.c reads a table that v2.4.0.a fills, row by row, from what it reads: it has its turn when that one was run by hand.
    assert refused_revisions(stage, pull) == {"v1.3.0.a", "v2.4.0.a", *READING} - {"v3.0.0.c"}
    with closing(sqlite3.connect(path)) as connection:
        assert list(connection.iterdump()) == before


def test_rows_that_come_after_the_plan_on_postgresql_refuse_each_revision_that_reads_them(
    installed: Install, open_project: OpenStage, pg_url: str
):
    stage = open_project(installed(OPTUNA), pg_url, "v2.6.0.a")
    stage.stock("upgrade", "v2.6.0.a")
    pull = stage.open("v3.2.0.a")
    line = f"{stage.house.offered(pull).split(' --')[0]} {WORDS}"
    with psycopg.connect(pg_url) as connection:
        connection.execute(STUDY)
    before = rows_of(pg_url)
    stage.house.say(pull, "bob", line)
    assert set(REFUSED.findall(stage.house.answers(pull)[-1])) == READING
    stage.house.say(pull, "alice", "/plan prod")
    assert refused_revisions(stage, pull) == READING
    assert rows_of(pg_url) == before
    assert "v2.6.0.a" in stage.stock("current")


def refused_revisions(stage: Stage, pull: Pull) -> set[str]:
    """The revisions that the report refuses for what they read; there is no plan that could be approved."""
    report = stage.house.report(pull)
    assert "data_dependent" in report
    assert stage.house.check(pull).conclusion == "failure"
    stage.house.say(pull, "bob", "/approve prod")
    assert "was refused" in stage.house.answers(pull)[-1]
    assert not stage.house.services.store.rollouts(stage.house.repo.id, pull.number)
    return set(REFUSED.findall(report))


def rows_of(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with psycopg.connect(url) as connection:
        names = [row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        queries = {name: sql.SQL("SELECT * FROM {} ORDER BY 1").format(sql.Identifier(name)) for name in sorted(names)}
        return {name: connection.execute(query).fetchall() for name, query in queries.items()}
