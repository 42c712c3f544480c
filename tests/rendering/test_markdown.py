"""A hostile text stays a text, whatever a Markdown renderer makes of it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rendering.reading import PARSER, words
from workers.rendering.markdown import cell, code, fence, link, plain, prose

NASTY = st.text(st.sampled_from("`|*_~[]()<>!@#:-+=. \n\tab1/&\\$\u202e\u200b\x00\ue000"), max_size=40)
HOSTILE = (
    "a`b``c```d",
    "x | y",
    "--> <!-- y",
    "@team/dba @alice",
    "<script>alert(1)</script>",
    "![i](http://evil.example/x.png)",
    "[l](javascript:alert(1))",
    "https://evil.example www.evil.example",
    "# heading",
    "- item",
    "1. item",
    "1) item",
    "=== ---",
    "&lt;b&gt; &#64;alice",
    "~~gone~~ **bold** _it_",
    "$x$ :tada: #12 GH-12",
    "line\n\n# two",
    "\u202eevil\u2066 zero\u200bwidth \u2028 nul\x00",
    "\ue000",
    "\\",
    "\\`",
    "",
)


def kinds(markdown: str) -> set[str]:
    return {token.type for block in PARSER.parse(markdown) for token in (block, *(block.children or ()))}


def shown(markdown: str) -> str:
    return re.sub(r"<[^>]+>", "", PARSER.render(markdown)).replace("\u200b", "")


@pytest.mark.parametrize("text", HOSTILE)
def test_plain_words_are_nothing_but_words(text):
    assert kinds(plain(text)) <= {"paragraph_open", "inline", "text", "text_special", "paragraph_close"}


@given(NASTY)
def test_any_text_stays_one_line_of_words(text):
    assert kinds(plain(text)) <= {"paragraph_open", "inline", "text", "text_special", "paragraph_close"}


@given(NASTY)
def test_any_text_stays_one_code_span(text):
    inline = PARSER.parseInline(code(text))[0].children or []
    assert [token.type for token in inline] == ["code_inline"]


@given(NASTY)
def test_a_sentence_holds_words_and_code_and_nothing_else(text):
    allowed = {"paragraph_open", "inline", "text", "text_special", "code_inline", "paragraph_close"}
    assert kinds(prose(text)) <= allowed


@given(NASTY, st.sampled_from([plain, code, prose]))
def test_a_cell_never_becomes_two(text, escape):
    table = f"| a | b |\n|---|---|\n| {cell(escape(text))} | end |"
    rows = [token for token in PARSER.parse(table) if token.type == "td_open"]
    assert len(rows) == 2


@given(NASTY)
def test_a_fence_is_closed_by_us_alone(text):
    tokens = PARSER.parse(fence(text, "sql") + "\n\nafter")
    assert [token.type for token in tokens] == ["fence", "paragraph_open", "inline", "paragraph_close"]


@given(NASTY)
def test_nobody_is_mentioned_outside_code(text):
    assert not re.search(r"@\w", words(prose(text)))


def test_words_are_shown_as_they_were_written():
    assert shown(plain("orders.delivery_note is 5 < 6 & 7 > 2, `x` *y* @bob")).strip() == (
        "orders.delivery_note is 5 &lt; 6 &amp; 7 &gt; 2, `x` *y* @bob"
    )


def test_what_cannot_be_seen_is_spelled_out():
    assert code("a\u202eb") == "`a⟨U+202E⟩b`"
    assert "⟨U+200B⟩" in plain("zero\u200bwidth")
    assert "⟨U+202E⟩" in fence("-- \u202e")


def test_code_in_a_sentence_stays_code():
    assert prose("comment `/plan prod`, or ask @bob") == "comment `/plan prod`, or ask @&#8203;bob"


def test_a_url_cannot_end_its_link():
    assert link("l", "https://a.example/x)](y z<b>") == "[l](https://a.example/xyzb)"
    assert link("l", "") == "l"


def test_a_secret_is_masked_before_a_cut_could_hide_that_it_is_one():
    assert "hunter22" not in plain("postgresql://shop:hunter22@db/shop", 26)


def test_a_time_is_not_taken_for_an_emoji():
    assert plain("at 15:04:44") == "at 15:04:44"


def test_a_version_is_not_taken_for_a_list():
    assert shown(plain("16.4")).strip() == "16.4"
