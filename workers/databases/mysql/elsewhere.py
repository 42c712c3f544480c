"""Tables whose rows another server or program holds: what leads there is hidden, and a copy has a plain table in their place."""

from __future__ import annotations

import re

import pymysql

from workers.databases.mysql.catalog_frame import Frame, Row, ask
from workers.databases.mysql.spelling import literal, quoted

_ENGINES = frozenset({"FEDERATED", "CONNECT", "SPIDER", "S3", "OQGRAPH", "SPHINX", "NDBCLUSTER"})
_OPTION = re.compile(r"""(?:[^\s"'=]|"[^"]*")+=(?:'(?:[^'\\]|\\.|'')*'|"[^"]*"|\S*)|\S+""")
_END = "\n) ENGINE="
_KEPT = ("DEFAULT", "CHARSET=", "COLLATE=")
_SERVER = "SELECT Host, Db, Username, Password, Port, Socket, Wrapper, Owner FROM mysql.servers WHERE Server_name = {}"


def is_elsewhere(engine: str | None) -> bool:
    """Whether tables of this engine lead to another place."""
    return (engine or "").upper() in _ENGINES


def options(text: str) -> list[str]:
    """The options at the end of a table's definition, each with its value."""
    return _OPTION.findall(text)


def leads_to(frame: Frame, table: str, engine: str) -> tuple[str | None, str | None]:
    """The hash of a table's connection, and of what the server that it names was made with; the information schema has neither."""
    frame.skip("remote table", (table,), f"its rows are where {engine} leads; a copy has a plain table in its place")
    try:
        definition = str(_asked(frame, f"SHOW CREATE TABLE {quoted(table)}")[0][1])
    except pymysql.Error:
        frame.skip("connection", (table,), f"the server does not say where this table of {engine} leads")
        return None, None
    connection = _connection(_tail(definition))
    return (frame.hiding.value(connection), _server(frame, table, connection)) if connection else (None, None)


def plain(definition: str) -> str:
    """A table's definition for a copy, beside which code of a pull runs: no connection, and a plain table for one that leads elsewhere."""
    tail = _tail(definition)
    engine, _, rest = tail.removeprefix(_END).partition("\n")[0].partition(" ")
    if is_elsewhere(engine):
        kept = (item for item in options(rest) if item.startswith(_KEPT))
        return " ".join((f"{definition.removesuffix(tail)}{_END}InnoDB", *kept))
    connection = _connection(tail)
    return definition.removesuffix(tail) + tail.replace(f" {connection}", "") if connection else definition


def _tail(definition: str) -> str:
    """What follows the columns and keys; in a text of the server's own no value has a line break there."""
    start = definition.rfind(_END)
    return definition[start:] if start >= 0 else ""


def _connection(tail: str) -> str | None:
    return next((item for item in options(tail) if item.startswith("CONNECTION=")), None)


def _server(frame: Frame, table: str, connection: str) -> str | None:
    if "://" in connection:
        return None
    name = connection.partition("'")[2].rstrip("'").partition("/")[0]
    try:
        return frame.hiding.value(repr(_asked(frame, _SERVER.format(literal(name)))))
    except pymysql.Error:
        frame.skip(
            "connection", (table,), f"the reading role may not see what the server {name} was made with (mysql.servers)"
        )
        return None


def _asked(frame: Frame, query: str) -> tuple[Row, ...]:
    """Asked of few databases: an answer that no seal holds."""
    frame.asked.append(query)
    return ask(frame.connection, query)
