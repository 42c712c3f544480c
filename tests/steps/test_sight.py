"""What an environment looks at: who did not say what to do about extensions is asked, with the line to commit."""

from __future__ import annotations

import pytest

from tests.builders import a_preflight, an_environment
from workers.core.config import Filter, FilterMode
from workers.steps.sight import question_of_extensions

FOUND = a_preflight(
    extensions=(("plpgsql", "1.0", "pg_catalog"), ("pg_trgm", "1.6", "public"), ("postgis", "3.3.2", "public"))
)


def test_extensions_and_no_mode_are_a_question_with_the_line_to_commit():
    asked = question_of_extensions(FOUND, an_environment("prod"))
    assert "(pg_trgm 1.6, postgis 3.3.2)" in asked
    assert "commit `filter: {mode: exclude-extensions}` under `prod:` of .github/schemagate.yml" in asked
    assert "else `filter: {mode: all}`" in asked


@pytest.mark.parametrize("mode", FilterMode)
def test_who_chose_is_not_asked(mode: FilterMode):
    assert question_of_extensions(FOUND, an_environment(filter=Filter(mode, chosen=True))) == ""


def test_what_every_server_has_is_nothing_to_ask_about():
    plain = a_preflight(extensions=(("plpgsql", "1.0", "pg_catalog"),))
    assert question_of_extensions(plain, an_environment()) == ""
