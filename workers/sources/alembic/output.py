"""What the recorder's process wrote, read as the hostile text it may be: the project's code shared that process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

STATEMENTS = 20_000
STATEMENT_BYTES = 8 * 1024 * 1024
_LINES = 3 * STATEMENTS
_LINE_BYTES = 6 * STATEMENT_BYTES  # JSON may write a character as six
_ANSWER_BYTES = 2 * 1024 * 1024
_TEXT = 4000
_NOTES = 50
_DECLARED = 5_000
_FILE = 48_000  # a comment takes 65,536 characters
_PATH = 300


class OutputError(ValueError):
    """The text is not what the recorder writes."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One statement as the recorder says it was sent; `looked_at`: the migration asked what it came back with."""

    sql: str
    revision: str
    group: int
    transactional: bool
    read: bool
    looked_at: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The recorder's whole answer. `undo` is None where there is no way back, or none was asked for."""

    main: tuple[Sent, ...]
    undo: tuple[Sent, ...] | None
    undo_error: str
    declared: tuple[str, ...] | None
    declared_error: str
    failed: str
    error: str
    tool: str
    notes: tuple[str, ...]
    suggested: tuple[str, str] | None
    suggested_error: str
    uncompared: tuple[str, ...]


def read_output(content: bytes) -> Said:
    """Read a complete answer. Raises OutputError where it is cut, too large, doubled or of another form."""
    parts: dict[str, list[Sent]] = {"main": [], "undo": []}
    answer: dict[str, Any] | None = None
    for line in _lines(content):
        if answer is not None:
            raise OutputError("something follows the answer")
        key, value = _pair(line)
        if key in parts:
            parts[key].append(_sent(value))
        elif key == "answer":
            answer = _answer(line, value)
        if sum(map(len, parts.values())) > STATEMENTS:
            raise OutputError(f"more than {STATEMENTS} statements were recorded")
    if answer is None:
        raise OutputError("it ended without an answer")
    return _said(parts, answer)


def last_revision(content: bytes) -> str:
    """The revision that was running when the output stopped, "" where none was."""
    running = ""
    try:
        for line in _lines(content):
            key, value = _pair(line)
            running = value if key == "at" and isinstance(value, str) else running
    except OutputError:
        pass
    return running[:200]


def _lines(content: bytes) -> Iterator[bytes]:
    start = 0
    for _ in range(_LINES):
        end = content.find(b"\n", start)
        if end < 0:
            if start < len(content):
                raise OutputError("its last line is cut")
            return
        if end - start > _LINE_BYTES:
            raise OutputError("one of its lines is too long")
        yield content[start:end]
        start = end + 1
    raise OutputError("it has too many lines")


def _pair(line: bytes) -> tuple[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise OutputError("one of its lines is not JSON") from None
    if not isinstance(value, dict) or len(value) != 1:
        raise OutputError("one of its lines is of another form")
    return next(iter(value.items()))


def _sent(value: Any) -> Sent:  # noqa: ANN401 -- JSON
    if not isinstance(value, list) or [type(item) for item in value] != [str, str, int, bool, bool, bool]:
        raise OutputError("a statement is of another form")
    sent = Sent(*value)
    if not 0 <= sent.group <= _LINES or len(sent.revision) > 200:
        raise OutputError("a statement is of another form")
    if len(sent.sql) > STATEMENT_BYTES or len(_encoded(sent.sql)) > STATEMENT_BYTES:
        raise OutputError(f"a statement is larger than {STATEMENT_BYTES // 1024 // 1024} MiB")
    return sent


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise OutputError("a statement is not text") from None


def _answer(line: bytes, value: Any) -> dict[str, Any]:  # noqa: ANN401 -- JSON
    if not isinstance(value, dict) or len(line) > _ANSWER_BYTES:
        raise OutputError("the answer is of another form")
    return value


def _said(parts: dict[str, list[Sent]], answer: dict[str, Any]) -> Said:
    if any(answer.get(key, 0) not in {None, len(sent)} for key, sent in parts.items()):
        raise OutputError("statements are missing")
    declared = answer.get("declared")
    return Said(
        main=tuple(parts["main"]),
        undo=tuple(parts["undo"]) if type(answer.get("undo")) is int else None,
        undo_error=_text(answer, "undo_error"),
        declared=None if declared is None else _texts(declared, _DECLARED),
        declared_error=_text(answer, "declared_error"),
        failed=_text(answer, "failed"),
        error=_text(answer, "error"),
        tool=_text(answer, "tool")[:300],
        notes=_texts(answer.get("notes", []), _NOTES),
        suggested=_file(answer.get("suggested")),
        suggested_error=_text(answer, "suggested_error"),
        uncompared=_texts(answer.get("uncompared", []), _NOTES),
    )


def _file(value: Any) -> tuple[str, str] | None:  # noqa: ANN401 -- JSON
    """(path, text) as they are: only ever shown, and judged by who shows them."""
    if value is None:
        return None
    if not isinstance(value, dict) or [type(value.get(key)) for key in ("path", "text")] != [str, str]:
        raise OutputError("the answer is of another form")
    path, text = value["path"], value["text"]
    if len(path) > _PATH or len(text) > _FILE:
        return "", ""
    _encoded(text)
    return _printable(path), text


def _text(answer: dict[str, Any], key: str) -> str:
    value = answer.get(key, "")
    if not isinstance(value, str):
        raise OutputError("the answer is of another form")
    return _printable(value[:_TEXT])


def _texts(value: Any, most: int) -> tuple[str, ...]:  # noqa: ANN401 -- JSON
    if not isinstance(value, list) or len(value) > most or not all(isinstance(item, str) for item in value):
        raise OutputError("the answer is of another form")
    return tuple(_printable(item[:_TEXT]) for item in value)


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() or sign == "\n" else "?" for sign in text)
