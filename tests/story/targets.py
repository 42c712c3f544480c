"""The databases of a story, as somebody with a client of their own sees and changes them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psycopg
from psycopg import sql

from deploy.demo.mariadb import MariadbServer

_OBJECTS = """
SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT tablename, indexname, indexdef, '' FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2
"""
_COLUMNS = (
    "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
)


class Target(Protocol):
    """An environment's database."""

    @property
    def url(self) -> str:
        """Where it is, as the operator writes it."""
        ...

    def run(self, statements: str) -> None:
        """Somebody changes the database by hand."""
        ...

    def text(self) -> str:
        """The whole database: every object and every row."""
        ...

    def columns(self, table: str = "orders") -> list[str]:
        """The columns of a table."""
        ...


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """A file."""

    path: Path

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    def run(self, statements: str) -> None:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.executescript(statements)

    def text(self) -> str:
        with closing(sqlite3.connect(f"{self.path.as_uri()}?mode=ro", uri=True)) as connection:
            return "\n".join(connection.iterdump())

    def columns(self, table: str = "orders") -> list[str]:
        with closing(sqlite3.connect(f"{self.path.as_uri()}?mode=ro", uri=True)) as connection:
            return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


@dataclass(frozen=True, slots=True)
class PostgresDatabase:
    """A database of a server."""

    url: str

    def run(self, statements: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statements.encode())

    def text(self) -> str:
        with psycopg.connect(self.url) as connection:
            objects = connection.execute(_OBJECTS).fetchall()
            tables = sorted({row[0] for row in objects})
            rows = [(name, connection.execute(_rows(name)).fetchall()) for name in tables]
        return f"{objects}\n{rows}"

    def columns(self, table: str = "orders") -> list[str]:
        with psycopg.connect(self.url) as connection:
            return [row[0] for row in connection.execute(_COLUMNS, (table,))]


@dataclass(frozen=True, slots=True)
class MariadbDatabase:
    """A database of a MariaDB server, reached as its superuser."""

    url: str
    server: MariadbServer
    name: str

    def run(self, statements: str) -> None:
        self.server.load(statements, self.name)

    def text(self) -> str:
        """Every object and every row."""
        tables = [str(row[0]) for row in self.server.query("SHOW TABLES", self.name)]
        rows = [(table, self.server.query(f"SELECT * FROM `{table}` ORDER BY 1", self.name)) for table in tables]
        return f"{self.server.dump(self.name)}\n{rows}"

    def columns(self, table: str = "orders") -> list[str]:
        return [str(row[0]) for row in self.server.query(f"SHOW COLUMNS FROM `{table}`", self.name)]


def _rows(table: str) -> sql.Composed:
    return sql.SQL("SELECT * FROM {} ORDER BY 1").format(sql.Identifier(table))
