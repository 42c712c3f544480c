"""The words that bot/ and workers/ share."""

from __future__ import annotations

import pytest

from bot.commands import COMMANDS
from workers.core.names import CommandName, command_word


def test_every_command_of_the_grammar_is_found_in_a_comment():
    for form in COMMANDS:
        assert command_word(f"Well.\r\n  {form.usage}\n") == f"/{form.name.value}"
    assert {form.name for form in COMMANDS} == set(CommandName)


@pytest.mark.parametrize("text", ["", "/approves prod", "see /approve prod", "/plan-b", "http://x/approve", "> /help"])
def test_other_words_are_none(text: str):
    assert command_word(text) == ""
