"""Who may do what, and what acts unseen: owners, privileges, settings of roles and of the database."""

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
_OTHERS = f"""SELECT ARRAY['event_trigger', evtname]::text[], evtowner, NULL::text[], NULL::text[] FROM pg_event_trigger
    UNION ALL SELECT ARRAY['publication', pubname]::text[], pubowner, NULL, NULL FROM pg_publication
    UNION ALL SELECT ARRAY['subscription', subname]::text[], subowner, NULL, NULL FROM pg_subscription
        WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    UNION ALL SELECT ARRAY['foreign_data_wrapper', fdwname]::text[], fdwowner, fdwacl::text[],
        CASE WHEN fdwacl IS NOT NULL THEN acldefault('F', fdwowner)::text[] END FROM pg_foreign_data_wrapper
    UNION ALL SELECT ARRAY['foreign_server', srvname]::text[], srvowner, srvacl::text[],
        CASE WHEN srvacl IS NOT NULL THEN acldefault('S', srvowner)::text[] END FROM pg_foreign_server
    UNION ALL SELECT ARRAY['statistics', n.nspname, stxname]::text[], stxowner, NULL, NULL FROM pg_statistic_ext
        JOIN pg_namespace n ON n.oid = stxnamespace WHERE {USER}
    UNION ALL SELECT ARRAY['collation', n.nspname, collname]::text[], collowner, NULL, NULL FROM pg_collation
        JOIN pg_namespace n ON n.oid = collnamespace WHERE {USER}
    UNION ALL SELECT ARRAY['text_search_configuration', n.nspname, cfgname]::text[], cfgowner, NULL, NULL FROM pg_ts_config
        JOIN pg_namespace n ON n.oid = cfgnamespace WHERE {USER}
    UNION ALL SELECT ARRAY['text_search_dictionary', n.nspname, dictname]::text[], dictowner, NULL, NULL FROM pg_ts_dict
        JOIN pg_namespace n ON n.oid = dictnamespace WHERE {USER}"""
_DATABASE = """SELECT datname, datdba, datacl::text[], acldefault('d', datdba)::text[],
    pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database WHERE datname = current_database()"""
_DEFAULTS = """SELECT d.defaclrole, coalesce(n.nspname, ''), d.defaclobjtype::text, d.defaclacl::text[] FROM pg_default_acl d
    LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace"""
_SETTINGS = """SELECT s.setdatabase <> 0, s.setrole, s.setconfig FROM pg_db_role_setting s
    WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))"""
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
_PASSED_ON = " with grant option"
_LETTER = re.compile(r"(\w)(\*?)")
_ENTRY = re.compile(r'("(?:[^"]|"")*"|[^"=]*)=([A-Za-z*]*)/(.*)', re.DOTALL)


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
    return [*found, *_database(frame, roles)]


def _owned(frame: Frame, roles: dict[int, str]) -> list[SchemaObject]:
    kinds = ((_RELATIONS, _WORDS), (_ROUTINES, _ROUTINE_WORDS), (_TYPES, _TYPE_WORDS))
    rows: list[tuple[Name, list[Any]]] = [
        ((words[kind], schema, name), rest)
        for query, words in kinds
        for kind, schema, name, *rest in frame.rows(query + USER)
    ]
    rows += [(tuple(name), rest) for name, *rest in frame.rows(_OTHERS)]
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
    """Say one entry of an access list.

    https://www.postgresql.org/docs/current/ddl-priv.html
    """
    found = _ENTRY.fullmatch(item)
    if found is None:
        return item
    grantee, letters, by = _role(found[1]) or "PUBLIC", found[2], _role(found[3])
    rights = ", ".join(
        _RIGHTS.get(letter, letter) + _PASSED_ON * len(star) for letter, star in _LETTER.findall(letters)
    )
    return f"{grantee} may {rights or 'nothing'} (by {by})"


def _role(text: str) -> str:
    return text[1:-1].replace('""', '"') if text.startswith('"') else text


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
