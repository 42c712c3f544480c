"""The session on an open SQLite file that runs a plan's statements."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

from workers.core.errors import ExpectedError
from workers.core.names import Engine
from workers.core.plan import Parsed
from workers.core.schema import Snapshot
from workers.databases.sqlite.session import FileError, Session
from workers.databases.sqlite.statements import parse
from workers.databases.sqlite.work import SETTINGS, SqliteReader
from workers.ports import StatementError
from workers.reading.lexer import split
from workers.reading.sqlite import FOLLOW, TextError, tokens

_DROPS_ROWS = frozenset({"IGNORE", "REPLACE"})


class SqliteWriter(SqliteReader):
    """Runs statements of a plan. `seconds` is the most that one of them may take."""

    def __init__(self, session: Session, database: str, seconds: float) -> None:
        super().__init__(session, database)
        self._seconds = seconds
        self._kept: tuple[object, Snapshot] | None = None

    def parse(self, sql: str) -> Parsed:
        parsed = parse(sql, *self._session.actions(sql))
        return self._without_lossy_copies(parsed) if parsed.copies else parsed

    def begin(self) -> None:
        with _as_statement_error():
            self._session.ask("begin", settings=SETTINGS, seconds=self._seconds)

    def parse_script(self, commands: tuple[str, ...]) -> tuple[Parsed, ...]:
        """SQLite compiles a command against what is there, so those before it run first; everything is taken back."""
        found = []
        self.begin()
        for command in commands:
            parsed = self.parse(command)
            found.append(parsed)
            if not parsed.forbidden:
                with contextlib.suppress(StatementError):  # what fails here fails when the script runs
                    self.execute(command)
        self.rollback()
        return tuple(found)

    def execute(self, sql: str) -> int:
        if sql == FOLLOW:
            with _as_statement_error():
                return int(self._session.ask("follow", sql=sql, seconds=self._seconds))
        try:
            return self._session.execute(sql, seconds=self._seconds, vacuum=_is_vacuum(sql))
        except StatementError:
            self._kept = None
            raise

    def execute_script(self, sql: str) -> None:
        """Run a text that steers transactions itself, with foreign keys as its tool's own SQLite has them at the start: followed."""
        self._kept = None
        settings = [*(item for item in SETTINGS if item[0] != "foreign_keys"), ("foreign_keys", "ON")]
        with _as_statement_error():
            self._session.ask("script", sql=sql, settings=settings, vacuum=_vacuums(sql), seconds=self._seconds)

    def same_transaction(self) -> bool:
        """No statement may begin one, so that one is open means that it is still ours (a trigger can roll it back)."""
        return bool(self._session.ask("state")["in_transaction"])

    def snapshot(self) -> Snapshot:
        """As before where SQLite's own counter says that the schema is as before; only going back can fool it."""
        mark = self._session.ask("mark")
        if self._kept is None or self._kept[0] != mark:
            self._kept = (mark, super().snapshot())
        return self._kept[1]

    def commit(self) -> None:
        """Commit. Raises StatementError, also where rows lost their parents in this transaction."""
        with _as_statement_error():
            self._session.ask("commit", seconds=self._seconds)

    def rollback(self) -> None:
        self._kept = None
        with contextlib.suppress(ExpectedError):
            self._session.ask("rollback")

    def _without_lossy_copies(self, parsed: Parsed) -> Parsed:
        """A copy keeps nothing for certain where a constraint of the new table drops rows instead of refusing them."""
        for item in self.snapshot().objects:
            conflicts = {item.get("conflict"), item.get("not_null_conflict")}
            if item.parent in parsed.writes and conflicts & _DROPS_ROWS:
                return replace(parsed, copies=())
        return parsed


@contextlib.contextmanager
def _as_statement_error() -> Iterator[None]:
    try:
        yield
    except FileError as error:
        raise StatementError(error.complaint, state=error.state, lock_timeout=error.busy) from error


def _vacuums(sql: str) -> bool:
    return any(_is_vacuum(command) for command in split(sql, Engine.SQLITE))


def _is_vacuum(sql: str) -> bool:
    try:
        found = tokens(sql)
    except TextError:
        return False
    return bool(found) and found[0].is_word("VACUUM") and not any(token.is_word("INTO") for token in found)
