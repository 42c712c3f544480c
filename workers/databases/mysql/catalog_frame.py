"""What every part of the catalog shares: one connection, which server answers, and what the tables have told so far."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, LiteralString

from pymysql.connections import Connection as PymysqlConnection
from pymysql.cursors import Cursor, SSCursor

from workers.core.hidden import Hiding
from workers.core.names import Engine
from workers.core.schema import Name, ObjectKind, SchemaObject, Unread, Value

if TYPE_CHECKING:
    Connection = PymysqlConnection[Cursor]
else:  # the driver itself is not generic, only its description is
    Connection = PymysqlConnection
Row = tuple[str | None, ...]
Answers = dict[str, tuple[Row, ...]]

_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, strict=False)
_AT_ONCE = 1000
_NOTHING: tuple[Value, ...] = (None, False, (), "")


@dataclass(frozen=True, slots=True)
class Server:
    """Which server answers: its engine, version and the database that the session is in."""

    engine: Engine
    version: str
    database: str

    @property
    def mariadb(self) -> bool:
        """Whether it is MariaDB; else it is MySQL."""
        return self.engine is Engine.MARIADB

    @property
    def numbers(self) -> tuple[int, ...]:
        """The version as numbers."""
        return tuple(int(part) for part in self.version.split(".") if part.isdigit())


@dataclass(slots=True)
class Frame:
    """One snapshot in the making. `accounts` are (account on this server, account that it stands for); the first may be a user on any host.

    `known` are answers that were had before, each given once; `asked` what had to be asked besides. `same` holds each value once: a name is
    told with every column and key of its table.
    """

    connection: Connection
    server: Server
    hiding: Hiding
    accounts: tuple[tuple[str, str], ...] = ()
    known: Answers = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    same: dict[str | None, str | None] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    engines: dict[str, str] = field(default_factory=dict)
    columns: dict[str, set[str]] = field(default_factory=dict)
    json: set[tuple[str, str]] = field(default_factory=set)
    partitioned: bool = False
    unread: list[Unread] = field(default_factory=list)

    def rows(self, query: str) -> list[Row]:
        """Every row of a query of ours, each value as text. The server packs a row into one field: the driver takes its time with each."""
        columns, _, rest = query.partition("FROM ")
        same = self.same.setdefault
        return [
            tuple([same(value, value) for value in row])
            for part in self.parts(f"SELECT JSON_ARRAY({columns.strip().removeprefix('SELECT ')}) FROM {rest}")
            for row in _DECODER.decode(f"[{','.join([str(packed) for (packed,) in part])}]")
        ]

    def answer(self, query: str) -> tuple[Row, ...]:
        """The rows of a query of ours as the driver gives them. What a schema is made of is asked in no other way: seals cover this one."""
        return tuple(row for part in self.parts(query) for row in part)

    def parts(self, query: str) -> Iterable[tuple[Row, ...]]:
        """The same, some rows at a time: all of their text is much."""
        if query in self.known:
            return (self.known.pop(query),)
        self.asked.append(query)
        return ask_in_parts(self.connection, query)

    def since(
        self, column: LiteralString, *, mariadb: tuple[int, ...] | None, mysql: tuple[int, ...] | None
    ) -> LiteralString:
        """A column that servers have from a version on; NULL before it, and where a server never has it."""
        first = mariadb if self.server.mariadb else mysql
        return column if first is not None and self.server.numbers >= first else "NULL"

    def made(self, kind: ObjectKind, name: Name, /, **values: Value) -> SchemaObject:
        """Build an object; values that are None, False or empty are left out, and a comment shows no secret."""
        kept = {key: value for key, value in values.items() if value not in _NOTHING}
        if isinstance(comment := kept.get("comment"), str):
            kept["comment"] = self.hiding.text(comment)
        return SchemaObject(kind, name, tuple(sorted(kept.items())))

    def account(self, text: str | None) -> str | None:
        """A definer as the target knows it."""
        known, user = dict(self.accounts), (text or "").rpartition("@")[0]
        return known.get(text or "", known.get(f"{user}@", text))

    def skip(self, kind: str, name: Name, why: str) -> None:
        """Note that something was seen and is not compared."""
        self.unread.append(Unread(kind, name, why))


Part = Callable[[Frame], list[SchemaObject]]


def ask(connection: Connection, query: str) -> tuple[Row, ...]:
    """The rows of one statement of ours."""
    with connection.cursor() as cursor:
        cursor.execute(query)
        return tuple(cursor.fetchall())


def ask_in_parts(connection: Connection, query: str) -> Iterator[tuple[Row, ...]]:
    """The rows of one statement of ours, some at a time."""
    with connection.cursor(SSCursor) as cursor:
        cursor.execute(query)
        while rows := cursor.fetchmany(_AT_ONCE):
            yield tuple(rows)


def session_number(connection: Connection) -> str:
    """By which number the server and its log know a session."""
    return str(ask(connection, "SELECT CONNECTION_ID()")[0][0])


def server_of(connection: Connection) -> Server:
    """Ask a session where it is."""
    ((version, database),) = ask(connection, "SELECT VERSION(), DATABASE()")
    said = str(version)
    engine = Engine.MARIADB if "mariadb" in said.lower() else Engine.MYSQL
    # Old MariaDB servers put 5.5.5- before their version, for clients that knew only one digit.
    number = said.removeprefix("5.5.5-").partition("-")[0]
    return Server(engine, number, str(database or ""))
