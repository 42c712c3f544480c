"""What was sent to the database, statement by statement, with the revision and the transaction that each was part of."""

# ruff: noqa: ANN401 -- what hooks and drivers hand over has no type of its own
from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .literals import UnrenderableError, rendered

# A query by its first word; a WITH may still write, so it counts only where no writing word follows.
_QUERY = re.compile(
    r"(?:\s|--[^\n]*\n|/\*.*?\*/|\()*(?:SELECT|VALUES|TABLE|SHOW|PRAGMA|EXPLAIN|DESC|DESCRIBE|(WITH))\b",
    re.IGNORECASE | re.DOTALL,
)
_WRITES = re.compile(r"\b(?:INSERT|UPDATE|DELETE|MERGE)\b", re.IGNORECASE)
_WRITING_CALL = re.compile(r"\b(?:setval|nextval|set_config|pg_(?:try_)?advisory_\w+|lo_\w+)\s*\(", re.IGNORECASE)
_BEGIN = re.compile(r"\s*BEGIN\b", re.IGNORECASE)
_END = re.compile(r"\s*(?:COMMIT|END|ROLLBACK)\b", re.IGNORECASE)
_SAVEPOINT = re.compile(r"(?P<verb>SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT) (?P<name>sa_savepoint_\d+)")
_SQLITE_BEGIN = (
    "BEGIN and COMMIT that the project sends around its SQLite transactions are left out; ours take their place."
)


class _Transaction:
    """One open transaction; it gets a number with its first statement."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.group: int | None = None
        self.savepoints: dict[str, int] = {}


class _Entry:
    """One statement; `kept` is None while its transaction is open."""

    def __init__(self, values: tuple[str, str, int, bool], *, read: bool, kept: bool | None) -> None:
        self.values = values
        self.read = read
        self.kept = kept
        self.looked_at = False


class Tape:
    """Everything that the hooks heard since the last `take`."""

    def __init__(self, at: Callable[[str], None]) -> None:
        self.on = False
        self.revision = ""
        self.discarding = 0
        self.migrating = False
        self.notes: list[str] = []
        self.refused: UnrenderableError | None = None
        self._at = at
        self._entries: list[_Entry] = []
        self._groups = 0
        self._open: dict[int, _Transaction] = {}

    def enter(self, revision: str) -> None:
        """From here on statements belong to this revision."""
        self.revision = revision
        self._at(revision)

    def take(self, *, failed: bool = False) -> list[tuple[str, str, int, bool, bool, bool]]:
        """Give (sql, revision, group, transactional, read, looked at) of what was committed, after a failure of all; start anew."""
        lost = [entry for entry in self._entries if entry.kept is None and not entry.read]
        if lost and not failed:
            self.note(
                f"{len(lost)} statements were never committed and are left out; the first: {lost[0].values[0][:100]}"
            )
        kept = [entry for entry in self._entries if failed or entry.kept or entry.read]
        self._entries, self._open = [], {}
        return [(*entry.values, entry.read, entry.looked_at) for entry in kept]

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def begin(self, conn: Any, *_: Any) -> None:
        self._open[_raw(conn)] = _Transaction(len(self._entries))

    def commit(self, conn: Any, *_: Any) -> None:
        self._settle(self._open.pop(_raw(conn), None), 0, kept=True)

    def rollback(self, conn: Any, *_: Any) -> None:
        self._settle(self._open.pop(_raw(conn), None), 0, kept=False)

    def executed(self, conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, _many: bool) -> None:  # noqa: FBT001 -- SQLAlchemy's signature
        """Write down a statement that the database has taken."""
        if not self.on:
            return
        transaction = self._open.get(_raw(conn))
        if own := _SAVEPOINT.fullmatch(statement):
            self._savepoint(transaction, own["verb"], own["name"])
            return
        if conn.dialect.name == "sqlite" and self._frames(statement, transaction):
            self.note(_SQLITE_BEGIN)
            return
        try:
            texts = list(rendered(conn, cursor, statement, parameters, context))
        except UnrenderableError as error:
            self.refused = error  # the project may catch it; the recording is incomplete all the same
            raise
        read = self._reads(cursor, statement, context)
        entries = [self._add(text, None if _autocommit(conn) else transaction, read=read) for text in texts]
        if context is not None:
            context.recorded_entries = entries

    def _savepoint(self, transaction: _Transaction | None, verb: str, name: str) -> None:
        """SQLAlchemy's own savepoints: what they take back is not recorded, and so are they."""
        if transaction is None:
            return
        if verb == "SAVEPOINT":
            transaction.savepoints[name] = len(self._entries)
        elif verb.startswith("ROLLBACK") and name in transaction.savepoints:
            self._settle(transaction, transaction.savepoints[name], kept=False)

    def looked_at(self, context: Any) -> None:
        """The migration itself, not Alembic around it, asks what a statement came back with."""
        if self.migrating:
            for entry in getattr(context, "recorded_entries", ()):
                entry.looked_at = True

    def _frames(self, statement: str, transaction: _Transaction | None) -> bool:
        """Whether this is the BEGIN or COMMIT of a listener that takes transactions out of the driver's hands."""
        if _BEGIN.match(statement):
            return transaction is None or transaction.first == len(self._entries)
        return transaction is None and _END.match(statement) is not None

    def _reads(self, cursor: Any, statement: str, context: Any) -> bool:
        """Whether a query's rows can have steered what follows; one that is run for its effect counts as a write."""
        found = _QUERY.match(statement)
        gives_rows = cursor.description is not None or getattr(context, "_is_server_side", False)
        if not gives_rows or found is None or self.discarding or _WRITING_CALL.search(statement):
            return False
        return not (found[1] and _WRITES.search(statement))

    def _add(self, text: str, transaction: _Transaction | None, *, read: bool) -> _Entry:
        group = transaction.group if transaction else None
        if group is None:
            group = self._groups
            self._groups += 1
        if transaction is not None:
            transaction.group = group
        values = (text, self.revision, group, transaction is not None)
        entry = _Entry(values, read=read, kept=None if transaction else True)
        self._entries.append(entry)
        return entry

    def _settle(self, transaction: _Transaction | None, since: int, *, kept: bool) -> None:
        for entry in self._entries[since:]:
            if transaction is not None and entry.kept is None and entry.values[2] == transaction.group:
                entry.kept = kept


def _raw(conn: Any) -> int:
    """The driver's connection, by which two SQLAlchemy connections on it are one."""
    fairy = conn.connection
    return id(getattr(fairy, "dbapi_connection", None) or getattr(fairy, "connection", None) or fairy)


def _autocommit(conn: Any) -> bool:
    level = conn.get_execution_options().get("isolation_level")
    if level is not None:
        return str(level).upper() == "AUTOCOMMIT"
    # SQLite's driver may be in autocommit because the project opens its transactions itself.
    return conn.dialect.name != "sqlite" and getattr(conn.connection.dbapi_connection, "autocommit", False) is True
