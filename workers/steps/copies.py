"""Tables whose rows a plan carries over whole (SQLite's copy-and-rename): which drop loses nothing, and which one loses the copy."""

from __future__ import annotations

from dataclasses import dataclass, field

from workers.core.diff import Change
from workers.core.plan import Parsed, StatementKind
from workers.core.schema import Name, ObjectKind


@dataclass(frozen=True, slots=True)
class Copies:
    """`columns` are those kept of each copied table; `moved` are copied tables that are gone; `kept_in` says where their rows are."""

    columns: dict[Name, frozenset[str]] = field(default_factory=dict)
    kept_in: dict[Name, Name] = field(default_factory=dict)
    moved: set[Name] = field(default_factory=set)

    def run(self, parsed: Parsed) -> None:
        """Note a copy; a table that is copied again, after a move, is there again."""
        if parsed.copies and len(parsed.reads) == 1 and len(parsed.writes) == 1:
            source = parsed.reads[0]
            self.columns[source] = frozenset(parsed.copies)
            self.kept_in[parsed.writes[0]] = source
            self.moved.discard(source)

    def drop(self, parsed: Parsed, effect: tuple[Change, ...]) -> tuple[frozenset[Name], tuple[str, ...]]:
        """Return the tables that go now and whose rows are in a copy, and what is lost because the copy itself goes."""
        gone = [item.name for item in effect if item.kind is ObjectKind.TABLE and item.after is None]
        sources = [self.kept_in.pop(name) for name in gone if name in self.kept_in]
        dropped = parsed.kind is StatementKind.DROP  # a rename takes the copy nowhere
        lost = tuple(f"table {'.'.join(source)}" for source in sources if dropped and source in self.moved)
        moving = frozenset(name for name in gone if name in self.columns and name not in self.moved)
        self.moved.update(moving)
        return moving, lost

    def clear(self) -> None:
        """A group has ended: what follows stands in another transaction."""
        self.columns.clear()
        self.kept_in.clear()
        self.moved.clear()
