"""A statement with its parameters written into it as literals, by the project's own driver wherever that can do it."""

# ruff: noqa: ANN401 -- what hooks and drivers hand over has no type of its own
from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

# Text in which a placeholder is none: literals, quoted names, comments, dollar quotes.
_OPAQUE = (
    r"(?P<opaque>(?i:e)'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/"
    r"|\$(?P<tag>[A-Za-z_]\w*|)\$.*?\$(?P=tag)\$)"
)
# In MySQL a backslash escapes in every text, and a name stands between backquotes.
_OPAQUE_MYSQL = (
    r"(?P<opaque>'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|`(?:[^`]|``)*`|--(?=\s)[^\n]*|\#[^\n]*|/\*.*?\*/)"
)
_PLACEHOLDER = {
    "numeric_dollar": r"\$(?P<number>\d+)",
    "format": r"%[s%]",
    "qmark": r"\?",
}
_PLAIN = (date, datetime, time, UUID)


_sqlite3: Any = importlib.import_module("sqlite3")


class UnrenderableError(Exception):
    """A parameter has no literal form that is sure to mean the same."""


def rendered(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any) -> Iterator[str]:
    """The statement once for each set of parameters. Raises UnrenderableError."""
    if context is not None and context.execution_options.get("no_parameters") and not parameters:
        yield statement
        return
    write = _writer(conn, cursor)
    for values in parameters if isinstance(parameters, list) else [parameters]:
        yield write(statement, values)


def _writer(conn: Any, cursor: Any) -> Callable[[str, Any], str]:
    driver = conn.dialect.driver
    if driver in {"psycopg", "psycopg_async"}:
        return _psycopg(conn)
    if hasattr(cursor, "mogrify"):  # psycopg2
        return lambda statement, values: _decoded(cursor.mogrify(statement, values))
    style = (
        "numeric_dollar" if driver == "asyncpg" and "numeric" in conn.dialect.paramstyle else conn.dialect.paramstyle
    )
    literal = _LITERALS.get(driver) or _LITERALS.get(conn.dialect.name)
    if literal is None or style not in _PLACEHOLDER:
        raise UnrenderableError(f"Parameters of the driver {driver} ({style}) cannot be written as literals.")
    opaque = _OPAQUE_MYSQL if literal is _mysql_literal else _OPAQUE
    return lambda statement, values: _filled(statement, values, style, literal, opaque)


def _psycopg(conn: Any) -> Callable[[str, Any], str]:
    psycopg: Any = sys.modules["psycopg"]  # the project's own: it is connected by it
    raw = conn.connection.driver_connection
    kind: Any = psycopg.AsyncClientCursor if isinstance(raw, psycopg.AsyncConnection) else psycopg.ClientCursor

    def write(statement: str, values: Any) -> str:
        try:
            return str(kind(raw).mogrify(statement, values))
        except psycopg.ProgrammingError as error:
            raise UnrenderableError(f"A parameter cannot be written as a literal: {error}") from error

    return write


def _decoded(text: str | bytes) -> str:
    return text.decode("utf-8") if isinstance(text, bytes) else text


def _filled(statement: str, values: Any, style: str, literal: Callable[[Any], str], opaque: str) -> str:
    """Put literals in the place of placeholders, outside of quotes and comments."""
    if isinstance(values, dict):
        raise UnrenderableError("Named parameters of this driver cannot be written as literals.")
    used = iter(values)

    def put(found: re.Match[str]) -> str:
        text = found[0]
        if found["opaque"] is not None:
            return text.replace("%%", "%") if style == "format" else text
        if text == "%%":
            return "%"
        try:
            return literal(values[int(found["number"]) - 1] if style == "numeric_dollar" else next(used))
        except (IndexError, StopIteration):
            raise UnrenderableError("The statement has more placeholders than parameters.") from None

    if not values and style != "format":
        return statement
    return re.sub(f"{opaque}|{_PLACEHOLDER[style]}", put, statement, flags=re.DOTALL)


def _sqlite_literal(value: Any) -> str:
    """As SQLite itself quotes the value that its driver makes of it."""
    if isinstance(value, str) and "\0" in value:
        raise UnrenderableError("A text with a zero character cannot be written as a literal.")
    memory = _sqlite3.connect(":memory:")
    try:
        (text,) = memory.execute("SELECT quote(?)", (value,)).fetchone()
    except (_sqlite3.Error, OverflowError, TypeError) as error:
        raise UnrenderableError(
            f"A parameter of type {type(value).__name__} cannot be written as a literal: {error}"
        ) from None
    finally:
        memory.close()
    return str(text)


def _postgresql_literal(value: Any) -> str:
    """Simple types only; a cast beside the placeholder, which SQLAlchemy writes for asyncpg, gives the type."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return _number(value)
    if isinstance(value, str):
        return _quoted("".join(value))
    if isinstance(value, bytes | bytearray | memoryview):
        return f"'\\x{bytes(value).hex()}'::bytea"
    if isinstance(value, timedelta):
        return f"'{value.days} days {value.seconds}.{value.microseconds:06d} seconds'::interval"
    if isinstance(value, _PLAIN):
        return _quoted(str(value))
    if isinstance(value, list | tuple):
        return _quoted("{" + ",".join(_array_item(item) for item in value) + "}")
    raise UnrenderableError(f"A parameter of type {type(value).__name__} cannot be written as a literal.")


def _asyncpg_literal(value: Any) -> str:
    """Asyncpg sends the first and the last moment that Python knows as infinity."""
    if isinstance(value, date):
        text = str(value).partition("+")[0]
        ends = {str(date.min): "'-infinity'", str(date.max): "'infinity'"}
        ends |= {f"{date.min} 00:00:00": "'-infinity'", f"{date.max} 23:59:59.999999": "'infinity'"}
        if text in ends:
            return ends[text]
    return _postgresql_literal(value)


def _mysql_literal(value: Any) -> str:
    """Simple types, as the usual drivers write them."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, bytes | bytearray | memoryview):
        return f"_binary 0x{bytes(value).hex()}" if value else "''"
    if isinstance(value, str):
        if "\0" in value:
            raise UnrenderableError("A text with a zero character cannot be written as a literal.")
        return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
    if isinstance(value, timedelta):
        minutes, seconds = divmod(value.days * 86400 + value.seconds, 60)
        hours, minutes = divmod(minutes, 60)
        return f"'{hours:02d}:{minutes:02d}:{seconds:02d}.{value.microseconds:06d}'"
    if isinstance(value, datetime) and value.tzinfo is not None:
        raise UnrenderableError("A moment with a time zone cannot be written as a literal.")
    if value is None or isinstance(value, int | float | Decimal | date | datetime | time | UUID):
        return _postgresql_literal(value)
    raise UnrenderableError(f"A parameter of type {type(value).__name__} cannot be written as a literal.")


def _number(value: float | Decimal) -> str:
    text = str(value)
    if not re.fullmatch(r"-?\d+(\.\d*)?([eE][-+]?\d+)?", text):
        return _quoted(text)  # NaN, Infinity
    return f"({text})" if text.startswith("-") else text


def _quoted(text: str) -> str:
    if "\0" in text:
        raise UnrenderableError("A text with a zero character cannot be written as a literal.")
    doubled = text.replace("'", "''")
    # The E form reads the same whatever standard_conforming_strings says.
    return "E'" + doubled.replace("\\", "\\\\") + "'" if "\\" in text else f"'{doubled}'"


def _array_item(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list | tuple):
        return "{" + ",".join(_array_item(item) for item in value) + "}"
    if isinstance(value, str | int | float | Decimal | UUID | date | datetime | time):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    raise UnrenderableError(f"A list with {type(value).__name__} cannot be written as a literal.")


_LITERALS: dict[str, Callable[[Any], str]] = {
    "asyncpg": _asyncpg_literal,
    "sqlite": _sqlite_literal,
    "postgresql": _postgresql_literal,
    "mysql": _mysql_literal,
    "mariadb": _mysql_literal,
}
