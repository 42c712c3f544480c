"""One spelling of types, defaults and texts for what MariaDB, MySQL and their versions say differently."""

from __future__ import annotations

import re

# Display widths say nothing about values; MySQL has left them out since 8.0.19, except for the customary boolean.
_WIDTH = re.compile(r"^(tinyint|smallint|mediumint|int|bigint)\(\d+\)")
_BOOLEAN = "tinyint(1)"
_NUMBERS = ("tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float", "double", "bit", "year")
_NOW = re.compile(r"^(?:current_timestamp|now|localtime|localtimestamp)(?:\(\s*(\d*)\s*\))?$", re.IGNORECASE)
_ALIAS = re.compile(r"\butf8(?=_|$)")
_TEXT = r"'(?:[^'\\]|\\.|'')*'"
_RULES = {"NO ACTION": "", "RESTRICT": ""}  # InnoDB checks at once in either case


def type_of(text: str) -> str:
    """A column's type without display width."""
    if text.startswith(_BOOLEAN) or "zerofill" in text:
        return text
    return _WIDTH.sub(r"\1", text).replace("year(4)", "year")


def collation(text: str | None) -> str | None:
    """A collation by its present name: utf8 has been utf8mb3 since MariaDB 10.6 and MySQL 8.0.30."""
    return _ALIAS.sub("utf8mb3", text) if text else None


def default_of(text: str | None, column_type: str, extra: str, *, mariadb: bool) -> str | None:
    """A default as SQL text; None where there is none, or only the NULL that every nullable column has."""
    if text is None or (mariadb and text == "NULL"):
        return None
    if mariadb:
        return moment(text)
    if "DEFAULT_GENERATED" in extra or _NOW.match(text):
        return moment(text)
    if column_type.startswith(_NUMBERS):
        return text
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def moment(text: str) -> str:
    """The present moment is spelled `current_timestamp()` in MariaDB, `CURRENT_TIMESTAMP` in MySQL, and in more ways by people."""
    found = _NOW.match(text)
    return f"current_timestamp({found[1] or ''})" if found else text


def on_update(extra: str) -> str | None:
    """What a column is set to whenever its row changes."""
    found = re.search(r"on update (\S+)", extra, re.IGNORECASE)
    return moment(found[1].rstrip(",")) if found else None


def rule(text: str) -> str:
    """What a foreign key does; empty for refusing, which is what it does when nothing is said."""
    return _RULES.get(text, text.lower())


def unqualified(text: str, database: str) -> str:
    """A text of the server's own without the name of the database that it is in."""
    name = "`" + database.replace("`", "``") + "`."
    if name not in text:
        return text

    def leave(found: re.Match[str]) -> str:
        return found["kept"] or found[0]

    return re.sub(rf"{_TEXT}|{re.escape(name)}(?P<kept>`(?:[^`]|``)*`)|`(?:[^`]|``)*`", leave, text)


def quoted(*names: str) -> str:
    """Names as SQL wants them, joined by dots."""
    return ".".join("`" + name.replace("`", "``") + "`" for name in names)


def literal(text: str) -> str:
    """A text as SQL wants it, whatever sql_mode says of backslashes."""
    if "\\" in text:
        return f"CONVERT(0x{text.encode().hex()} USING utf8mb4)"
    return "'" + text.replace("'", "''") + "'"
