"""The grammar of commands."""

from __future__ import annotations

import re

import pytest

from bot.commands import COMMANDS, read_commands, usage
from workers.core.names import CommandName
from workers.messages import ApprovalWords, Fault


def only(body: str):
    (command,) = read_commands(body)
    return command


def good(body: str):
    command = only(body)
    assert command.fault is None, command.advice
    return command


def malformed(body: str) -> str:
    command = only(body)
    assert command.fault is Fault.MALFORMED
    return command.advice


def test_a_plain_approval_names_its_environment():
    assert good("/approve prod").words == ApprovalWords(environment="prod")


def test_an_approval_carries_all_its_words():
    line = '/approve prod c19a6f2 --module shop --allow-destructive --backup snap-17 --accept drift-1,drift-2 --allow-push "new table only"'
    assert good(line).words == ApprovalWords(
        environment="prod",
        code="c19a6f2",
        module="shop",
        allow_destructive=True,
        backup="snap-17",
        accept=("drift-1", "drift-2"),
        allow_push="new table only",
    )


def test_options_may_stand_before_the_code():
    command = good("/approve --allow-destructive prod --accept-risk 'no rows yet' c19a6f2")
    assert (command.environment, command.code, command.words.accept_risk) == ("prod", "c19a6f2", "no rows yet")


@pytest.mark.parametrize("quotes", ["\u201c\u201d", "\u201e\u201c", '""', "''", "\u2018\u2019", '\u201d"'])
def test_quotation_marks_of_any_keyboard_hold_a_reason_together(quotes):
    assert good(f"/unlock prod {quotes[0]}repaired by hand{quotes[1]}").text == "repaired by hand"


@pytest.mark.parametrize(
    ("line", "name", "fields"),
    [
        ("/plan", CommandName.PLAN, {}),
        ("/plan prod", CommandName.PLAN, {"environment": "prod"}),
        ("/status", CommandName.STATUS, {}),
        ("/status staging --module shop", CommandName.STATUS, {"environment": "staging", "module": "shop"}),
        ("/reject prod", CommandName.REJECT, {"environment": "prod"}),
        ('/reject prod "breaks billing"', CommandName.REJECT, {"environment": "prod", "text": "breaks billing"}),
        ("/rollback prod c19a6f2", CommandName.ROLLBACK, {"environment": "prod", "code": "c19a6f2"}),
        ("/mark-applied prod 3f2a_x.1", CommandName.MARK_APPLIED, {"environment": "prod", "revision": "3f2a_x.1"}),
        ("/baseline prod 20240101_init", CommandName.BASELINE, {"environment": "prod", "revision": "20240101_init"}),
    ],
)
def test_every_command_is_read(line, name, fields):
    command = good(line)
    assert command.name is name
    assert {key: getattr(command, key) for key in fields} == fields


def test_help_brings_the_usage_of_every_command():
    advice = good("/help").advice
    assert advice == usage()
    assert all(form.usage in advice for form in COMMANDS)


def test_the_registry_has_each_command_once():
    assert sorted(form.name for form in COMMANDS) == sorted(CommandName)


def test_several_commands_keep_their_lines():
    assert [(c.name, c.line) for c in read_commands("/plan\r\n\r\n/status prod\r\n")] == [("plan", 1), ("status", 3)]


def test_more_than_five_commands_are_none():
    assert "at most 5" in malformed("\n".join(["/plan"] * 6))
    assert len(read_commands("\n".join(["/plan"] * 5))) == 5


@pytest.mark.parametrize(
    "body",
    [
        "Looks good!\n/approve prod",
        "/approve prod\nthanks",
        "/approve prod\n/lgtm",
        "<pre>\n/approve prod\n</pre>",
        "`\n/approve prod\n`",
    ],
)
def test_a_command_beside_other_text_is_refused(body):
    assert only(body).fault is Fault.NOT_ALONE


def test_a_good_command_beside_a_bad_one_is_refused_with_the_reason():
    command = only("/approve prod\n/aprove staging")
    assert command.fault is Fault.NOT_ALONE
    assert "line 2: did you mean `/approve`?" in command.advice


@pytest.mark.parametrize(
    "body",
    [
        "> /approve prod",
        ">/approve prod",
        "```\n/approve prod\n```",
        "~~~sh\n/approve prod\n~~~~",
        "````\n```\n/approve prod\n````",
        "```\n/approve prod",
        "    /approve prod",
        "\t/approve prod",
        "<!-- /approve prod -->",
        "<!--\n/approve prod\n-->",
        "<!-- never closed\n/approve prod",
        "`/approve prod`",
        "- /approve prod",
        "",
        "/",
        "/tmp/approve prod",
    ],
)
def test_code_quotes_and_hidden_text_hold_no_command(body):
    assert read_commands(body) == ()


def test_a_command_may_follow_code_quotes_and_hidden_text():
    body = "> shall we?\n\n```\nALTER TABLE x;\n```\n<!-- note -->\n\n   /approve prod   \n"
    assert good(body).line == 8


def test_a_line_that_github_shows_inside_a_quote_is_not_obeyed():
    command = only("> shall we?\n/approve prod\n\n/plan prod")
    assert (command.fault, "empty line" in command.advice) == (Fault.NOT_ALONE, True)


def test_a_fence_inside_a_hidden_text_does_not_hide_what_follows_it():
    assert good("<!--\n```\n-->\n/plan").name is CommandName.PLAN


def test_a_hidden_text_that_begins_inside_code_hides_nothing():
    assert good("```\n<!--\n```\n/plan").name is CommandName.PLAN


@pytest.mark.parametrize(
    "body",
    [
        "/approve is what you would write to let it run",
        "/help me understand what this does please",
        "/plan to rework this module next week",
        "/close",
        "/lgtm",
        "We could /approve prod later",
        "/plan to do it\nin two steps, as discussed",
    ],
)
def test_prose_that_begins_with_a_slash_word_is_no_command(body):
    assert read_commands(body) == ()


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("/approve", "environment is missing"),
        ("/mark-applied prod", "revision is missing"),
        ("/unlock prod", "reason in quotation marks is missing"),
        ("/unlock prod repaired it by hand", "put the reason into quotation marks"),
        ("/approve prod abc", "`abc` is no plan code"),
        ("/approve prod C19A6F2", "is no plan code"),
        ("/approve pr;od", "is no environment"),
        ("/approve prod c19a6f2 now", "one word too many"),
        ("/approve prod --allow-destuctive", "did you mean `--allow-destructive`?"),
        ("/approve prod --backup=snap", "did you mean `--backup`?"),
        ("/approve prod --backup", "wants a word after it"),
        ("/approve prod --accept-risk --allow-destructive", "wants a word after it"),
        ('/approve prod --accept-risk ""', "wants a word after it"),
        ("/approve prod --backup a --backup b", "given twice"),
        ('/approve prod --backup a --accept-risk "b"', "either"),
        ("/approve prod \u2014allow-destructive", "two hyphens"),
        ('/reject prod "never closed', "not closed"),
        ('/reject prod "x"y', "leave a blank"),
        ("/approve prod --accept drift-1, drift-2", "with commas and no blanks"),
        ("/approve prod --module Shop", "no module id"),
        ("/plan prod --allow-destructive", "no option here"),
        ("/aprove prod", "did you mean `/approve`?"),
        ("/APPROVE prod", "did you mean `/approve`?"),
        ("/\u0430pprove prod", "did you mean `/approve`?"),
        ("/mark_applied prod abc", "did you mean `/mark-applied`?"),
        ("/help me", "one word too many"),
    ],
)
def test_a_near_miss_is_told_what_to_write(line, advice):
    assert advice in malformed(line)


@pytest.mark.parametrize("word", ["CODE", "<code>", "…", "...", "[plan", "<plan"])
def test_a_placeholder_in_place_of_the_code_is_refused(word):
    assert "left in" in malformed(f"/approve prod {word}")


@pytest.mark.parametrize(
    "line",
    [
        "/approve <env>",
        "/approve ENV",
        "/approve prod --backup REF",
        '/approve prod --backup "…"',
        '/approve prod --backup "which one"',
        '/approve prod --accept-risk "why"',
        "/approve prod --accept drift-1,…",
        "/approve prod --module ID",
        "/mark-applied prod <revision>",
        '/unlock prod "why"',
    ],
)
def test_a_placeholder_left_in_is_refused(line):
    assert "left in" in malformed(line)


@pytest.mark.parametrize(
    "strange", ["\u200b", "\u202e", "\u2066", "\ufeff", "\u00ad", "\x07", "\u00a0", "\u2028", "\ufe0f", "\U000e0041"]
)
@pytest.mark.parametrize("line", ["/approve{} prod", "{}/approve prod", "/approve prod{}", "/app{}rove prod"])
def test_characters_that_cannot_be_seen_are_refused(strange, line):
    advice = malformed(line.format(strange))
    assert f"U+{ord(strange):04X}" in advice


def test_letters_of_any_language_are_welcome_in_a_reason():
    assert good("/reject prod 'zerstört die Größe, 数据'").text == "zerstört die Größe, 数据"


def test_advice_repeats_no_markup():
    assert "@" not in malformed("/approve prod `@everyone`")


def test_long_and_odd_comments_cost_little_time():
    for body in (
        "<!--" * 16_000,
        "`" * 65_536,
        "> " * 32_768,
        "/approve " * 7_000,
        '/reject prod "' + "x" * 65_000,
        "\n" * 65_536,
    ):
        read_commands(body)


def test_the_printed_usage_itself_is_no_command():
    for form in COMMANDS:
        if re.search(r"[<\[]", form.usage):
            assert all(command.fault for command in read_commands(form.usage)), form.usage
