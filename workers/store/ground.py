"""What every part of the store stands on: the connection, the seal, the clock, and writing a row that may be there already."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.dialects import postgresql, sqlite

from workers.ports import Clock
from workers.store.inbox import Inbox
from workers.store.seal import Seal


class Ground:
    """The parts of SqlStore inherit from this and from nothing else."""

    def __init__(self, engine: Engine, seal: Seal, clock: Clock) -> None:
        self._engine = engine
        self._seal = seal
        self._clock = clock
        self._inbox = Inbox(engine)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def add(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    """Add a row unless one with the same key or the same unique values is there; says whether it was added."""
    statement = _insert(connection)(table).values(row).on_conflict_do_nothing()
    return connection.execute(statement.returning(*table.primary_key)).first() is not None


def put(connection: Connection, table: Table, row: dict[str, Any]) -> None:
    """Add a row or replace the one with the same primary key."""
    keys = [column.name for column in table.primary_key]
    rest = {name: value for name, value in row.items() if name not in keys}
    statement = _insert(connection)(table).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=rest))


def _insert(connection: Connection) -> Any:  # noqa: ANN401 -- two dialects' functions of one shape
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
