"""How names, texts and options are written in statements, and what a kind of object needs to be led back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from workers.core.schema import TABLE_CHILDREN, ObjectKind, SchemaObject, Value

Statements = tuple[str, ...]
Make = Callable[[SchemaObject], Statements]
Alter = Callable[[SchemaObject, SchemaObject, frozenset[str]], Statements]

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
# The words that no name may be without quotes.
_WORDS = """all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column concurrently
    constraint create cross current_catalog current_date current_role current_schema current_time current_timestamp current_user default
    deferrable desc distinct do else end except false fetch for foreign freeze from full grant group having ilike in initially inner
    intersect into is isnull join lateral leading left like limit localtime localtimestamp natural not notnull null offset on only or order
    outer overlaps placing primary references returning right select session_user similar some symmetric system_user table tablesample then
    to trailing true union unique user using variadic verbose when where window with between bigint bit boolean char character coalesce dec
    decimal exists extract float greatest grouping inout int integer interval json least national nchar none normalize nullif numeric out
    overlay position precision real row setof smallint substring time timestamp treat trim values varchar xmlattributes"""
_RESERVED = frozenset(_WORDS.split())
_CONSTRAINTS = frozenset(
    {ObjectKind.PRIMARY_KEY, ObjectKind.UNIQUE, ObjectKind.FOREIGN_KEY, ObjectKind.CHECK, ObjectKind.EXCLUSION}
)
_ON_TABLE = _CONSTRAINTS | {ObjectKind.TRIGGER, ObjectKind.RULE, ObjectKind.POLICY}


def no(*_: object) -> Statements:
    """Nothing certain can be said."""
    return ()


@dataclass(frozen=True, slots=True)
class Kind:
    """The word of a kind, how an object of it is made, how it is altered, and whether making it anew loses nothing."""

    word: str
    make: Make = no
    alter: Alter = no
    replaceable: bool = False


def quoted(name: str) -> str:
    """A name as SQL takes it."""
    return name if _PLAIN.fullmatch(name) and name not in _RESERVED else '"' + name.replace('"', '""') + '"'


def path(name: tuple[str, ...]) -> str:
    """A qualified name."""
    return ".".join(quoted(part) for part in name)


def literal(text: str) -> str:
    """A text as SQL takes it."""
    body = text.replace("\\", "\\\\").replace("'", "''")
    return f"E'{body}'" if "\\" in text else f"'{body}'"


def name_of(item: SchemaObject) -> str:
    """What DROP and COMMENT ON call an object."""
    kind, name = item.kind, item.name
    if kind is ObjectKind.COLUMN:
        return path(name)
    if kind in _ON_TABLE:
        return f"{quoted(name[-1])} ON {path(name[:-1])}"
    if kind is ObjectKind.INDEX:
        return path((name[0], name[-1]))
    if kind in {ObjectKind.FUNCTION, ObjectKind.PROCEDURE, ObjectKind.AGGREGATE}:
        word, _, arguments = name[-1].partition("(")
        return f"{path((*name[:-1], word))}({arguments}"
    if kind is ObjectKind.CAST:
        return f"({name[0]} AS {name[1]})"
    if kind is ObjectKind.USER_MAPPING:
        return f"FOR {quoted(name[1])} SERVER {quoted(name[0])}"
    return path(name)


def owner(item: SchemaObject) -> str:
    """The table of what belongs to one."""
    return path(item.name[:-1]) if item.kind in TABLE_CHILDREN else path(item.name)


def dropped(word: str, item: SchemaObject) -> str:
    """The statement that takes an object away, and nothing that hangs on it."""
    if item.kind in _CONSTRAINTS or item.kind is ObjectKind.COLUMN:
        return f"ALTER TABLE {owner(item)} DROP {word} {quoted(item.name[-1])}"
    return f"DROP {word} {name_of(item)}"


def comment(word: str, item: SchemaObject, *, always: bool = False) -> Statements:
    """The statement that sets an object's comment; where it has none, only when asked."""
    text = item.get("comment")
    if text is None and not always:
        return ()
    place = f"CONSTRAINT {name_of(item)}" if item.kind in _CONSTRAINTS else f"{word} {name_of(item)}"
    return (f"COMMENT ON {place} IS {literal(text) if isinstance(text, str) else 'NULL'}",)


def told(value: Value) -> str:
    """An attribute that is a text; nothing where there is none."""
    return value if isinstance(value, str) else ""


def listed(value: Value) -> tuple[str, ...]:
    """An attribute that is a list; empty where there is none."""
    return value if isinstance(value, tuple) else ()


def columns(value: Value) -> str:
    """Column names in parentheses."""
    return "(" + ", ".join(quoted(name) for name in listed(value)) + ")"


def settings(value: Value) -> str:
    """Storage options as WITH and SET take them; values are quoted, which every option accepts."""
    pairs = (item.partition("=") for item in listed(value))
    return ", ".join(f"{name} = {literal(text)}" for name, _, text in pairs)


def set_options(head: str, wanted: SchemaObject, live: SchemaObject) -> Statements:
    """Bring the storage options of something back: those that it should not have are reset, those that differ are set."""
    old, new = listed(live.get("options")), listed(wanted.get("options"))
    names = {item.partition("=")[0] for item in new}
    gone = sorted({item.partition("=")[0] for item in old} - names)
    there = tuple(item for item in new if item not in old)
    said = [f"{head} RESET ({', '.join(gone)})"] if gone else []
    return (*said, f"{head} SET ({settings(there)})") if there else tuple(said)
