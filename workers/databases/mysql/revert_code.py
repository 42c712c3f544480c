"""The way back of what holds code, and of sequences. A body with a semicolon is left out: where it ends, every client says otherwise."""

from __future__ import annotations

from workers.core.schema import ObjectKind, SchemaObject
from workers.databases.mysql.revert_words import Statements, UncertainError, definer, listed, text, told
from workers.databases.mysql.spelling import literal, quoted

_WORDS = {
    ObjectKind.VIEW: "VIEW",
    ObjectKind.FUNCTION: "FUNCTION",
    ObjectKind.PROCEDURE: "PROCEDURE",
    ObjectKind.TRIGGER: "TRIGGER",
    ObjectKind.EVENT: "EVENT",
    ObjectKind.SEQUENCE: "SEQUENCE",
}
KINDS = frozenset(_WORDS)


def dropped(item: SchemaObject) -> Statements:
    """What takes it away."""
    return (f"DROP {_WORDS[item.kind]} {quoted(item.name[-1])}",)


def made(item: SchemaObject) -> Statements:
    """What makes it. Raises UncertainError."""
    if item.kind is ObjectKind.VIEW:
        return (_view(item),)
    if item.kind is ObjectKind.SEQUENCE:
        return (_sequence("CREATE", item),)
    if item.kind is ObjectKind.EVENT:
        raise UncertainError
    body = told(item.get("body"))
    if ";" in body:
        raise UncertainError
    said = _trigger(item, body) if item.kind is ObjectKind.TRIGGER else _routine(item, body)
    mode = f"SET SESSION sql_mode = {literal(told(item.get('sql_mode')))}"
    return (mode, said, "SET SESSION sql_mode = DEFAULT")


def altered(item: SchemaObject, keys: frozenset[str]) -> Statements:
    """What changes it back. Raises UncertainError."""
    if item.kind is ObjectKind.SEQUENCE:
        return (_sequence("ALTER", item),)
    if item.kind is ObjectKind.EVENT:
        return (_event(item, keys),)
    if item.kind is ObjectKind.TRIGGER and "follows" in keys:
        raise UncertainError  # another one comes or goes before it
    return made(item) if item.kind is ObjectKind.VIEW else (*dropped(item), *made(item))


def _view(item: SchemaObject) -> str:
    algorithm = f"ALGORITHM = {told(item.get('algorithm')).upper() or 'UNDEFINED'} "
    security = f"SQL SECURITY {told(item.get('security')).upper() or 'DEFINER'} "
    option = f" WITH {told(item.get('check_option')).upper()} CHECK OPTION" if item.get("check_option") else ""
    head = f"CREATE OR REPLACE {algorithm}{definer(item)}{security}VIEW {quoted(item.name[-1])}"
    return f"{head} AS {told(item.get('definition'))}{option}"


def _routine(item: SchemaObject, body: str) -> str:
    words = [
        f"CREATE {definer(item)}{_WORDS[item.kind]} {quoted(item.name[-1])}({', '.join(listed(item.get('parameters')))})"
    ]
    words += [f"RETURNS {told(item.get('returns'))}"] if item.get("returns") else []
    words += ["DETERMINISTIC"] if item.get("deterministic") else []
    words += [told(item.get("data_access")).upper()] if item.get("data_access") else []
    words += ["SQL SECURITY INVOKER"] if item.get("security") else []
    words += [f"COMMENT {text(item.get('comment'))}"] if item.get("comment") else []
    return " ".join([*words, body])


def _trigger(item: SchemaObject, body: str) -> str:
    follows = f" FOLLOWS {quoted(told(item.get('follows')))}" if item.get("follows") else ""
    head = f"CREATE {definer(item)}TRIGGER {quoted(item.name[-1])} {told(item.get('fires')).upper()}"
    return f"{head} ON {quoted(item.name[0])} FOR EACH ROW{follows} {body}"


def _event(item: SchemaObject, keys: frozenset[str]) -> str:
    if not keys <= {"status", "preserved", "comment"}:
        raise UncertainError
    words = [f"ALTER EVENT {quoted(item.name[-1])}"]
    words += [f"ON COMPLETION {'' if item.get('preserved') else 'NOT '}PRESERVE"] if "preserved" in keys else []
    words += ["ENABLE" if not item.get("status") else "DISABLE"] if "status" in keys else []
    words += [f"COMMENT {text(item.get('comment'))}"] if "comment" in keys else []
    return " ".join(words)


def _sequence(verb: str, item: SchemaObject) -> str:
    names = (
        ("start", "START WITH"),
        ("increment", "INCREMENT BY"),
        ("minimum", "MINVALUE"),
        ("maximum", "MAXVALUE"),
        ("cache", "CACHE"),
    )
    words = [f"{word} {told(item.get(key))}" for key, word in names if item.get(key)]
    return f"{verb} SEQUENCE {quoted(item.name[-1])} {' '.join(words)} {'CYCLE' if item.get('cycle') else 'NOCYCLE'}"
