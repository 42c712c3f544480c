"""The short comments."""

from __future__ import annotations

import re

import pytest

from bot.commands import COMMANDS, Option
from tests import builders as make
from tests.rendering.cases import HOSTILE, LOST
from tests.rendering.reading import html_of, words
from workers.core.config import Origin
from workers.core.names import Direction
from workers.core.rollout import RolloutState
from workers.rendering import comments
from workers.rendering.views import NoticeView, RefusedView, StatusView, VoidedView


def test_help_lists_the_commands_that_the_grammar_knows():
    listed = [(line.split(" ", 1)[0], does) for line, does in ((item.line, item.does) for item in comments.USAGE)]
    assert listed == [(f"/{form.name}", form.does) for form in COMMANDS]


def test_help_writes_a_command_as_the_grammar_does_but_for_the_options():
    for item, form in zip(comments.USAGE, COMMANDS, strict=True):
        bare = re.sub(r" \[--.*$", "", form.usage)
        assert item.line == bare


def test_help_lists_every_option():
    assert set(re.findall(r"--[a-z-]+", " ".join(item.line for item in comments.OPTIONS))) == set(Option)


def test_an_applied_comment_has_two_lines_and_one_mention():
    text = comments.ended(make.an_ended())
    assert len([line for line in text.splitlines() if line]) == 2
    assert re.findall(r"@\w+", text) == ["@dana"]
    assert "prod is now ahead of the base branch, and 1 other pull waits for it" in text


@pytest.mark.parametrize(
    "changed",
    [{"merged": True}, {"direction": Direction.ROLLBACK}, {"author": "renovate[bot]"}, {"author": ""}],
)
def test_nobody_is_mentioned_where_nobody_has_a_turn(changed):
    assert "@" not in comments.ended(make.an_ended(**changed))


def test_a_failed_apply_says_that_nothing_changed_and_why():
    text = comments.ended(make.an_ended(make.a_rollout(RolloutState.FAILED, outcome="canceling statement (55P03)")))
    assert text.startswith("⛔ **prod was not changed:**")
    assert "canceling statement (55P03)" in text
    assert "@" not in text


def test_a_partial_apply_names_what_is_in_what_is_missing_and_the_next_command():
    text = comments.ended(make.an_ended(make.a_rollout(RolloutState.PARTIAL)))
    assert "- ✅ Add column orders.delivery_note" in text
    assert "- ⚪ Build index" in text
    assert "/plan prod" in text
    assert '/unlock prod "…"' in text


def test_a_refused_command_gives_every_code_with_its_way_out():
    view = RefusedView(command="/approve prod", by="carol", refusals=(LOST, LOST), instead="", report_url=make.PULL_URL)
    text = comments.refused(view)
    assert text.count("`destructive_not_allowed`") == 2
    assert "approve with `--allow-destructive`" in text
    assert "Paste instead" not in text


def test_trouble_that_no_command_named_is_said_without_one():
    view = RefusedView(command="/approve prod", by="carol", refusals=(LOST,), instead="", report_url=make.PULL_URL)
    assert comments.refused(view).count("would be lost") == 1
    text = comments.refused(RefusedView(command="", by="", refusals=(LOST,), instead="", report_url=make.PULL_URL))
    assert text.startswith("⛔ What was asked for was not done: column")
    assert "asked by" not in text


def test_status_names_where_each_rule_was_written():
    rule = Origin("approvals", ".github/schemagate.yml", 17)
    ours = Origin("approvers", "server config", 4)
    environment = make.an_environment(origins=(rule, ours))
    view = StatusView(report=make.a_report(make.shown(environment=environment)), refused=(), config_commit=make.TIP)
    text = comments.status(view)
    assert "- `approvals`: .github/schemagate.yml line 17 at `f00df1c0e2b3`" in text
    assert "- `approvers`: server config line 4\n" in text


def test_hostile_words_are_only_words():
    notice = NoticeView(by=HOSTILE, subject=HOSTILE, report_url=make.PULL_URL, job=HOSTILE)
    said = (
        comments.refused(
            RefusedView(command=HOSTILE, by=HOSTILE, refusals=(LOST,), instead="", report_url=make.PULL_URL)
        ),
        comments.voided(VoidedView(environment=HOSTILE, by=HOSTILE, reasons=(LOST,), report_url=make.PULL_URL)),
        *(say(notice) for say in (comments.secret_seen, comments.tampered, comments.unheard, comments.apology)),
    )
    for text in said:
        assert not re.search(r"@\w|https://evil", words(text))
        assert html_of(text) in ([], ["<sub>", "</sub>"])
        assert "\u202e" not in text


def test_a_password_in_an_outcome_is_masked():
    rollout = make.a_rollout(RolloutState.FAILED, outcome="cannot reach postgresql://u:hunter22@db/x")
    assert "hunter22" not in comments.ended(make.an_ended(rollout))
