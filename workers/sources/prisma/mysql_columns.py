"""What a field's column looks like in MySQL's catalog: its type and its default, as far as that is certain."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from workers.sources.prisma.datamodel import Column, Given

# https://www.prisma.io/docs/orm/overview/databases/mysql: what a field becomes without a native type.
_USUAL = {
    "String": "varchar(191)",
    "Boolean": "tinyint(1)",
    "Int": "int",
    "BigInt": "bigint",
    "Float": "double",
    "Decimal": "decimal(65,30)",
    "DateTime": "datetime(3)",
    "Json": "json",
    "Bytes": "longblob",
}
_UNSIGNED = "Unsigned"
_NO_DEFAULT = ("text", "blob", "json", "bit", "binary", "varbinary", "tinytext", "mediumtext", "longtext", "geometry")
_NOW = re.compile(r"current_timestamp\((\d*)\)")
_PRECISION = re.compile(r"\((\d+)\)")
_SCALE = re.compile(r"\(\d+,(\d+)\)")
_NUMBERS = frozenset({"Int", "BigInt", "Float", "Decimal"})


def types(column: Column) -> tuple[str, ...]:
    """Every spelling of the type that may stand in the catalog; one of Prisma's that is not known here has none."""
    if column.labels:
        return (f"enum({','.join(_quoted(label) for label in column.labels)})",)
    if not column.native:
        return (_USUAL[column.type],) if column.type in _USUAL else ()
    name, *arguments = column.native
    plain = name.removeprefix(_UNSIGNED).lower() + (" unsigned" if name.startswith(_UNSIGNED) else "")
    if plain == "tinyint":
        return ("tinyint", "tinyint(1)")
    if plain in {"decimal", "char", "bit", "binary"} and not arguments:
        return (f"{plain}({'10,0' if plain == 'decimal' else '1'})",)
    if plain in {"timestamp", "datetime", "time"} and arguments in ([], ["0"]):
        return (plain,)
    return (f"{plain}({','.join(arguments)})" if arguments else plain,)


def default_differs(column: Column, live_type: str, live: str | None) -> bool | None:
    """Whether a column's default is another one; None where that is not certain."""
    if column.given is Given.EXPRESSION or live_type.startswith(_NO_DEFAULT):
        return None
    if column.given in {Given.NOTHING, Given.COUNTER}:
        # Old servers give the first timestamp of a table a default that nobody wrote.
        return None if live_type.startswith("timestamp") and live is not None else live is not None
    if column.given is Given.NOW:
        return _moment_differs(live_type, live)
    return True if live is None else _literal_differs(column, live_type, live)


def _moment_differs(live_type: str, live: str | None) -> bool | None:
    if not live_type.startswith(("timestamp", "datetime")):
        return None
    found = _NOW.fullmatch(live or "")
    precision = _PRECISION.search(live_type)
    return found is None or int(found[1] or 0) != int(precision[1] if precision else 0)


def _literal_differs(column: Column, live_type: str, live: str) -> bool | None:
    if column.type == "Boolean":
        return live.strip("'") != ("1" if column.default == "true" else "0")
    if column.type in _NUMBERS:
        return _number_differs(column.default, live_type, live)
    if column.type in {"String", "Enum"}:
        # How a quote or a backslash is spelled in a catalog depends on the server.
        return None if re.search(r"['\\\x00-\x1f]", column.default) else live != f"'{column.default}'"
    return None


def _number_differs(default: str, live_type: str, live: str) -> bool | None:
    """The catalog rounds to the type's scale."""
    try:
        expected, found = Decimal(default), Decimal(live.strip("'"))
    except InvalidOperation:
        return None
    scale = _SCALE.search(live_type)
    room = Decimal(1).scaleb(-int(scale[1])) / 2 if scale else Decimal(0)
    if live_type.startswith(("float", "double")):
        return (
            None
            if float(expected) != float(found) and live_type.startswith("float")
            else float(expected) != float(found)
        )
    return abs(expected - found) > room


def _quoted(label: str) -> str:
    return "'" + label.replace("'", "''") + "'"
