"""What a Markdown renderer makes of a text."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markdown_it.token import Token

PARSER = MarkdownIt("commonmark", {"html": True, "breaks": True}).enable(["table", "strikethrough"])


def tokens(text: str) -> list[Token]:
    """Every token, those inside of lines too."""
    return [token for block in PARSER.parse(text) for token in (block, *(block.children or ()))]


def html_of(text: str) -> list[str]:
    return [token.content for token in tokens(text) if token.type in {"html_block", "html_inline"}]


def words(text: str) -> str:
    """Everything that is neither code nor a fence: where GitHub looks for mentions and addresses."""
    return "\n".join(
        token.content for token in tokens(text) if token.type in {"text", "text_special", "html_inline", "html_block"}
    )
