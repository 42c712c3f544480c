"""Every byte that a digest covers, as pages that a check run can carry: the SQL in lines, then the key and the rest of the body as JSON.

The first character of a line says what it is: `=` begins a part, a space a line of its text, `>` goes on with the line before, `+` is JSON, `#` a
remark. SQL that a reader can see whole stands here once, in lines: the JSON names its part by number.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from workers.core.codec import Json, canonical
from workers.core.plan import Plan, Statement
from workers.core.plan_bytes import body_json
from workers.rendering.markdown import is_hidden
from workers.rendering.phrases import count

LONGEST = 65_535
WIDTH = 120
_ROOM = 60_000  # bytes of content on a page; the rest is for its head and its fence


def plan_pages(plan: Plan) -> tuple[str, ...]:
    """Return the pages; joined they give the bytes of the digest (`canonical_from_pages`)."""
    body = body_json(plan.body)
    lines = _sql(plan)
    for number, statement in enumerate(_statements(body), 1):
        if _is_plain(statement["sql"]):
            statement["sql"] = number
    lines += [*_section("key", canonical(plan.key)), *_section("body", canonical(body))]
    bodies, digest = list(_pages(lines)), plan.digest
    heads = (
        f"sha256 `{digest}` · page {number} of {len(bodies)} · the SQL, then the key and the rest of the body: all that the digest covers "
        f"(characters that cannot be seen are written \\uXXXX)\n\n"
        for number in range(1, len(bodies) + 1)
    )
    return tuple(head + body for head, body in zip(heads, bodies, strict=True))


def canonical_from_pages(pages: tuple[str, ...]) -> bytes:
    """Return the bytes that the digest covers, from the pages alone. Raises ValueError where a page is missing or changed."""
    for number, page in enumerate(pages, 1):
        if f" · page {number} of {len(pages)} · " not in page.partition("\n")[0]:
            raise ValueError(f"page {number} of {len(pages)} is not here")
    parts = _parts(line for page in pages for line in page.partition("\n\n")[2].split("\n")[1:-1])
    key, body = (json.loads(parts.get(name, "")) for name in ("key", "body"))
    for statement in _statements(body):
        if isinstance(statement["sql"], int):
            statement["sql"] = parts[f"sql {statement['sql']}"]
    return canonical(key) + b"\n" + canonical(body)


def _parts(lines: Iterable[str]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in lines:
        mark, text = line[:1], line[1:]
        if mark == "=":
            current = found.setdefault(text, [])
        elif mark == " " and current:
            current.append("\n" + text)
        elif mark in {" ", ">", "+"}:
            current.append(text)
    return {name: "".join(pieces) for name, pieces in found.items()}


def _statements(body: Json) -> list[Json]:
    """All statements of a body, in the order in which their SQL is numbered."""
    return [*body["statements"], *body["way_back"].get("statements", ())]


def _sql(plan: Plan) -> list[str]:
    statements, back = plan.body.statements, plan.body.way_back.statements
    lines = [f"# {count(len(statements), 'statement')}, in order"]
    for number, item in enumerate(statements, 1):
        lines += _part(number, item, f"{number} of {len(statements)}")
    lines += ["# the way back"] if back else []
    for number, item in enumerate(back, 1):
        lines += _part(len(statements) + number, item, f"{number} of {len(back)} of the way back")
    return lines


def _part(number: int, item: Statement, place: str) -> list[str]:
    where = f"group {item.group}" if item.transactional else f"group {item.group}, no transaction"
    remark = _wrapped("#", " " + _spelled(" ".join(f"{place}: migration {item.migration}, {where}".split())), "#")
    name = "sql" if _is_plain(item.sql) else "spelled"
    text = (piece for line in item.sql.split("\n") for piece in _wrapped(" ", _spelled(line), ">"))
    return [*remark, f"={name} {number}", *text]


def _is_plain(sql: str) -> bool:
    """Whether a reader can see every character of it as it is."""
    return _spelled(sql.replace("\n", "")) == sql.replace("\n", "")


def _section(name: str, data: bytes) -> list[str]:
    """A marked line with the name, then the JSON in lines; JSON of ours has no line ends of its own."""
    return [f"={name}", *_wrapped("+", _spelled(data.decode()), "+")]


def _wrapped(mark: str, text: str, rest: str) -> list[str]:
    places = range(0, max(len(text), 1), WIDTH)
    return [(rest if at else mark) + text[at : at + WIDTH] for at in places]


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
