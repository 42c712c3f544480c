"""A history that uses what the target's operator made by hand is replayed where it is there."""

from __future__ import annotations

from dataclasses import dataclass

from workers.core.names import Engine
from workers.ports import Dump
from workers.steps.extensions import with_extensions

POSTGIS, TRIGRAMS = ("postgis", "3.3.2", "public"), ("pg_trgm", "1.6", "public")
LIKE = Dump(
    engine=Engine.POSTGRESQL,
    engine_version="16.2",
    database="shop",
    writing_role="shop",
    roles=(),
    script="",
    version_rows=(),
    settings=(),
    extensions=(POSTGIS, TRIGRAMS),
)


@dataclass(frozen=True)
class Outcome:
    error: str


def told(*errors: str) -> tuple[list[tuple[str, ...]], Outcome]:
    """Which extensions each run was given, and the last outcome."""
    given: list[tuple[str, ...]] = []

    def run(like: Dump) -> Outcome:
        given.append(tuple(name for name, _, _ in like.given))
        return Outcome(errors[len(given) - 1])

    return given, with_extensions(LIKE, run)[0]


def test_what_runs_from_empty_is_given_nothing():
    assert told("") == ([()], Outcome(""))


def test_what_lacks_a_type_is_given_the_target_s_extensions():
    given, last = told('type "geometry" does not exist', "")
    assert given == [(), ("postgis", "pg_trgm")]
    assert last.error == ""


def test_an_extension_that_the_history_makes_itself_is_left_to_it():
    given, last = told('permission denied to create extension "postgis"', 'extension "pg_trgm" already exists', "")
    assert given == [(), ("postgis", "pg_trgm"), ("postgis",)]
    assert last.error == ""


def test_what_fails_with_them_as_well_is_told_as_it_is():
    given, last = told('type "geometry" does not exist', 'type "other" does not exist')
    assert len(given) == 2
    assert last.error == 'type "other" does not exist'


def test_what_fails_otherwise_is_not_tried_again():
    assert told("division by zero")[0] == [()]
