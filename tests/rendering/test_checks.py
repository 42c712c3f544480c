"""The texts of check runs."""

from __future__ import annotations

from tests import builders as make
from tests.rendering.cases import PROBE, config_invalid, destructive_prod, hostile, many
from workers.rendering.checks import LONGEST, aggregate, environment_check


def check_of(view, number=0):
    return environment_check(view, view.modules[0], view.modules[0].environments[number])


def test_the_aggregate_says_the_verdict_of_the_report():
    texts = aggregate(make.a_report())
    assert texts.title == "✅ Ready for staging · prod waits for staging"
    assert "/approve staging 4be01d7" in texts.summary


def test_problems_of_the_config_are_notes_on_its_lines():
    texts = aggregate(config_invalid())
    assert [(note.path, note.line, note.title) for note in texts.annotations] == [
        (".github/schemagate.yml", 9, "config_invalid"),
        (".github/schemagate.yml", 10, "config_invalid"),
    ]


def test_a_reason_that_names_a_line_becomes_a_note_on_it():
    texts = check_of(make.a_report(destructive_prod(PROBE)))
    assert [(note.path, note.line, note.level) for note in texts.annotations] == [(PROBE.path, 14, "failure")]
    assert "statement 2 fails" in texts.annotations[0].message


def test_a_remark_that_begins_with_a_line_becomes_a_warning_on_it():
    notes = ("shop/versions/1_a.py:4: models and migrations differ", "nothing of a line: here", "https://x:1: y")
    examination = make.an_examination(notes=notes)
    texts = check_of(make.a_report(make.shown("staging", examination=examination)))
    assert [(note.path, note.line, note.level, note.message) for note in texts.annotations] == [
        ("shop/versions/1_a.py", 4, "warning", "Models and migrations differ.")
    ]


def test_an_environment_says_its_plan_code_in_the_title():
    assert check_of(make.a_report()).title == "staging: ready · plan 4be01d7"
    assert check_of(make.a_report(), 1).title == "prod: waits · plan c19a6f2"


def test_what_is_not_compared_is_always_said():
    assert "**not compared:**" in check_of(make.a_report(make.shown())).text


def test_a_long_plan_fits():
    view = many(3_000)
    texts = check_of(view)
    assert len(texts.text) <= LONGEST
    assert "more, each in the check run" in texts.text


def test_hostile_notes_and_titles_are_spelled_out():
    view = hostile()
    texts = check_of(view)
    assert "\u202e" not in texts.text + texts.title + "".join(note.message for note in texts.annotations)
