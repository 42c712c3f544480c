"""A database of a few words: `add X`, `drop X`, `rename X Y`, `record X`, `commit`; it transacts, fails where told to, and has one lock."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import cast

from workers.core.names import Engine
from workers.core.plan import TargetIdentity
from workers.core.schema import Name, ObjectKind, SchemaObject, Snapshot, ordered
from workers.ports import DatabaseLock, Reader, Rows, StatementError, Target, Writer

KEY = "postgresql:server-1/shop"


def a_table(name: str) -> SchemaObject:
    return SchemaObject(ObjectKind.TABLE, ("public", name), ())


def a_schema(*tables: str) -> Snapshot:
    objects = ordered([a_table(name) for name in tables])
    return Snapshot(engine=Engine.POSTGRESQL, version="16", database="shop", objects=objects)


@dataclass(frozen=True)
class State:
    tables: frozenset[str] = frozenset()
    recorded: str = "r0"


def lock_timeout() -> StatementError:
    return StatementError("canceling statement due to lock timeout", state="55P03", lock_timeout=True)


def broken(state: str = "42601") -> StatementError:
    return StatementError("it is broken", state=state, lock_timeout=False)


def _after(tables: frozenset[str], word: str, name: str) -> frozenset[str]:
    if word == "rename":
        old, new = name.split()
        return tables - {old} | {new}
    return tables | {name} if word == "add" else tables - {name} if word == "drop" else tables


@dataclass
class FakeDatabase:
    """`failures` are raised in turn, one for each run of the command that they stand under; `commands` is what was run.

    `counts` are rows by table and column, "" for the table's own.
    """

    state: State = field(default_factory=State)
    failures: dict[str, list[StatementError]] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    locked: bool = False
    more: tuple[SchemaObject, ...] = ()
    counts: dict[tuple[str, ...], int] = field(default_factory=dict)

    @property
    def identity(self) -> TargetIdentity:
        return TargetIdentity(Engine.POSTGRESQL, "server-1", "shop", "app")

    @contextlib.contextmanager
    def lock(self) -> Iterator[DatabaseLock | None]:
        if self.locked:
            yield None
            return
        self.locked = True
        try:
            yield FakeLock()
        finally:
            self.locked = False

    @contextlib.contextmanager
    def reading(self) -> Iterator[Reader]:
        yield FakeWriter(self)


@dataclass
class FakeLock:
    """Lost after so many questions; never where that is not said."""

    answers: int | None = None

    def held(self) -> bool:
        if self.answers is None:
            return True
        self.answers -= 1
        return self.answers >= 0


class FakeWriter:
    """Fills `Writer`, and `Reader` where nothing is begun."""

    def __init__(self, database: FakeDatabase) -> None:
        self.database = database
        self.open: State | None = None

    @property
    def state(self) -> State:
        return self.database.state if self.open is None else self.open

    def begin(self) -> None:
        self._run("BEGIN")
        self.open = self.database.state

    def execute(self, sql: str) -> int:
        self._run(sql)
        word, _, name = sql.partition(" ")
        now = self.state
        if word == "commit":
            self.commit()
            return -1
        self._put(State(_after(now.tables, word, name), name if word == "record" else now.recorded))
        return 1 if word == "record" else -1

    def execute_script(self, sql: str) -> None:
        self._run(sql)

    def same_transaction(self) -> bool:
        return self.open is not None

    def snapshot(self) -> Snapshot:
        found = a_schema(*self.state.tables)
        return replace(found, objects=ordered([*found.objects, *self.database.more]))

    def seal(self) -> str:
        return self.snapshot().fingerprint

    def sealed_snapshot(self) -> tuple[Snapshot, str]:
        return self.snapshot(), self.seal()

    def rows(self, table: Name, columns: tuple[str, ...]) -> Rows | None:
        del table, columns
        return ((self.state.recorded,),)

    def has_rows(self, table: Name) -> bool:
        del table
        return False

    def count(self, table: Name, column: str, most: int) -> int | None:
        rows = self.database.counts.get((*table, column))
        return None if rows is None else min(rows, most)

    def commit(self) -> None:
        self._run("COMMIT")
        self.database.state, self.open = self.state, None

    def rollback(self) -> None:
        self.database.commands.append("ROLLBACK")
        self.open = None

    def _put(self, state: State) -> None:
        if self.open is None:
            self.database.state = state
        else:
            self.open = state

    def _run(self, command: str) -> None:
        self.database.commands.append(command)
        waiting = self.database.failures.get(command)
        if waiting:
            raise waiting.pop(0)


def as_target(database: FakeDatabase) -> Target:
    """The fake as the port: it fills what the tested steps ask of a target, and nothing more."""
    return cast("Target", database)


def as_writer(writer: FakeWriter) -> Writer:
    """The same for a writer; statements are never parsed by what runs a plan."""
    return cast("Writer", writer)
