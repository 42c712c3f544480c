"""A target's schema as statements that rebuild it on scratch: what the server itself says with SHOW CREATE, and no row.

`mariadb-dump` writes for a client program: its text has words of that program (DELIMITER), executable comments, and names that
a program reading it might take for its own commands. Here each statement stays alone, and goes to scratch as it came.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import pymysql

from workers.core.errors import ExpectedError
from workers.core.hidden import Hiding
from workers.core.refusals import RefusalCode
from workers.core.schema import Name
from workers.databases.mysql.accounts import definers, server_rights, to_be_made
from workers.databases.mysql.catalog_frame import Connection, Row, ask, server_of
from workers.databases.mysql.elsewhere import plain
from workers.databases.mysql.session import Reading
from workers.databases.mysql.settings import Settings
from workers.databases.mysql.spelling import literal, quoted, unqualified
from workers.ports import Dump, Rows

_TABLES = (
    "SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME"
)
_ROUTINES = """SELECT ROUTINE_NAME, ROUTINE_TYPE FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()
    ORDER BY ROUTINE_TYPE, ROUTINE_NAME"""
_TRIGGERS = """SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()
    ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER"""
_EVENTS = """SELECT EVENT_NAME, UNIX_TIMESTAMP(CREATED) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE() ORDER BY EVENT_NAME"""
_COLUMNS = """SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = {} ORDER BY ORDINAL_POSITION"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One statement of a script, with what its session must be: `mode`, `collation`, time `zone`, and `moment` in seconds."""

    sql: str
    kind: str
    mode: str = ""
    collation: str = ""
    zone: str = ""
    moment: str = ""


def dump(
    connection: Connection, hiding: Hiding, writing_role: str, settings: Settings, version_tables: tuple[Name, ...]
) -> Dump:
    """Dump by the reading role; `connection` is its open reading session. Raises ExpectedError."""
    server = server_of(connection)
    try:
        pieces = tuple(_pieces(connection, server.database))
        rights = server_rights(connection, writing_role)
        accounts = to_be_made(connection, tuple(sorted(definers(connection))), rights)
    except pymysql.Error as error:
        raise _hidden(str(error.args[-1])) from None
    return Dump(
        engine=server.engine,
        engine_version=server.version,
        database=server.database,
        writing_role=writing_role,
        roles=accounts,
        script=json.dumps([asdict(piece) for piece in pieces]),
        version_rows=tuple(_version_rows(connection, hiding, version_tables)),
        settings=settings,
        server_rights=rights,
    )


def script_of(like: Dump) -> tuple[Piece, ...]:
    """The statements of a dump."""
    return tuple(Piece(**item) for item in json.loads(like.script)) if like.script else ()


def _pieces(connection: Connection, database: str) -> Iterator[Piece]:
    """In an order in which each finds what it needs; views that read others are sorted out by who restores them."""
    tables = [(str(name), str(kind)) for name, kind in ask(connection, _TABLES)]
    sequences = [name for name, kind in tables if kind == "SEQUENCE"]
    yield from (Piece(sql=_shown(connection, "SEQUENCE", name)[1], kind="sequence") for name in sequences)
    holding = [name for name, kind in tables if kind in {"BASE TABLE", "SYSTEM VERSIONED"}]
    yield from (Piece(sql=plain(_shown(connection, "TABLE", name)[1]), kind="table") for name in holding)
    for name, kind in ask(connection, _ROUTINES):
        if kind in {"FUNCTION", "PROCEDURE"}:
            _, mode, sql, _, collation, _ = _shown(connection, str(kind), str(name))
            yield Piece(sql=sql, kind="routine", mode=mode, collation=collation)
    for name in (name for name, kind in tables if kind == "VIEW"):
        _, sql, _, collation = _shown(connection, "VIEW", name)
        yield Piece(sql=unqualified(sql, database), kind="view", collation=collation)
    yield from _acting(connection)


def _acting(connection: Connection) -> Iterator[Piece]:
    """Triggers in the order in which they fire, and events as if they were made when they were."""
    for (name,) in ask(connection, _TRIGGERS):
        _, mode, sql, _, collation, *_ = _shown(connection, "TRIGGER", str(name))
        yield Piece(sql=sql, kind="trigger", mode=mode, collation=collation)
    for name, moment in ask(connection, _EVENTS):
        _, mode, zone, sql, _, collation, _ = _shown(connection, "EVENT", str(name))
        yield Piece(sql=sql, kind="event", mode=mode, collation=collation, zone=zone, moment=str(moment))


def _shown(connection: Connection, kind: str, name: str) -> tuple[str, ...]:
    rows: tuple[Row, ...] = ask(connection, f"SHOW CREATE {kind} {quoted(name)}")
    if any(value is None for value in rows[0][1:3]):
        raise _hidden(f"it may not see the text of {kind.lower()} {name}")
    return tuple("" if value is None else value for value in rows[0])


def _hidden(why: str) -> ExpectedError:
    return ExpectedError(
        f"the schema cannot be dumped: {why}",
        "give the reading user SELECT, SHOW VIEW, TRIGGER and EVENT on the database, and for routines SELECT on mysql.proc (MariaDB) "
        "or SHOW_ROUTINE (MySQL 8)",
        RefusalCode.TARGET_UNREACHABLE,
    )


def _version_rows(
    connection: Connection, hiding: Hiding, tables: tuple[Name, ...]
) -> Iterator[tuple[Name, tuple[str, ...], Rows]]:
    reader = Reading(connection, hiding)
    for table in tables:
        columns = tuple(str(row[0]) for row in ask(connection, _COLUMNS.format(literal(table[-1]))))
        rows = reader.rows(table[-1:], columns) if columns else None
        if rows:
            yield table[-1:], columns, rows
