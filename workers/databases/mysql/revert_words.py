"""How columns, keys and options are written in statements that lead a database back."""

from __future__ import annotations

import re

from workers.core.schema import SchemaObject, Value
from workers.databases.mysql.spelling import literal, quoted

Statements = tuple[str, ...]
_PART = re.compile(r"(?P<name>[^()]+?)(?P<length>\(\d+\))?(?P<order> desc)?")


class UncertainError(Exception):
    """The way back of this difference is not certain."""


def told(value: Value) -> str:
    """An attribute that is a text; nothing where there is none."""
    return value if isinstance(value, str) else ""


def listed(value: Value) -> tuple[str, ...]:
    """An attribute that is a list; empty where there is none."""
    return value if isinstance(value, tuple) else ()


def text(value: Value) -> str:
    """A text as COMMENT takes it; there a function would be an error, so a backslash makes the way uncertain."""
    if "\\" in told(value):
        raise UncertainError
    return literal(told(value))


def charset(collation: Value) -> str:
    """What a text column or a table says of its collation."""
    return f" CHARACTER SET {told(collation).partition('_')[0]} COLLATE {told(collation)}" if collation else ""


def column(item: SchemaObject) -> str:
    """A column as CREATE and ALTER TABLE take it."""
    if item.get("srs"):
        raise UncertainError
    words = [f"{quoted(item.name[-1])} {told(item.get('type'))}{charset(item.get('collation'))}"]
    generated = told(item.get("generated"))
    if generated:
        kind, _, expression = generated.partition(": ")
        words.append(f"GENERATED ALWAYS AS ({expression}) {kind.upper()}")
    else:
        words.append("NOT NULL" if item.get("not_null") else "NULL")
    for key, word in (("default", "DEFAULT"), ("on_update", "ON UPDATE")):
        words += [f"{word} {told(item.get(key))}"] if item.get(key) else []
    for key, word in (("auto_increment", "AUTO_INCREMENT"), ("invisible", "INVISIBLE")):
        words += [word] if item.get(key) else []
    words += [f"COMMENT {text(item.get('comment'))}"] if item.get("comment") else []
    words += ["WITHOUT SYSTEM VERSIONING"] if item.get("unversioned") else []
    return " ".join(words)


def index(item: SchemaObject) -> str:
    """An index, or the primary key, as ALTER TABLE … ADD takes it."""
    method = told(item.get("method"))
    parts = ", ".join(_part(part) for part in listed(item.get("columns")))
    if item.name[-1] == "PRIMARY":
        return f"PRIMARY KEY ({parts})"
    kind = f"{method} " if method in {"FULLTEXT", "SPATIAL"} else "UNIQUE " if item.get("unique") else ""
    using = f" USING {method}" if method and not kind.startswith(method) else ""
    comment = f" COMMENT {text(item.get('comment'))}" if item.get("comment") else ""
    ignored = " IGNORED" if item.get("ignored") else ""
    return f"{kind}INDEX {quoted(item.name[-1])} ({parts}){using}{comment}{ignored}"


def foreign_key(item: SchemaObject) -> str:
    """A foreign key as ALTER TABLE … ADD takes it."""
    own, other = (", ".join(map(quoted, listed(item.get(key)))) for key in ("columns", "referenced_columns"))
    place = quoted(*told(item.get("references")).split("."))
    rules = "".join(
        f" ON {key[3:].upper()} {told(item.get(key)).upper()}" for key in ("on_delete", "on_update") if item.get(key)
    )
    return f"CONSTRAINT {quoted(item.name[-1])} FOREIGN KEY ({own}) REFERENCES {place} ({other}){rules}"


def check(item: SchemaObject) -> str:
    """A check as ALTER TABLE … ADD takes it. One of a column goes and comes with it; one that parts a period is none."""
    expression = told(item.get("expression"))
    if item.get("of_column") or re.fullmatch(r"`[^`]+` < `[^`]+`", expression):
        raise UncertainError
    return f"CONSTRAINT {quoted(item.name[-1])} CHECK ({expression})"


def definer(item: SchemaObject) -> str:
    """A definer as CREATE takes it."""
    user, mark, host = told(item.get("definer")).rpartition("@")
    return f"DEFINER = {quoted(user)}@{quoted(host)} " if mark else ""


def _part(part: str) -> str:
    if part.startswith("("):
        return part
    found = _PART.fullmatch(part)
    if found is None:
        raise UncertainError
    return quoted(found["name"]) + (found["length"] or "") + (found["order"] or "").upper()
