"""How a text that anybody may have written becomes Markdown that can only be read: no mention, link, image, HTML, table cell or fence of its own."""

from __future__ import annotations

import re
import unicodedata

from workers.core.redact import redact

LONGEST = 300
_MARGIN = 1_500  # more than any secret that is cut in its middle could be, so that what is left of it is cut away too
_BREAK = (
    "\ue000"  # stands for the break until everything is escaped; `visible` has spelled out any that came with the text
)
_SPECIAL = re.compile(r"([\\`*\[\]|~$])")
_EDGE_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_LINE_START = re.compile(r"^(\s*)(?:([-+=#])|(\d+)([.)])(?=\s|$))")
# Where GitHub would see a mention, an address, a reference or an emoji: a break of no width after the sign takes that away.
_WOKEN = re.compile(r"(?i)@|:(?=//)|www(?=\.)|#(?=\d)|\bgh-(?=\d)|(?<!\d):(?=[a-z0-9_+-]+:)")
_SPAN = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_HIDDEN = {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"}


def plain(text: str, longest: int = LONGEST) -> str:
    """Return `text` as words of a sentence: one line, nothing of it is mark-up, mentions nobody, links nowhere."""
    return _LINE_START.sub(_unlisted, _inline(text, longest))


def code(text: str, longest: int = LONGEST) -> str:
    """Return `text` as a code span of one line, whatever backticks it holds."""
    text = visible(_one_line(text, longest)) or " "
    ticks = "`" * (_longest_run(text, "`") + 1)
    space = " " if text[0] == "`" or text[-1] == "`" or (text[0] == text[-1] == " " and text.strip()) else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def prose(text: str, longest: int = 2_000) -> str:
    """Return a sentence that may hold code spans of its own (`like this`); everything else in it is plain."""
    parts, last = [], 0
    text = _one_line(text, longest)
    for match in _SPAN.finditer(text):
        parts += [_inline(text[last : match.start()], longest), code(match[2].strip(), longest)]
        last = match.end()
    return _LINE_START.sub(_unlisted, "".join([*parts, _inline(text[last:], longest)]))


def fence(text: str, language: str = "") -> str:
    """Return `text` as a fenced block that no line of it can close. Its parts were redacted one by one, so that a mask stays in its part."""
    text = visible(text.replace("\r\n", "\n").replace("\r", "\n"), keep="\n\t").strip("\n")
    ticks = "`" * max(3, _longest_run(text, "`") + 1)
    return f"{ticks}{language}\n{text}\n{ticks}"


def cell(markdown: str) -> str:
    """Return Markdown that was escaped already as one cell of a table."""
    return re.sub(r"(?<!\\)\|", r"\\|", markdown.replace("\n", " "))


def link(markdown: str, url: str) -> str:
    """Return a link; the label is Markdown already, the URL is one of ours. Without a URL only the label."""
    if not url:
        return markdown
    safe = "".join(letter if letter.isprintable() and letter not in " <>()[]\\\"'`" else "" for letter in url)
    return f"[{markdown}]({safe})"


def visible(text: str, keep: str = "") -> str:
    """Return `text` with every character that cannot be seen, or turns the direction of reading, spelled out."""
    if text.isascii() and text.isprintable():
        return text
    return text.translate(_Spelling(keep) if keep else _SPELLING)


def is_hidden(letter: str) -> bool:
    """Whether a reader could not see this character, or would be misled by it."""
    return unicodedata.category(letter) in _HIDDEN


def shortened(text: str, longest: int) -> str:
    """Cut a text in the middle of nowhere, and say so; what looks like a secret is masked before a cut could hide that it is one."""
    if len(text) > longest + _MARGIN:
        return redact(text[: longest + _MARGIN])[: longest - 1] + "…"
    text = redact(text)
    return text if len(text) <= longest else text[: longest - 1] + "…"


class _Spelling(dict[int, str | int]):
    """What each character is written as; worked out once, when it is first met."""

    def __init__(self, keep: str = "") -> None:
        super().__init__({ord(letter): letter for letter in keep})

    def __missing__(self, number: int) -> str | int:
        self[number] = f"⟨U+{number:04X}⟩" if is_hidden(chr(number)) else number
        return self[number]


_SPELLING = _Spelling()


def _inline(text: str, longest: int) -> str:
    text = _WOKEN.sub(lambda match: match[0] + _BREAK, visible(_one_line(text, longest)))
    text = _SPECIAL.sub(r"\\\1", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _EDGE_UNDERSCORE.sub(r"\\_", text).replace(_BREAK, "&#8203;")


def _unlisted(match: re.Match[str]) -> str:
    """What would begin a list, a heading or an underline at the start of a line."""
    return f"{match[1]}\\{match[2]}" if match[2] else f"{match[1]}{match[3]}\\{match[4]}"


def _one_line(text: str, longest: int) -> str:
    return shortened(re.sub(r"[ \t]*[\r\n]+[ \t]*", " ", text).replace("\t", " "), longest)


def _longest_run(text: str, letter: str) -> int:
    return max((len(run) for run in re.findall(re.escape(letter) + "+", text)), default=0)
