"""Where the templates are, and the few words that they may use on a value."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from workers.rendering import markdown

FOLDER = Path(__file__).resolve().parents[2] / "templates"


def render(name: str, **values: object) -> str:
    """Fill a template. Every text of others goes through one of the filters `plain`, `code`, `prose`, `fence`."""
    return _ENVIRONMENT.get_template(name).render(**values)


def _environment() -> Environment:
    # The texts are Markdown: HTML escaping would show entities inside code. Each value is escaped by the filter that fits its place.
    environment = Environment(
        autoescape=False,  # noqa: S701 -- see above
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    words = (markdown.plain, markdown.code, markdown.prose, markdown.fence, markdown.cell, markdown.link)
    environment.filters.update({word.__name__: word for word in words})
    return environment


_ENVIRONMENT = _environment()
