"""The one connection of the process that opens a SQLite file, and what its authorizer lets pass; the first part of that process's script."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from enum import Enum

NAMES = {
    getattr(sqlite3, f"SQLITE_{name.upper()}"): name
    for name in (
        *("create_table", "create_temp_table", "create_vtable", "create_view", "create_temp_view", "create_index"),
        *("create_temp_index", "create_trigger", "create_temp_trigger", "drop_table", "drop_temp_table"),
        *("drop_vtable", "drop_view", "drop_temp_view", "drop_index", "drop_temp_index", "drop_trigger"),
        *("drop_temp_trigger", "alter_table", "reindex", "analyze", "insert", "update", "delete", "read", "select"),
        *("recursive", "function", "pragma", "transaction", "savepoint", "attach", "detach"),
    )
}


class Policy(Enum):
    """What the SQL at hand may do: ours is trusted, a query reads, a look runs nothing, a run is a plan's statement."""

    OURS = "ours"
    QUERY = "query"
    LOOK = "look"
    RUN = "run"


class OrphansError(sqlite3.IntegrityError):
    """A transaction would leave rows without their parents; SQLite itself does not look where foreign_keys is off."""

    sqlite_errorname = "SQLITE_CONSTRAINT_FOREIGNKEY"


class OpenError(sqlite3.OperationalError):
    """A transaction is open where none may be."""

    sqlite_errorname = "SQLITE_MISUSE"


class Session:
    """The one connection of this process, with what the authorizer saw."""

    def __init__(self, path: str, mode: str, busy: float, rights: dict[str, list[str]]) -> None:
        self.path = path
        self.rights = {name: frozenset(words) for name, words in rights.items()}
        self.policy = Policy.OURS
        self.actions: list[tuple[str, str | None, str | None, str | None]] = []
        self.vacuuming = False
        self.steering = False
        self.fresh = False
        self.broken: int | None = None
        self.connection = sqlite3.connect(
            f"file:{quoted(path)}?mode={mode}", uri=True, isolation_level=None, timeout=busy, cached_statements=0
        )
        self.connection.text_factory = readable
        self.connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        if hasattr(self.connection, "enable_load_extension"):  # many builds of Python leave it out
            self.connection.enable_load_extension(False)
        if hasattr(sqlite3, "SQLITE_DBCONFIG_DEFENSIVE"):  # Python 3.12
            self.connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)  # type: ignore[attr-defined]
        self.connection.set_authorizer(self.authorize)
        self.file = os.stat(path)  # noqa: PTH116 - pathlib is slow to import, and this process short-lived
        self.connection.execute("PRAGMA trusted_schema=OFF")
        self.connection.execute("PRAGMA cell_size_check=ON")
        if mode == "ro":
            self.connection.execute("PRAGMA query_only=ON")

    def authorize(self, action: int, one: str | None, two: str | None, base: str | None, inner: str | None) -> int:
        if self.policy is Policy.LOOK:
            self.actions.append((NAMES.get(action, str(action)), one, two, inner))
        if self.policy is Policy.OURS or self._may(action, (one or "").lower(), two):
            return sqlite3.SQLITE_OK
        return sqlite3.SQLITE_DENY

    def _may(self, action: int, one: str, two: str | None) -> bool:
        if action == sqlite3.SQLITE_FUNCTION:
            return (two or "").lower() not in self.rights["functions_denied"]
        if action in {sqlite3.SQLITE_READ, sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}:
            return one not in self.rights["tables_denied"]
        if action == sqlite3.SQLITE_PRAGMA:
            return self._may_pragma(one, two)
        if action == sqlite3.SQLITE_ATTACH:  # VACUUM attaches a file without a name
            return self.vacuuming and one == ""
        if action == sqlite3.SQLITE_DETACH:
            return self.vacuuming
        if action == sqlite3.SQLITE_TRANSACTION:
            return self.vacuuming or self.steering
        return action != sqlite3.SQLITE_SAVEPOINT or self.steering

    def _may_pragma(self, name: str, argument: str | None) -> bool:
        if self.policy is Policy.LOOK:
            return False  # pragmas act while they are compiled, so none is; the log has what is needed
        if name in self.rights["telling"] or (argument is None and name in self.rights["asked"]):
            return True
        return self.policy is Policy.RUN and name in self.rights["setting"]

    @contextlib.contextmanager
    def under(self, policy: Policy, seconds: float) -> Iterator[None]:
        """Runs SQL under a policy and a time limit."""
        deadline = time.monotonic() + seconds
        self.policy = policy
        self.connection.set_progress_handler(lambda: time.monotonic() > deadline, 20_000)
        try:
            yield
        finally:
            self.policy = Policy.OURS
            self.connection.set_progress_handler(None, 0)


def readable(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")


def quoted(path: str) -> str:
    return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
