"""What leads a SQLite schema back from a difference, where that is certain: nothing that would need a table to be copied."""

from __future__ import annotations

import re

from workers.core.diff import Change
from workers.core.schema import ObjectKind, SchemaObject
from workers.reading.sqlite import plain, quoted

Statements = tuple[str, ...]
_WORDS = {ObjectKind.INDEX: "INDEX", ObjectKind.VIEW: "VIEW", ObjectKind.TRIGGER: "TRIGGER", ObjectKind.TABLE: "TABLE"}
_LITERAL = re.compile(r"[+-]?[0-9.]+|'(?:[^']|'')*'|NULL")
_NUMBERS = ("application_id", "user_version")


def revert(change: Change, children: tuple[Change, ...] = ()) -> Statements:
    """The statements that lead from `after`, as it is live, back to `before`, in order; () where nothing certain can be said."""
    wanted, live = change.before, change.after
    if change.kind is ObjectKind.DATABASE:
        return _numbers(change)
    if change.kind is ObjectKind.COLUMN:
        return _column(wanted, live)
    if change.kind not in _WORDS or (wanted is not None and change.kind is ObjectKind.TABLE):
        return ()  # which place a lost table's columns had is not kept, and nobody knows its rows
    if change.kind is ObjectKind.VIEW and wanted is not None and live is not None:
        return ()  # there is no replacing of a view, and dropping it takes its triggers with it
    gone = (f"DROP {_WORDS[change.kind]} {quoted(change.name[-1])}",) if live is not None else ()
    back = _made(wanted) if wanted is not None else ()
    with_it = tuple(item for child in children if child.before is not None for item in _made(child.before))
    return (*gone, *back, *with_it) if back or wanted is None else ()


def _made(wanted: SchemaObject) -> Statements:
    name = quoted(wanted.name[-1])
    columns = wanted.get("columns")
    listed = ", ".join(columns) if isinstance(columns, tuple) else ""
    if wanted.kind is ObjectKind.INDEX:
        unique = "UNIQUE " if wanted.get("unique") else ""
        predicate = wanted.get("predicate")
        where = f" WHERE {predicate}" if predicate else ""
        return (f"CREATE {unique}INDEX {name} ON {quoted(wanted.name[0])} ({listed}){where}",)
    if wanted.kind is ObjectKind.VIEW:
        named = f" ({', '.join(map(plain, columns))})" if isinstance(columns, tuple) else ""
        return (f"CREATE VIEW {name}{named} AS {wanted.get('definition')}",)
    return (f"CREATE TRIGGER {name} {wanted.get('definition')}",) if wanted.kind is ObjectKind.TRIGGER else ()


def _column(wanted: SchemaObject | None, live: SchemaObject | None) -> Statements:
    if wanted is None and live is not None:
        return (f"ALTER TABLE {quoted(live.name[0])} DROP COLUMN {quoted(live.name[-1])}",)
    if live is not None or wanted is None or wanted.get("generated") == "stored" or wanted.get("not_null_conflict"):
        return ()
    default, required = wanted.get("default"), wanted.get("not_null")
    if (required and default in {None, "NULL"}) or not (default is None or _LITERAL.fullmatch(str(default))):
        return ()  # rows that are there would have no value, or one of now
    words = [quoted(wanted.name[-1]), str(wanted.get("type") or "")]
    words += [f"COLLATE {wanted.get('collation')}"] if wanted.get("collation") else []
    words += ["NOT NULL"] if required else []
    words += [f"DEFAULT {default}"] if default is not None else []
    words += [f"GENERATED ALWAYS AS ({wanted.get('expression')}) VIRTUAL"] if wanted.get("generated") else []
    return (f"ALTER TABLE {quoted(wanted.name[0])} ADD COLUMN {' '.join(filter(None, words))}",)


def _numbers(change: Change) -> Statements:
    """The two numbers that an application keeps in the file; what else the file carries is laid down for good."""
    if any(key not in _NUMBERS for key, _, _ in change.attributes):
        return ()
    return tuple(f"PRAGMA {key} = {before}" for key, before, _ in change.attributes)
