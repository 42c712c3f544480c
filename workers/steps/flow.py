"""Where rows of a table may come from while a plan runs: a clone has none to show, so statements and their effects are followed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from workers.core.diff import Change
from workers.core.plan import Parsed, StatementKind
from workers.core.schema import Name, ObjectKind


@dataclass(frozen=True, slots=True)
class Flow:
    """The tables that statements so far were fed from, by the fed table's last name. What a block of code moves is not seen here."""

    fed: dict[str, tuple[Name, ...]] = field(default_factory=dict)

    def sources(self, tables: Iterable[Name]) -> tuple[Name, ...]:
        """These tables and every table whose rows may be in them by now."""
        return tuple(dict.fromkeys(name for table in tables for name in (table, *self.fed.get(table[-1], ()))))

    def run(self, parsed: Parsed) -> None:
        """An INSERT … SELECT, a view, or a table made from a query carries rows over; what a new table refers to is not in it."""
        plain_table = parsed.title.startswith("Create table ") and not parsed.title.endswith("from a query")
        if parsed.kind is StatementKind.INSERT or (parsed.kind is StatementKind.CREATE and not plain_table):
            for table in parsed.writes:
                self._feed(table, parsed.reads)

    def renamed(self, effect: tuple[Change, ...]) -> None:
        """A table that appears where another one goes may be that one under its new name."""
        tables = [change for change in effect if change.kind is ObjectKind.TABLE]
        gone = [change.name for change in tables if change.after is None]
        for change in tables:
            if change.before is None:
                self._feed(change.name, gone)

    def _feed(self, table: Name, tables: Iterable[Name]) -> None:
        self.fed[table[-1]] = tuple(dict.fromkeys((*self.fed.get(table[-1], ()), *self.sources(tables))))
