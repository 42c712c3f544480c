"""Markdown to HTML as GitHub shows it: tables, task lists, details, highlighted code, bare links, mentions, alerts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup
from pygments import highlight as pygments_highlight  # type: ignore[import-untyped]
from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]
from pygments.util import ClassNotFound  # type: ignore[import-untyped]

from deploy.demo.github.pages.sanitize import sanitize

TASK = re.compile(r"\[([ xX])\] ")
ALERT = re.compile(r"\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*$", re.MULTILINE)
LINKS = re.compile(
    r"(?P<url>https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]}])|(?<![\w/@.])@(?P<who>[A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))(?![\w@.])"
)


def comment_html(text: str) -> Markup:
    """A comment: a line break is a line break."""
    return Markup(sanitize(_COMMENTS.render(text)))  # noqa: S704 - sanitized


def document_html(text: str, base: str) -> Markup:
    """A file of Markdown: a line break is a space; relative links start at `base`, or at the page where that is empty."""
    return Markup(sanitize(_DOCUMENTS.render(text, {"base": base})))  # noqa: S704 - sanitized


def code_html(code: str, language: str) -> str:
    """Highlighted code inside `pre`; an unknown language is plain text."""
    name = language.split(maxsplit=1)[0].lower() if language.split() else ""
    try:
        lexer = get_lexer_by_name(name, stripnl=False) if name else None
    except ClassNotFound:
        lexer = None
    inner = pygments_highlight(code, lexer, HtmlFormatter(nowrap=True)) if lexer else escape(code)
    return f'<pre class="highlight"><code>{inner}</code></pre>\n'


def _build(*, breaks: bool) -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": True, "breaks": breaks, "highlight": None})
    markdown.enable(["table", "strikethrough"])
    markdown.core.ruler.push("github", _github)
    markdown.add_render_rule("fence", _fence)
    markdown.add_render_rule("code_block", _fence)
    return markdown


def _fence(_renderer: object, tokens: Sequence[Token], at: int, _options: object, _env: object) -> str:
    return code_html(tokens[at].content, tokens[at].info)


def _github(state: StateCore) -> None:
    tokens = state.tokens
    for at, token in enumerate(tokens):
        if token.type != "inline" or token.children is None:
            continue
        if at >= 2 and tokens[at - 2].type == "list_item_open":
            _task(tokens[at - 2], token)
        if at >= 2 and tokens[at - 2].type == "blockquote_open":
            _alert(tokens[at - 2], token)
        _rebase(token.children, state.env.get("base", ""))
        token.children = _linked(token.children)


def _rebase(children: list[Token], base: str) -> None:
    for child in children:
        href = child.attrGet("href")
        if base and child.type == "link_open" and isinstance(href, str) and not re.match(r"[a-z]+:|/|#", href):
            child.attrSet("href", base + href)


def _task(item: Token, inline: Token) -> None:
    first = inline.children[0] if inline.children else None
    found = TASK.match(first.content) if first and first.type == "text" else None
    if first is None or found is None:
        return
    item.attrSet("class", "task-item")
    first.content = first.content[found.end() :]
    checked = " checked" if found[1] != " " else ""
    inline.children = [_html(f'<input type="checkbox" disabled{checked}> '), *(inline.children or [])]


def _alert(quote: Token, inline: Token) -> None:
    children = inline.children or []
    found = ALERT.match(children[0].content) if children and children[0].type == "text" else None
    if found is None:
        return
    kind = found[1].lower()
    quote.attrSet("class", f"alert alert-{kind}")
    rest = children[2:] if len(children) > 1 else []  # the line break after the marker goes too
    inline.children = [_html(f'<span class="alert-title">{kind.title()}</span>'), *rest]


def _linked(children: list[Token]) -> list[Token]:
    """Bare addresses and mentions in plain text become links, outside links and code."""
    result: list[Token] = []
    inside = 0
    for child in children:
        inside += child.nesting if child.type in ("link_open", "link_close") else 0
        if child.type == "html_inline" and re.match(r"</?(a|code)\b", child.content, re.IGNORECASE):
            inside += -1 if child.content.startswith("</") else 1
        if child.type != "text" or inside > 0 or not LINKS.search(child.content):
            result.append(child)
            continue
        result += _split(child.content)
    return result


def _split(text: str) -> list[Token]:
    parts, end = [], 0
    for found in LINKS.finditer(text):
        parts.append(_text(text[end : found.start()]))
        if found["url"]:
            parts.append(_html(f'<a href="{escape(found["url"])}">{escape(found["url"])}</a>'))
        else:
            parts.append(_html(f'<span class="mention">@{escape(found["who"])}</span>'))
        end = found.end()
    return [*parts, _text(text[end:])]


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _html(content: str) -> Token:
    return Token("html_inline", "", 0, content=content)


_COMMENTS = _build(breaks=True)
_DOCUMENTS = _build(breaks=False)
