"""What leads a database back to what the code makes of it: statements for one difference, where they are certain.

Nothing is said where the way is not certain: values that are hidden, partitions and system versioning (rows go with them), where a
column stood, the keys of what increments itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from workers.core.diff import Change
from workers.core.redact import MASK
from workers.core.schema import ObjectKind, SchemaObject, Value
from workers.databases.mysql import revert_code
from workers.databases.mysql.revert_words import (
    Statements,
    UncertainError,
    charset,
    check,
    column,
    foreign_key,
    index,
    listed,
    text,
    told,
)
from workers.databases.mysql.spelling import quoted

_HIDDEN = "hidden:"
_UNLIKE: frozenset[Value] = frozenset({"uuid", "inet4", "inet6"})  # types that nothing is converted to
_INDEXES = frozenset({ObjectKind.INDEX, ObjectKind.PRIMARY_KEY})
_INSIDE = (ObjectKind.COLUMN, ObjectKind.PRIMARY_KEY, ObjectKind.INDEX, ObjectKind.FOREIGN_KEY, ObjectKind.CHECK)


def revert(change: Change, children: tuple[Change, ...] = ()) -> Statements:
    """The statements, in order; none where nothing certain can be said. `children` are what comes and goes with the object."""
    sides = [item for each in (change, *children) for item in (each.before, each.after) if item]
    if any(_masked(value) for item in sides for _, value in item.attributes):
        return ()
    try:
        return _back(change, children)
    except UncertainError:
        return ()


def _masked(value: Value) -> bool:
    texts = value if isinstance(value, tuple) else (value,)
    return any(isinstance(item, str) and (MASK in item or _HIDDEN in item) for item in texts)


def _back(change: Change, children: tuple[Change, ...]) -> Statements:
    wanted, live = change.before, change.after
    keys = frozenset(key for key, _, _ in change.attributes)
    if change.kind in revert_code.KINDS:
        if wanted is None:
            return revert_code.dropped(_there(live))
        return revert_code.made(wanted) if live is None else revert_code.altered(wanted, keys)
    if change.kind is ObjectKind.TABLE:
        return _table(wanted, live, keys, children)
    if change.kind is ObjectKind.DATABASE and wanted is not None:
        return (f"ALTER DATABASE{charset(wanted.get('collation'))}",)
    if change.kind not in _INSIDE:
        raise UncertainError
    head = f"ALTER TABLE {quoted(change.name[0])} "
    return tuple(head + clause for clause in _clauses(wanted, live, keys))


def _there(item: SchemaObject | None) -> SchemaObject:
    if item is None:
        raise UncertainError
    return item


def _clauses(wanted: SchemaObject | None, live: SchemaObject | None, keys: frozenset[str]) -> Iterator[str]:
    """What ALTER TABLE is told. A foreign key of the same name cannot go and come in one statement."""
    item = wanted or _there(live)
    if item.kind is ObjectKind.COLUMN:
        yield _column(wanted, live, keys)
        return
    gone = [_gone(live)] if live is not None else []
    come = [f"ADD {_defined(wanted)}"] if wanted is not None else []
    if item.kind in _INDEXES and keys != {"ignored"}:  # of which one statement sees no difference
        yield ", ".join([*gone, *come])
    else:
        yield from (*gone, *come)


def _column(wanted: SchemaObject | None, live: SchemaObject | None, keys: frozenset[str]) -> str:
    if wanted is None:
        return f"DROP COLUMN {quoted(_there(live).name[-1])}"
    if live is None and wanted.get("auto_increment"):
        raise UncertainError
    if live is not None and ("generated" in keys or "unversioned" in keys):
        raise UncertainError
    if live is not None and "type" in keys and _UNLIKE & {wanted.get("type"), live.get("type")}:
        raise UncertainError
    return f"{'ADD' if live is None else 'MODIFY'} COLUMN {column(wanted)}"


def _gone(item: SchemaObject) -> str:
    if item.kind is ObjectKind.PRIMARY_KEY:
        return "DROP PRIMARY KEY"
    if item.kind is ObjectKind.CHECK:
        check(item)  # only one that could be made is taken away by itself
    words = {ObjectKind.INDEX: "INDEX", ObjectKind.FOREIGN_KEY: "FOREIGN KEY", ObjectKind.CHECK: "CONSTRAINT"}
    return f"DROP {words[item.kind]} {quoted(item.name[-1])}"


def _defined(item: SchemaObject) -> str:
    if item.kind in _INDEXES:
        return index(item)
    return foreign_key(item) if item.kind is ObjectKind.FOREIGN_KEY else check(item)


def _table(
    wanted: SchemaObject | None, live: SchemaObject | None, keys: frozenset[str], children: tuple[Change, ...]
) -> Statements:
    if wanted is None:
        return (f"DROP TABLE {quoted(_there(live).name[-1])}",)
    if live is not None:
        return (f"ALTER TABLE {quoted(wanted.name[-1])} {_changed(wanted, keys)}",)
    there = [item.before for item in children if item.before is not None]
    if wanted.get("partitioned_by") or wanted.get("system_versioned"):
        raise UncertainError
    inside = sorted((item for item in there if item.kind in _INSIDE), key=lambda item: _INSIDE.index(item.kind))
    parts = [column(item) if item.kind is ObjectKind.COLUMN else _defined(item) for item in inside]
    code = [said for item in there if item.kind in revert_code.KINDS for said in revert_code.made(item)]
    options = f"ENGINE={told(wanted.get('engine'))} ROW_FORMAT={told(wanted.get('row_format')).upper()}{charset(wanted.get('collation'))}"
    options += f" COMMENT={text(wanted.get('comment'))}" if wanted.get("comment") else ""
    options += "".join(f" {item}" for item in listed(wanted.get("options")))
    return (f"CREATE TABLE {quoted(wanted.name[-1])} ({', '.join(parts)}) {options}", *code)


def _changed(wanted: SchemaObject, keys: frozenset[str]) -> str:
    if not keys <= {"comment", "row_format", "collation"}:  # another engine leaves its own options behind
        raise UncertainError
    clauses = [f"ROW_FORMAT={told(wanted.get('row_format')).upper()}"] if "row_format" in keys else []
    clauses += [f"DEFAULT{charset(wanted.get('collation'))}"] if "collation" in keys else []
    clauses += [f"COMMENT={text(wanted.get('comment'))}"] if "comment" in keys else []
    return ", ".join(clauses)
