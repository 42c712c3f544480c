"""Which lines of a comment a reader sees as plain text: code, quotes and hidden text are taken out first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE_END = re.compile(r"\r\n|\n|\r")
_FENCE = re.compile(r" {0,3}(?P<mark>`{3,}|~{3,})(?P<rest>.*)")
_QUOTE = re.compile(r" {0,3}>")
# Only these: an odd blank stays and is seen by the grammar.
_BLANKS = " \t"
_CODE_INDENT = re.compile(r" {0,3}\t| {4}")


@dataclass(frozen=True, slots=True)
class Line:
    """A visible line, counted from 1 in the comment. `in_quote` says that GitHub shows it inside the quote above it."""

    number: int
    text: str
    in_quote: bool = False


def plain_lines(body: str) -> tuple[Line, ...]:
    """Return the lines that are left, without white space around them; empty ones are left out.

    Where CommonMark is subtle this takes out more than GitHub hides: a command that is overlooked can be written again.
    """
    return tuple(_without_blocks(_without_hidden(_without_fences(_LINE_END.split(body)))))


def _without_fences(lines: list[str]) -> list[str | None]:
    """Fenced code becomes None. A fence inside a hidden comment is one too: both orders hide the line."""
    kept: list[str | None] = []
    fence = ""
    hidden = False
    for line in lines:
        found = None if hidden else _FENCE.fullmatch(line)
        if fence:
            fence = "" if found and _closes(found, fence) else fence
            kept.append(None)
        elif found and not ("`" in found["mark"] and "`" in found["rest"]):
            fence = found["mark"]
            kept.append(None)
        else:
            hidden = _still_hidden(line, hidden=hidden)
            kept.append(line)
    return kept


def _closes(found: re.Match[str], fence: str) -> bool:
    return found["mark"].startswith(fence) and not found["rest"].strip()


def _still_hidden(line: str, *, hidden: bool) -> bool:
    return _cut_hidden(line, hidden=hidden)[1]


def _without_hidden(lines: list[str | None]) -> Iterator[str | None]:
    """HTML comments become a blank; a comment that never ends hides the rest."""
    hidden = False
    for line in lines:
        if line is None:
            yield None
            continue
        text, hidden = _cut_hidden(line, hidden=hidden)
        yield text


def _cut_hidden(line: str, *, hidden: bool) -> tuple[str, bool]:
    kept, rest = "", line
    while rest:
        mark = "-->" if hidden else "<!--"
        before, found, rest = rest.partition(mark)
        kept += " " if hidden else before
        if not found:
            return kept, hidden
        hidden = not hidden
    return kept, hidden


def _without_blocks(lines: Iterator[str | None]) -> Iterator[Line]:
    """Quotes and indented code go. A line straight below a quote is shown inside it, one below a text continues that text."""
    text_above = in_quote = False
    for number, line in enumerate(lines, start=1):
        if line is None or not line.strip(_BLANKS):
            text_above = in_quote = False
        elif _QUOTE.match(line):
            in_quote = True
            text_above = False
        elif text_above or in_quote or not _CODE_INDENT.match(line):
            yield Line(number, line.strip(_BLANKS), in_quote)
            text_above = True
