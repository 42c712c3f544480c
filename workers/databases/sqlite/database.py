"""SQLite as an engine: where its parts are put together."""

from __future__ import annotations

import sys
from pathlib import Path

from workers.core.diff import Change
from workers.core.errors import ExpectedError
from workers.core.names import Engine
from workers.core.refusals import RefusalCode
from workers.core.schema import Name
from workers.databases.sqlite.file import path_of
from workers.databases.sqlite.revert import revert
from workers.databases.sqlite.scratch import SqliteScratch
from workers.databases.sqlite.session import Opener
from workers.databases.sqlite.target import Locked, SqliteTarget
from workers.ports import Database, Scratch, Target
from workers.reading.lexer import split
from workers.sandbox.run import Sandbox


class SqliteDatabase:
    """SQLite. `area` is the sandboxes' folder (`runtime.open_area`); `interpreter` a Python with the sqlite3 module."""

    def __init__(self, area: Path, sandbox: Sandbox, interpreter: Path = Path(sys.executable)) -> None:
        self._opener = Opener(area, sandbox, interpreter)
        self._locked = Locked()

    @property
    def engine(self) -> Engine:
        return Engine.SQLITE

    def target(self, url: str, read_url: str | None) -> Target:
        """A file by its URL. A second URL means nothing here: there are no roles. Raises ExpectedError(config_invalid)."""
        return SqliteTarget(path=path_of(url), opener=self._opener, locked=self._locked)

    def with_scratch(self, url: str) -> Database:
        """Refuse it, as `scratch` does."""
        self.scratch(url)
        return self

    def scratch(self, url: str | None) -> Scratch:
        """Files below the area. A file needs no server, so none can be lent. Raises ExpectedError(config_invalid)."""
        if url is not None:
            raise ExpectedError(
                "a scratch server is lent to an environment on SQLite",
                "leave `scratch:` out: copies of a SQLite file are files on the worker's machine",
                RefusalCode.CONFIG_INVALID,
            )
        return SqliteScratch(self._opener)

    def split(self, sql: str) -> tuple[str, ...]:
        return split(sql, Engine.SQLITE)

    def transactional(self, sql: str) -> bool:
        """DDL takes part in a transaction."""
        return True

    def revert(self, change: Change, children: tuple[Change, ...]) -> tuple[str, ...]:
        """The way back from one difference, where it needs no copy of a table."""
        return revert(change, children)

    def removal(self, index: Name) -> str:
        """A build that fails leaves nothing here, so nobody asks."""
        return 'DROP INDEX "{}"'.format(index[-1].replace('"', '""'))

    def reads(self, served: tuple[str, ...]) -> tuple[Name, ...]:
        """SQLite keeps no log."""
        return ()
