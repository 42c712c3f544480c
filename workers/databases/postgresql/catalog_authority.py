"""Who may do what, and what acts unseen: owners, privileges, settings of roles and of the database, event triggers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from workers.core.schema import Name, ObjectKind, SchemaObject, Value, attributes
from workers.databases.postgresql.catalog_frame import USER, Frame

_ROLES = "SELECT oid, rolname FROM pg_roles"
_RELATIONS = """SELECT c.relkind::text, n.nspname, c.relname, c.relowner, c.relacl::text[],
    CASE WHEN c.relacl IS NOT NULL THEN acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner)::text[] END
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND """
_COLUMNS = """SELECT n.nspname, c.relname, a.attname, a.attacl::text[] FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND """
_ROUTINES = """SELECT p.prokind::text, n.nspname, p.proname || '(' || oidvectortypes(p.proargtypes) || ')', p.proowner, p.proacl::text[],
    CASE WHEN p.proacl IS NOT NULL THEN acldefault('f', p.proowner)::text[] END
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE """
_TYPES = """SELECT t.typtype::text, n.nspname, t.typname, t.typowner, t.typacl::text[],
    CASE WHEN t.typacl IS NOT NULL THEN acldefault('T', t.typowner)::text[] END FROM pg_type t
    JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c') AND """
_SCHEMAS = """SELECT n.nspname, n.nspowner, n.nspacl::text[],
    CASE WHEN n.nspacl IS NOT NULL THEN acldefault('n', n.nspowner)::text[] END FROM pg_namespace n WHERE """
_DATABASE = """SELECT datname, datdba, datacl::text[], acldefault('d', datdba)::text[],
    pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database WHERE datname = current_database()"""
_DEFAULTS = """SELECT d.defaclrole, coalesce(n.nspname, ''), d.defaclobjtype::text, d.defaclacl::text[] FROM pg_default_acl d
    LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace"""
_SETTINGS = """SELECT s.setdatabase <> 0, s.setrole, s.setconfig FROM pg_db_role_setting s
    WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))"""
_EVENT_TRIGGERS = """SELECT evtname, evtevent, evtenabled::text, evtfoid::regprocedure::text, evttags, evtowner FROM pg_event_trigger"""
_WORDS = {
    "r": "table",
    "p": "table",
    "v": "view",
    "m": "materialized_view",
    "S": "sequence",
    "f": "foreign_table",
}
_ROUTINE_WORDS = {"f": "function", "w": "function", "p": "procedure", "a": "aggregate"}
_TYPE_WORDS = {"e": "enum", "d": "domain", "r": "range_type", "c": "composite_type"}
_DEFAULT_WORDS = {"r": "tables", "S": "sequences", "f": "functions", "T": "types", "n": "schemas", "L": "large objects"}
_RIGHTS = {
    "r": "SELECT",
    "a": "INSERT",
    "w": "UPDATE",
    "d": "DELETE",
    "D": "TRUNCATE",
    "x": "REFERENCES",
    "t": "TRIGGER",
    "m": "MAINTAIN",
    "X": "EXECUTE",
    "U": "USAGE",
    "C": "CREATE",
    "c": "CONNECT",
    "T": "TEMPORARY",
}
_LETTER = re.compile(r"(\w)(\*?)")
_ENTRY = re.compile(r'("(?:[^"]|"")*"|[^"=]*)=([A-Za-z*]*)/(.*)', re.DOTALL)
_ENABLED = {"O": "enabled", "D": "disabled", "R": "replica", "A": "always"}


def authority(frame: Frame) -> list[SchemaObject]:
    """Read all of it. Privileges are listed only where they are not the usual ones, which follow from the owner."""
    roles: dict[int, str] = dict(frame.rows(_ROLES))
    found = _owned(frame, roles)
    for space, table, column, grants in frame.rows(_COLUMNS + USER):
        found += _privilege(("column", space, table, column), grants, ())
    for role, space, letter, grants in frame.rows(_DEFAULTS):
        name: Name = (roles.get(role, str(role)), space, _DEFAULT_WORDS[letter])
        found.append(SchemaObject(ObjectKind.DEFAULT_PRIVILEGE, name, (("grants", _said(grants)),)))
    for here, role, settings in frame.rows(_SETTINGS):
        scope: Name = ("database" if here else "every database", roles.get(role, str(role)) if role else "every role")
        found.append(SchemaObject(ObjectKind.SETTING, scope, (("settings", tuple(sorted(settings))),)))
    return [*found, *_event_triggers(frame, roles), *_database(frame, roles)]


def _owned(frame: Frame, roles: dict[int, str]) -> list[SchemaObject]:
    kinds = ((_RELATIONS, _WORDS), (_ROUTINES, _ROUTINE_WORDS), (_TYPES, _TYPE_WORDS))
    rows: list[tuple[Name, list[Any]]] = [
        ((words[kind], schema, name), rest)
        for query, words in kinds
        for kind, schema, name, *rest in frame.rows(query + USER)
    ]
    rows += [(("schema", name), rest) for name, *rest in frame.rows(_SCHEMAS + USER)]
    found = []
    for name, (owner, acl, usual) in rows:
        found.append(SchemaObject(ObjectKind.OWNER, name, (("owner", roles.get(owner, str(owner))),)))
        if acl is not None:
            found += _privilege(name, acl, usual)
    return found


def _privilege(name: Name, grants: Sequence[str], usual: Sequence[str]) -> list[SchemaObject]:
    """What is granted beyond the usual, and what of that is withheld; nothing where somebody gave and took the same."""
    told = attributes(**_unusual(grants, usual))
    return [SchemaObject(ObjectKind.PRIVILEGE, name, told)] if told else []


def _unusual(grants: Sequence[str], usual: Sequence[str]) -> dict[str, Value]:
    more, less = set(grants) - set(usual), set(usual) - set(grants)
    return {"grants": _said(more) or None, "withheld": _said(less) or None}


def _said(grants: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(map(_grant, grants)))


@lru_cache(maxsize=1024)
def _grant(item: str) -> str:
    """Say one entry of an access list; a star stands for the right to pass it on.

    https://www.postgresql.org/docs/current/ddl-priv.html
    """
    found = _ENTRY.fullmatch(item)
    if found is None:
        return item
    grantee, letters, by = _role(found[1]) or "PUBLIC", found[2], _role(found[3])
    rights = ", ".join(_RIGHTS.get(letter, letter) + star for letter, star in _LETTER.findall(letters))
    return f"{grantee} may {rights or 'nothing'} (by {by})"


def _role(text: str) -> str:
    return text[1:-1].replace('""', '"') if text.startswith('"') else text


def _event_triggers(frame: Frame, roles: dict[int, str]) -> list[SchemaObject]:
    return [
        SchemaObject(
            ObjectKind.EVENT_TRIGGER,
            (name,),
            (
                ("enabled", _ENABLED.get(enabled, enabled)),
                ("event", event),
                ("function", function),
                ("owner", roles.get(owner, str(owner))),
                ("tags", tuple(sorted(tags or ()))),
            ),
        )
        for name, event, enabled, function, tags, owner in frame.rows(_EVENT_TRIGGERS)
    ]


def _database(frame: Frame, roles: dict[int, str]) -> list[SchemaObject]:
    return [
        SchemaObject(
            ObjectKind.DATABASE,
            (name,),
            attributes(
                character_type=character_type,
                collation=collation,
                encoding=encoding,
                owner=roles.get(owner, str(owner)),
                **(_unusual(grants, usual) if grants is not None else {}),
            ),
        )
        for name, owner, grants, usual, encoding, collation, character_type in frame.rows(_DATABASE)
    ]
