"""Which HTML may stand in a rendered comment: an allow list like GitHub's; everything else is dropped, comments too."""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser
from urllib.parse import urlsplit

INLINE = "a abbr b br cite code del dfn em i img input ins kbd mark q s samp small span strike strong sub sup var wbr"
BLOCKS = "blockquote caption dd details div dl dt figcaption figure h1 h2 h3 h4 h5 h6 hr li ol p pre summary ul"
TABLES = "table tbody td tfoot th thead tr"
TAGS = frozenset(f"{INLINE} {BLOCKS} {TABLES}".split())
VOID = frozenset(("br", "hr", "img", "input", "wbr"))
DROPPED_WHOLE = frozenset(("script", "style", "iframe", "object", "embed", "template", "textarea", "title", "noscript"))
ANYWHERE = frozenset(("align", "dir", "lang", "title"))
PLACES = {
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "details": {"open"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "input": {"type", "checked", "disabled"},
}
OWN_CLASSES = re.compile(
    r"(?:highlight|task-list|task-item|mention|language-[\w+-]+|[a-z][a-z0-9]{0,2}|alert alert-[a-z]+|alert-title)"
)
SCHEMES = ("", "http", "https", "mailto")


def sanitize(html: str) -> str:
    """Well-formed HTML that holds nothing but the allow list; every tag left open is closed."""
    cleaner = _Cleaner()
    cleaner.feed(html)
    cleaner.close()
    return cleaner.result()


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._out: list[str] = []
        self._open: list[str] = []
        self._dropping = ""

    def result(self) -> str:
        return "".join(self._out) + "".join(f"</{tag}>" for tag in reversed(self._open))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._dropping or tag in DROPPED_WHOLE:
            self._dropping = self._dropping or tag
            return
        if tag not in TAGS or (tag == "input" and dict(attrs).get("type") != "checkbox"):
            return
        kept = "".join(_attribute(name, value) for name, value in attrs if _allowed(tag, name, value))
        if tag == "a":
            kept += ' rel="nofollow noopener"'
        if tag == "input":
            kept += "" if " disabled" in kept else " disabled"
        self._out.append(f"<{tag}{kept}>")
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag in self._open[-1:] and tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._dropping:
            self._dropping = "" if tag == self._dropping else self._dropping
            return
        if tag not in self._open:
            return
        while True:
            closed = self._open.pop()
            self._out.append(f"</{closed}>")
            if closed == tag:
                return

    def handle_data(self, data: str) -> None:
        if not self._dropping:
            self._out.append(escape(data, quote=False))


def _allowed(tag: str, name: str, value: str | None) -> bool:
    if name == "class":
        return OWN_CLASSES.fullmatch(value or "") is not None
    if name in ("href", "src"):
        return name in PLACES.get(tag, ()) and _harmless(value or "")
    return name in ANYWHERE or name in PLACES.get(tag, ())


def _harmless(address: str) -> bool:
    """No scheme that runs anything; browsers ignore control characters in schemes, so an address with one is refused."""
    if re.search(r"[\x00-\x20\x7f]", address.strip()):
        return False
    try:
        return urlsplit(address.strip()).scheme.lower() in SCHEMES
    except ValueError:
        return False


def _attribute(name: str, value: str | None) -> str:
    return f" {name}" if value is None else f' {name}="{escape(value)}"'
