"""Every byte that a digest covers, as pages that a check run can carry: readable SQL first, then the canonical key and body."""

from __future__ import annotations

import json
from collections.abc import Iterator

from workers.core.codec import canonical
from workers.core.plan import Plan
from workers.rendering.markdown import is_hidden
from workers.rendering.phrases import count

LONGEST = 65_535
WIDTH = 120
_ROOM = 60_000  # bytes of content on a page; the rest is for its head and its fence


def plan_pages(plan: Plan) -> tuple[str, ...]:
    """Return the pages. Joined, the lines after `key` and `body` are JSON that gives the digest (`canonical_from_pages`)."""
    lines = [*_readable(plan), *_section("key", canonical(plan.key)), *_section("body", canonical(plan.body))]
    bodies, digest = list(_pages(lines)), plan.digest
    heads = (
        f"sha256 `{digest}` · page {number} of {len(bodies)} · SQL to read, then the canonical key and body that the digest covers "
        f"(characters that cannot be seen are written \\uXXXX)\n\n"
        for number in range(1, len(bodies) + 1)
    )
    return tuple(head + body for head, body in zip(heads, bodies, strict=True))


def canonical_from_pages(pages: tuple[str, ...]) -> bytes:
    """Return the bytes that the digest covers, from the pages alone. Raises ValueError where a page is missing or changed."""
    for number, page in enumerate(pages, 1):
        if f" · page {number} of {len(pages)} · " not in page.partition("\n")[0]:
            raise ValueError(f"page {number} of {len(pages)} is not here")
    parts: dict[str, list[str]] = {}
    current: list[str] = []
    for line in (line for page in pages for line in page.partition("\n\n")[2].split("\n")[1:-1]):
        if line.startswith("="):
            current = parts.setdefault(line[1:], [])
        elif line.startswith("+"):
            current.append(line[1:])
    key, body = ("".join(parts.get(name, ())) for name in ("key", "body"))
    return canonical(json.loads(key)) + b"\n" + canonical(json.loads(body))


def _readable(plan: Plan) -> list[str]:
    statements = plan.body.statements
    lines = [f"-- {count(len(statements), 'statement')}, in order"]
    for number, item in enumerate(statements, 1):
        where = f"group {item.group}" if item.transactional else f"group {item.group}, no transaction"
        lines.append(f"-- {number} of {len(statements)}: migration {item.migration}, {where}")
        lines += item.sql.splitlines()
    if plan.body.way_back.statements:
        lines.append("-- the way back")
        for item in plan.body.way_back.statements:
            lines += item.sql.splitlines()
    return [piece for line in lines for piece in _wrapped(" ", _spelled(line))]


def _section(name: str, data: bytes) -> list[str]:
    """A marked line with the name, then the JSON in lines; JSON of ours has no line ends of its own."""
    return [f"={name}", *_wrapped("+", _spelled(data.decode()))]


def _wrapped(mark: str, text: str) -> list[str]:
    return [mark + text[at : at + WIDTH] for at in range(0, max(len(text), 1), WIDTH)]


def _spelled(text: str) -> str:
    """Spell out what cannot be seen, as JSON may write it."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(letter) if is_hidden(letter) and letter != "\t" else letter for letter in text)


def _escape(letter: str) -> str:
    return json.dumps(letter)[1:-1] if ord(letter) > 0x1F else f"\\u{ord(letter):04x}"


def _pages(lines: list[str]) -> Iterator[str]:
    """Whole lines, so many as fit; the fence is longer than any run of backticks on the page."""
    page: list[str] = []
    room = _ROOM
    for line in lines:
        size = len(line.encode()) + 1
        if page and size > room:
            yield _fenced(page)
            page, room = [], _ROOM
        page.append(line)
        room -= size
    yield _fenced(page)


def _fenced(lines: list[str]) -> str:
    text = "\n".join(lines)
    ticks = "```"
    while ticks in text:
        ticks += "`"
    return f"{ticks}text\n{text}\n{ticks}"
