"""How tables, their columns, keys and indexes, and sequences are led back."""

from __future__ import annotations

import re
from collections.abc import Sequence

from workers.core.schema import ObjectKind, SchemaObject
from workers.databases.postgresql.revert_words import (
    Kind,
    Statements,
    columns,
    listed,
    no,
    owner,
    path,
    quoted,
    set_options,
    settings,
    told,
)

_SWITCHES = {
    "row_security": ("ENABLE ROW LEVEL SECURITY", "DISABLE ROW LEVEL SECURITY"),
    "row_security_forced": ("FORCE ROW LEVEL SECURITY", "NO FORCE ROW LEVEL SECURITY"),
    "unlogged": ("SET UNLOGGED", "SET LOGGED"),
}
_PLACED = frozenset({"bound", "partition_of", "inherits", "of_type"})
_PLAIN_NAMES = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*")
_NUMBERS = frozenset({"smallint", "integer", "bigint", "numeric", "real", "double precision"})
_TEXTS = frozenset({"character varying", "text", "character"})
_DEFAULTS = {"storage": "DEFAULT", "compression": "DEFAULT", "statistics": "-1"}
_COLUMN_ALTERS = frozenset(
    {"type", "not_null", "default", "collation", "storage", "compression", "statistics", "identity"}
)
_SEQUENCE = re.compile(r"(start|increment|cache) (-?\d+)|from (-?\d+) to (-?\d+)|(cycle)")


def table_made(wanted: SchemaObject, parts: Sequence[SchemaObject]) -> Statements:
    """CREATE TABLE with its columns. Where the columns stood is not known; nothing that is compared depends on it."""
    if any(wanted.get(key) for key in _PLACED) or wanted.get("replica_identity") == "index":
        return no()
    kind = "UNLOGGED TABLE" if wanted.get("unlogged") else "TABLE"
    inside = ", ".join(_column_said(item) for item in parts)
    method = f" USING {wanted.get('access_method')}" if wanted.get("access_method") else ""
    parted = f" PARTITION BY {wanted.get('partitioned_by')}" if wanted.get("partitioned_by") else ""
    options = f" WITH ({settings(wanted.get('options'))})" if wanted.get("options") else ""
    made = f"CREATE {kind} {path(wanted.name)} ({inside}){parted}{method}{options}"
    nothing = SchemaObject(ObjectKind.TABLE, wanted.name, ())
    return (made, *_table_altered(wanted, nothing, frozenset({"row_security", "row_security_forced", "replica_identity"})),
            *(text for item in parts for text in _column_set(item)))  # fmt: skip


def _table_altered(wanted: SchemaObject, live: SchemaObject, keys: frozenset[str]) -> Statements:
    if keys - _SWITCHES.keys() - {"options", "replica_identity"} or "index" in {
        item.get("replica_identity") for item in (wanted, live)
    }:
        return no()
    head = f"ALTER TABLE {path(wanted.name)}"
    said = [
        f"{head} {words[0 if wanted.get(key) else 1]}"
        for key, words in _SWITCHES.items()
        if key in keys and bool(wanted.get(key)) != bool(live.get(key))
    ]
    if wanted.get("replica_identity") != live.get("replica_identity"):
        said.append(f"{head} REPLICA IDENTITY {(told(wanted.get('replica_identity')) or 'default').upper()}")
    return (*said, *set_options(head, wanted, live)) if "options" in keys else tuple(said)


def _column_made(wanted: SchemaObject) -> Statements:
    return (f"ALTER TABLE {owner(wanted)} ADD COLUMN {_column_said(wanted)}", *_column_set(wanted))


def _column_said(wanted: SchemaObject) -> str:
    collation = f" COLLATE {wanted.get('collation')}" if wanted.get("collation") else ""
    default = f" DEFAULT {wanted.get('default')}" if wanted.get("default") else ""
    required = " NOT NULL" if wanted.get("not_null") and not wanted.get("not_null_only") else ""
    return f"{quoted(wanted.name[-1])} {wanted.get('type')}{collation}{_generated(wanted)}{_identity(wanted)}{default}{required}"


def _generated(wanted: SchemaObject) -> str:
    how = told(wanted.get("generated")).upper()
    return f" GENERATED ALWAYS AS ({wanted.get('expression')}) {how}" if how else ""


def _identity(wanted: SchemaObject) -> str:
    options = f" ({_options(wanted, 'identity_options')})" if wanted.get("identity_options") else ""
    return f" GENERATED {told(wanted.get('identity')).upper()} AS IDENTITY{options}" if wanted.get("identity") else ""


def _column_set(wanted: SchemaObject) -> Statements:
    """What a column's definition has no place for."""
    head = _column_head(wanted)
    said = [f"{head} SET {key.upper()} {wanted.get(key)}" for key in _DEFAULTS if wanted.get(key) is not None]
    return (*said, f"{head} SET ({settings(wanted.get('options'))})") if wanted.get("options") else tuple(said)


def _column_head(wanted: SchemaObject) -> str:
    return f"ALTER TABLE {owner(wanted)} ALTER COLUMN {quoted(wanted.name[-1])}"


def _column_altered(wanted: SchemaObject, live: SchemaObject, keys: frozenset[str]) -> Statements:
    if "generated" in keys or "expression" in keys:
        # What is computed can be computed again; nothing is lost.
        both = wanted.get("generated") and live.get("generated")
        return (
            (f"ALTER TABLE {owner(wanted)} DROP COLUMN {quoted(wanted.name[-1])}", *_column_made(wanted))
            if both
            else no()
        )
    if keys - _COLUMN_ALTERS - {"options"} or ("type" in keys and not _convertible(wanted, live)):
        return no()
    head, said = _column_head(wanted), []
    if keys & {"type", "collation"}:
        collation = f" COLLATE {wanted.get('collation')}" if wanted.get("collation") else ""
        said.append(f"{head} TYPE {wanted.get('type')}{collation}")
    if "not_null" in keys and not (wanted.get("identity") and "identity" in keys):
        said.append(f"{head} {'SET' if wanted.get('not_null') else 'DROP'} NOT NULL")
    said += _identity_altered(head, wanted, live) if "identity" in keys else []
    if "default" in keys:
        said.append(f"{head} SET DEFAULT {wanted.get('default')}" if wanted.get("default") else f"{head} DROP DEFAULT")
    said += [
        f"{head} SET {key.upper()} {usual if wanted.get(key) is None else wanted.get(key)}"
        for key, usual in _DEFAULTS.items()
        if key in keys and not (key == "storage" and wanted.get(key) is None)
    ]
    if "storage" in keys and wanted.get("storage") is None:
        return no()  # the type's own storage has no word before version 16
    return (*said, *set_options(head, wanted, live)) if "options" in keys else tuple(said)


def _identity_altered(head: str, wanted: SchemaObject, live: SchemaObject) -> list[str]:
    how = told(wanted.get("identity")).upper()
    if not how:
        return [f"{head} DROP IDENTITY"]
    if live.get("identity"):
        return [f"{head} SET GENERATED {how}"]
    required = [] if live.get("not_null") else [f"{head} SET NOT NULL"]
    return [*required, f"{head} ADD{_identity(wanted)}"]


def _convertible(wanted: SchemaObject, live: SchemaObject) -> bool:
    """Whether the server converts one type to the other by itself, and would say so where a value does not fit."""
    families = [re.sub(r"\(.*", "", told(item.get("type"))) for item in (wanted, live)]
    return families[0] == families[1] or any(set(families) <= family for family in (_NUMBERS, _TEXTS))


def _constraint_made(wanted: SchemaObject) -> Statements:
    if wanted.get("index") or wanted.get("replica_identity") or wanted.get("triggers"):
        return no()
    said = _CONSTRAINTS[wanted.kind](wanted)
    if not said:
        return no()
    after = f" {told(wanted.get('deferrable')).upper()}" if wanted.get("deferrable") else ""
    after = f" DEFERRABLE{after}" if after else ""
    after += " NOT ENFORCED" if wanted.get("not_enforced") else " NOT VALID" if wanted.get("not_valid") else ""
    name = quoted(wanted.name[-1])
    made = f"ALTER TABLE {owner(wanted)} ADD CONSTRAINT {name} {said}{after}"
    return (made, f"ALTER TABLE {owner(wanted)} CLUSTER ON {name}") if wanted.get("clustered") else (made,)


def _key(wanted: SchemaObject) -> str:
    word = "PRIMARY KEY" if wanted.kind is ObjectKind.PRIMARY_KEY else "UNIQUE"
    same = " NULLS NOT DISTINCT" if wanted.get("nulls_not_distinct") else ""
    names = columns(wanted.get("columns"))
    names = f"{names[:-1]} WITHOUT OVERLAPS)" if wanted.get("period") else names
    include = f" INCLUDE {columns(wanted.get('include'))}" if wanted.get("include") else ""
    options = f" WITH ({settings(wanted.get('options'))})" if wanted.get("options") else ""
    return f"{word}{same} {names}{include}{options}"


def _foreign_key(wanted: SchemaObject) -> str:
    target = told(wanted.get("references"))
    if not _PLAIN_NAMES.fullmatch(target) or wanted.get("period"):
        return ""
    match = f" MATCH {told(wanted.get('match')).upper()}" if wanted.get("match") else ""
    update = f" ON UPDATE {told(wanted.get('on_update')).upper()}" if wanted.get("on_update") else ""
    delete = f" ON DELETE {told(wanted.get('on_delete')).upper()}" if wanted.get("on_delete") else ""
    delete += f" {columns(wanted.get('on_delete_columns'))}" if wanted.get("on_delete_columns") else ""
    names = columns(wanted.get("columns"))
    return f"FOREIGN KEY {names} REFERENCES {target} {columns(wanted.get('referenced_columns'))}{match}{update}{delete}"


def _check(wanted: SchemaObject) -> str:
    return f"CHECK ({wanted.get('expression')})" + (" NO INHERIT" if wanted.get("no_inherit") else "")


def _exclusion(wanted: SchemaObject) -> str:
    return "" if wanted.get("deferrable") else told(wanted.get("definition"))


_CONSTRAINTS = {
    ObjectKind.PRIMARY_KEY: _key,
    ObjectKind.UNIQUE: _key,
    ObjectKind.FOREIGN_KEY: _foreign_key,
    ObjectKind.CHECK: _check,
    ObjectKind.EXCLUSION: _exclusion,
}


def _constraint_altered(wanted: SchemaObject, live: SchemaObject, keys: frozenset[str]) -> Statements:
    head = f"ALTER TABLE {owner(wanted)}"
    name = quoted(wanted.name[-1])
    if keys == {"triggers"}:
        return no()  # which of the table's triggers somebody else wanted off is not known
    if keys == {"not_valid"} and live.get("not_valid"):
        return (f"{head} VALIDATE CONSTRAINT {name}",)
    if keys == {"clustered"}:
        return (f"{head} CLUSTER ON {name}" if wanted.get("clustered") else f"{head} SET WITHOUT CLUSTER",)
    made = _constraint_made(wanted)
    return (f"{head} DROP CONSTRAINT {name}", *made) if made else no()


def _index_made(wanted: SchemaObject) -> Statements:
    if (
        wanted.get("invalid")
        or wanted.get("replica_identity")
        or wanted.get("class_options")
        or wanted.get("statistics")
    ):
        return no()
    unique = "UNIQUE " if wanted.get("unique") else ""
    include = f" INCLUDE {columns(wanted.get('include'))}" if wanted.get("include") else ""
    same = " NULLS NOT DISTINCT" if wanted.get("nulls_not_distinct") else ""
    options = f" WITH ({settings(wanted.get('options'))})" if wanted.get("options") else ""
    where = f" WHERE {wanted.get('where')}" if wanted.get("where") else ""
    name, keys = quoted(wanted.name[-1]), ", ".join(listed(wanted.get("keys")))
    made = f"CREATE {unique}INDEX {name} ON {owner(wanted)} USING {wanted.get('method')} ({keys}){include}{same}{options}{where}"
    return (made, f"ALTER TABLE {owner(wanted)} CLUSTER ON {name}") if wanted.get("clustered") else (made,)


def _index_altered(wanted: SchemaObject, live: SchemaObject, keys: frozenset[str]) -> Statements:
    head = f"ALTER TABLE {owner(wanted)}"
    if keys == {"clustered"}:
        return (
            f"{head} CLUSTER ON {quoted(wanted.name[-1])}"
            if wanted.get("clustered")
            else f"{head} SET WITHOUT CLUSTER",
        )
    if keys == {"options"}:
        return set_options(f"ALTER INDEX {path((wanted.name[0], wanted.name[-1]))}", wanted, live)
    return no()


def _sequence_made(wanted: SchemaObject) -> Statements:
    kind = "UNLOGGED SEQUENCE" if wanted.get("unlogged") else "SEQUENCE"
    options = _options(wanted, "options")
    return (f"CREATE {kind} {path(wanted.name)} AS {wanted.get('type')}" + (f" {options}" if options else ""),)


def _options(wanted: SchemaObject, key: str) -> str:
    """The parameters of a sequence in SQL's words."""
    return " ".join(_SEQUENCE.sub(_parameter, text) for text in listed(wanted.get(key)))


def _parameter(found: re.Match[str]) -> str:
    if found[1]:
        words = {"start": "START WITH", "increment": "INCREMENT BY", "cache": "CACHE"}
        return f"{words[found[1]]} {found[2]}"
    return f"MINVALUE {found[3]} MAXVALUE {found[4]}" if found[3] else "CYCLE"


def _sequence_altered(wanted: SchemaObject, live: SchemaObject, keys: frozenset[str]) -> Statements:
    """Other limits are not said: whether the sequence stands within them is not known."""
    head = f"ALTER SEQUENCE {path(wanted.name)}"
    if keys == {"owned_by"}:
        place = told(wanted.get("owned_by"))
        return (f"{head} OWNED BY {place or 'NONE'}",) if not place or _PLAIN_NAMES.fullmatch(place) else no()
    new, there = listed(wanted.get("options")), listed(live.get("options"))
    if keys != {"options"} or any(item.startswith(("from", "increment -")) for item in set(new) ^ set(there)):
        return no()
    usual = {"increment": "INCREMENT BY 1", "start": "START WITH 1", "cache": "CACHE 1", "cycle": "NO CYCLE"}
    missing = [text for word, text in usual.items() if not any(item.startswith(word) for item in new)]
    kept = " ".join(_SEQUENCE.sub(_parameter, item) for item in new if not item.startswith("from"))
    return (" ".join(filter(None, (head, *missing, kept))),)


TABLES = {
    ObjectKind.TABLE: Kind("TABLE", no, _table_altered),
    ObjectKind.COLUMN: Kind("COLUMN", _column_made, _column_altered),
    ObjectKind.INDEX: Kind("INDEX", _index_made, _index_altered, replaceable=True),
    ObjectKind.SEQUENCE: Kind("SEQUENCE", _sequence_made, _sequence_altered),
    **{kind: Kind("CONSTRAINT", _constraint_made, _constraint_altered) for kind in _CONSTRAINTS},
}
