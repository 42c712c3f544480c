"""PostgreSQL as one of the engines."""

from __future__ import annotations

from copy import copy
from pathlib import Path

from psycopg import sql

from workers.core.diff import Change
from workers.core.hidden import Hiding
from workers.core.names import Engine
from workers.core.plan import StatementKind
from workers.core.schema import Name
from workers.databases.postgresql.address import Address, address
from workers.databases.postgresql.binaries import installed
from workers.databases.postgresql.borrowed import BorrowedScratch
from workers.databases.postgresql.revert import revert
from workers.databases.postgresql.scratch import PostgresqlScratch
from workers.databases.postgresql.target import PostgresqlTarget
from workers.ports import Database, Scratch, Target
from workers.reading.lexer import split
from workers.reading.postgresql import parse
from workers.sandbox.run import Sandbox

_CATALOGS = frozenset({"pg_catalog", "information_schema"})


class PostgresqlDatabase:
    """The entry point. `area` is the sandboxes' folder (`workers.sandbox.runtime.open_area`), `key` that of the hashes in place of secrets."""

    def __init__(self, area: Path, sandbox: Sandbox, key: bytes) -> None:
        self._area = area
        self._sandbox = sandbox
        self._hiding = Hiding(key)
        self._binaries = installed()
        self._lent: Address | None = None

    @property
    def engine(self) -> Engine:
        """PostgreSQL."""
        return Engine.POSTGRESQL

    def target(self, url: str, read_url: str | None) -> Target:
        """Return a target by its URLs."""
        return PostgresqlTarget(url, read_url, self._binaries, self._hiding)

    def with_scratch(self, url: str) -> Database:
        """Return the same engine with its scratch databases on a server that the operator lends."""
        found = copy(self)
        found._lent = address(url)  # noqa: SLF001 -- another of this class
        return found

    def scratch(self, url: str | None) -> Scratch:
        """Return databases on the server that the operator lends, else private servers."""
        lent = address(url) if url else self._lent
        if lent is not None:
            return BorrowedScratch(lent, self._area, self._sandbox.identity, self._hiding)
        return PostgresqlScratch(self._sandbox, self._area, self._binaries, self._hiding)

    def split(self, sql: str) -> tuple[str, ...]:
        """Split a text into single commands."""
        return split(sql, Engine.POSTGRESQL)

    def transactional(self, sql: str) -> bool:
        """Every statement does; what cannot is refused there by the server itself."""
        return True

    def revert(self, change: Change, children: tuple[Change, ...]) -> tuple[str, ...]:
        """Return the statements that lead back, where they are certain."""
        return revert(change, children)

    def removal(self, index: Name) -> str:
        """Return the statement that removes an invalid index without locking its table."""
        return sql.SQL("DROP INDEX CONCURRENTLY {}").format(sql.Identifier(index[0], index[-1])).as_string()

    def reads(self, served: tuple[str, ...]) -> tuple[Name, ...]:
        """Return the relations that queries of rows among these statements read; catalogs are the tool's own business."""
        found = (parse(text) for text in served)
        names = (name for item in found if item.kind is StatementKind.READ for name in item.reads)
        return tuple(dict.fromkeys(name for name in names if name[0] not in _CATALOGS))
