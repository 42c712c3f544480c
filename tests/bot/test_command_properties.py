"""What holds for every comment that anybody could write."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.commands import COMMANDS, MOST_COMMANDS, read_commands
from bot.lines import plain_lines
from bot.words import strange_characters
from workers.core.names import CommandName
from workers.messages import Heard, HeardKind, decode_heard, encode_heard

pieces = st.sampled_from(
    [
        *(f"/{form.name}" for form in COMMANDS),
        *(
            "prod",
            "c19a6f2",
            "--backup",
            "--accept-risk",
            "--allow-destructive",
            "--module",
            "shop",
            '"why not"',
            "\u201cwords\u201d",
        ),
        *(
            "\n",
            "\n\n",
            "\r\n",
            " ",
            "    ",
            "> ",
            "```",
            "~~~",
            "<!--",
            "-->",
            "`",
            "'",
            '"',
            "\u200b",
            "\u202e",
            "text",
            "\t",
            "/",
        ),
    ]
)
comments = st.one_of(st.text(), st.lists(pieces, max_size=30).map("".join), st.lists(pieces, max_size=12).map(" ".join))


@given(comments)
@settings(max_examples=400, deadline=None, database=None)
def test_reading_never_fails_and_is_all_or_nothing(body):
    commands = read_commands(body)
    assert len(commands) <= MOST_COMMANDS
    assert len({bool(command.fault) for command in commands}) <= 1
    assert all(command.advice for command in commands if command.fault)


@given(comments)
@settings(max_examples=400, deadline=None, database=None)
def test_a_good_command_is_exactly_what_a_reader_sees(body):
    good = [command for command in read_commands(body) if not command.fault]
    lines = {line.number: line for line in plain_lines(body)}
    for command in good:
        line = lines[command.line]
        assert line.text.split()[0] == f"/{command.name}"
        assert not strange_characters(line.text)
        assert command.environment in line.text
    if good:
        assert len(good) == len(lines)


@given(comments)
@settings(max_examples=200, deadline=None, database=None)
def test_nothing_that_a_quote_or_code_holds_is_a_command(body):
    quoted = "\n".join("> " + line for line in body.replace("\r", "\n").split("\n"))
    assert read_commands(quoted) == ()
    indented = "\n".join("    " + line for line in body.replace("\r", "\n").split("\n"))
    assert read_commands(indented) == ()


@given(comments)
@settings(max_examples=200, deadline=None, database=None)
def test_whatever_is_said_can_be_kept_and_read_again(body):
    heard = Heard(
        delivery="d",
        kind=HeardKind.COMMENT,
        repository=7,
        pull=3,
        sender=11,
        sender_login="alice",
        sender_is_person=True,
        text=body,
        commands=read_commands(body),
    )
    assert decode_heard(encode_heard(heard)) == heard


def test_approve_is_the_only_command_that_carries_words_of_approval():
    for form in COMMANDS:
        line = f"/{form.name} prod c19a6f2" if len(form.places) == 2 else f"/{form.name}"
        for command in read_commands(line):
            assert (command.words is not None) == (form.name is CommandName.APPROVE)
