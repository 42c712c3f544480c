"""How views, routines, triggers, rules and policies are led back: most can be made anew, since they hold no rows."""

from __future__ import annotations

from workers.core.schema import ObjectKind, SchemaObject, Value
from workers.databases.postgresql.revert_words import (
    Kind,
    Statements,
    listed,
    literal,
    name_of,
    no,
    owner,
    path,
    quoted,
    set_options,
    settings,
    told,
)

_STATES = {"disabled": "DISABLE", "replica": "ENABLE REPLICA", "always": "ENABLE ALWAYS"}
_COMMANDS = frozenset({"select", "insert", "update", "delete"})


def _view_made(wanted: SchemaObject, first: str = "CREATE VIEW") -> Statements:
    if wanted.get("column_comments") or any(" default " in item for item in listed(wanted.get("columns"))):
        return no()
    options = f" WITH ({settings(wanted.get('options'))})" if wanted.get("options") else ""
    return (f"{first} {path(wanted.name)}{options} AS {wanted.get('definition')}",)


def _view_altered(wanted: SchemaObject, live: SchemaObject, keys: frozenset[str]) -> Statements:
    if keys == {"options"}:
        return set_options(f"ALTER VIEW {path(wanted.name)}", wanted, live)
    if keys <= {"definition", "options"}:
        return _view_made(wanted, "CREATE OR REPLACE VIEW")
    return no()


def _materialized_made(wanted: SchemaObject) -> Statements:
    if wanted.get("column_comments") or wanted.get("access_method"):
        return no()
    options = f" WITH ({settings(wanted.get('options'))})" if wanted.get("options") else ""
    rows = " WITH NO DATA" if wanted.get("unpopulated") else ""
    return (f"CREATE MATERIALIZED VIEW {path(wanted.name)}{options} AS {wanted.get('definition')}{rows}",)


def _materialized_altered(wanted: SchemaObject, live: SchemaObject, keys: frozenset[str]) -> Statements:
    head = f"MATERIALIZED VIEW {path(wanted.name)}"
    if keys == {"unpopulated"}:
        return (f"REFRESH {head}" + (" WITH NO DATA" if wanted.get("unpopulated") else ""),)
    return set_options(f"ALTER {head}", wanted, live) if keys == {"options"} else no()


def _routine_made(wanted: SchemaObject) -> Statements:
    language = told(wanted.get("language"))
    if language in {"c", "internal"} or wanted.get("support") or wanted.get("window") or wanted.get("transforms"):
        return no()
    procedure = wanted.kind is ObjectKind.PROCEDURE
    word = name_of(wanted).partition("(")[0]
    result = "" if procedure else f" RETURNS {wanted.get('result')}"
    parts = [] if procedure else _promises(wanted)
    parts += ["SECURITY DEFINER"] if wanted.get("security_definer") else []
    parts += [_setting(item) for item in listed(wanted.get("settings"))]
    body = told(wanted.get("body"))
    said = body if wanted.get("parsed") else f"AS {_dollars(body)}"
    first = f"CREATE OR REPLACE {wanted.kind.value.upper()} {word}({told(wanted.get('arguments'))}){result}"
    return (" ".join([first, f"LANGUAGE {quoted(language)}", *parts, said]),)


def _promises(wanted: SchemaObject) -> list[str]:
    parts = [told(wanted.get("volatility")).upper()]
    parts += ["STRICT"] if wanted.get("strict") else []
    parts += ["LEAKPROOF"] if wanted.get("leakproof") else []
    parts += [f"PARALLEL {told(wanted.get('parallel')).upper()}"] if wanted.get("parallel") else []
    parts += [f"COST {wanted.get('cost')}"] if wanted.get("cost") else []
    return parts + ([f"ROWS {wanted.get('rows')}"] if wanted.get("rows") else [])


def _setting(item: str) -> str:
    """A setting as it is kept; lists of names are kept as they were written, quotes and all."""
    name, _, value = item.partition("=")
    lists = name in {"search_path", "temp_tablespaces", "session_preload_libraries", "local_preload_libraries"}
    return f"SET {name} TO {value or literal('')}" if lists and value else f"SET {name} TO {literal(value)}"


def _dollars(body: str) -> str:
    mark = "$body$"
    while mark in body:
        mark = mark[:-1] + "_$"
    return f"{mark}{body}{mark}"


def _routine_altered(wanted: SchemaObject, live: SchemaObject, keys: frozenset[str]) -> Statements:
    """Replaced in place, so that what uses it stays; another result or other arguments need a new one."""
    made = _routine_made(wanted)
    if not made or not keys & {"result", "arguments"}:
        return made
    return (f"DROP {wanted.kind.value.upper()} {name_of(live)}", *made)


def _acting_made(wanted: SchemaObject) -> Statements:
    return (told(wanted.get("definition")), *_enabled(wanted, wanted.get("enabled")))


def _acting_altered(wanted: SchemaObject, _: SchemaObject, keys: frozenset[str]) -> Statements:
    return (f"ALTER TABLE {owner(wanted)} {_state(wanted)}",) if keys == {"enabled"} else no()


def _enabled(wanted: SchemaObject, state: Value) -> Statements:
    return (f"ALTER TABLE {owner(wanted)} {_state(wanted)}",) if state else ()


def _state(wanted: SchemaObject) -> str:
    state = _STATES.get(told(wanted.get("enabled")), "ENABLE")
    return f"{state} {wanted.kind.value.upper()} {quoted(wanted.name[-1])}"


def _event_trigger_made(wanted: SchemaObject) -> Statements:
    tags = ", ".join(literal(tag) for tag in listed(wanted.get("tags")))
    when = f" WHEN TAG IN ({tags})" if tags else ""
    function = told(wanted.get("function"))
    made = f"CREATE EVENT TRIGGER {path(wanted.name)} ON {wanted.get('event')}{when} EXECUTE FUNCTION {function}"
    return (made, *_event_trigger_altered(wanted, wanted, frozenset({"enabled"}))) if wanted.get("enabled") else (made,)


def _event_trigger_altered(wanted: SchemaObject, _: SchemaObject, keys: frozenset[str]) -> Statements:
    state = _STATES.get(told(wanted.get("enabled")), "ENABLE")
    return (f"ALTER EVENT TRIGGER {path(wanted.name)} {state}",) if keys == {"enabled"} else no()


def _policy_made(wanted: SchemaObject) -> Statements:
    kind = " AS RESTRICTIVE" if wanted.get("restrictive") else ""
    command = told(wanted.get("command"))
    about = f" FOR {command.upper()}" if command in _COMMANDS else ""
    roles = ", ".join("PUBLIC" if role == "public" else quoted(role) for role in listed(wanted.get("roles")))
    using = f" USING ({wanted.get('using')})" if wanted.get("using") else ""
    check = f" WITH CHECK ({wanted.get('check')})" if wanted.get("check") else ""
    return (f"CREATE POLICY {name_of(wanted)}{kind}{about} TO {roles}{using}{check}",)


CODE = {
    ObjectKind.VIEW: Kind("VIEW", _view_made, _view_altered, replaceable=True),
    ObjectKind.MATERIALIZED_VIEW: Kind("MATERIALIZED VIEW", _materialized_made, _materialized_altered),
    ObjectKind.FUNCTION: Kind("FUNCTION", _routine_made, _routine_altered),
    ObjectKind.PROCEDURE: Kind("PROCEDURE", _routine_made, _routine_altered),
    ObjectKind.AGGREGATE: Kind("AGGREGATE"),
    ObjectKind.TRIGGER: Kind("TRIGGER", _acting_made, _acting_altered, replaceable=True),
    ObjectKind.RULE: Kind("RULE", _acting_made, _acting_altered, replaceable=True),
    ObjectKind.EVENT_TRIGGER: Kind("EVENT TRIGGER", _event_trigger_made, _event_trigger_altered, replaceable=True),
    ObjectKind.POLICY: Kind("POLICY", _policy_made, replaceable=True),
}
