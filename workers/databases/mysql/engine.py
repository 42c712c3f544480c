"""MySQL and MariaDB as two of the engines: one dialect, one folder; which of both a server is, it says itself."""

from __future__ import annotations

from copy import copy
from pathlib import Path

from workers.core.diff import Change
from workers.core.hidden import Hiding
from workers.core.names import Engine
from workers.core.schema import Name
from workers.databases.mysql.address import Address, address
from workers.databases.mysql.binaries import Binaries
from workers.databases.mysql.borrowed import BorrowedScratch
from workers.databases.mysql.revert import revert
from workers.databases.mysql.scratch import MysqlScratch
from workers.databases.mysql.spelling import quoted
from workers.databases.mysql.target import MysqlTarget
from workers.ports import Database, Scratch, Target
from workers.reading.lexer import split
from workers.reading.mysql import is_ddl, read_rows
from workers.sandbox.run import Sandbox


class MysqlDatabase:
    """The entry point, once for each of the two names that a URL may begin with. `area` is the sandboxes' folder."""

    def __init__(
        self, engine: Engine, area: Path, sandbox: Sandbox, binaries: tuple[Binaries, ...], key: bytes
    ) -> None:
        self._engine = engine
        self._area = area
        self._sandbox = sandbox
        self._binaries = binaries
        self._hiding = Hiding(key)
        self._lent: Address | None = None

    @property
    def engine(self) -> Engine:
        """Which name it is."""
        return self._engine

    def target(self, url: str, read_url: str | None) -> Target:
        """Return a target by its URLs."""
        return MysqlTarget(url, read_url, self._hiding)

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
        return MysqlScratch(self._sandbox, self._area, self._binaries, self._hiding)

    def split(self, sql: str) -> tuple[str, ...]:
        """Split a text into single commands."""
        return split(sql, self._engine)

    def transactional(self, sql: str) -> bool:
        """Whether a statement runs inside a transaction; DDL ends the one that it comes in."""
        return not is_ddl(sql)

    def revert(self, change: Change, children: tuple[Change, ...]) -> tuple[str, ...]:
        """Return the statements that lead back."""
        return revert(change, children)

    def removal(self, index: Name) -> str:
        """Return the statement that removes an index; a build that fails leaves none here."""
        return f"DROP INDEX {quoted(index[-1])} ON {quoted(*index[:-1])}"

    def reads(self, served: tuple[str, ...]) -> tuple[Name, ...]:
        """Return the relations that queries of rows among these statements read."""
        return tuple(dict.fromkeys(name for text in served for name in read_rows(text)))
