"""Who may do what, and what acts unseen: owners, privileges, settings of roles and of the database, event triggers."""

from __future__ import annotations

from workers.core.schema import Name, ObjectKind, SchemaObject
from workers.databases.postgresql.catalog_frame import USER, Frame

_ROLES = "SELECT oid, rolname FROM pg_roles"
_RELATIONS = """SELECT c.relkind::text, n.nspname, c.relname, c.relowner, c.relacl::text[] FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND """
_COLUMNS = """SELECT n.nspname, c.relname, a.attname, a.attacl::text[] FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND """
_ROUTINES = """SELECT p.prokind::text, n.nspname, p.proname || '(' || oidvectortypes(p.proargtypes) || ')', p.proowner, p.proacl::text[]
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE """
_TYPES = """SELECT t.typtype::text, n.nspname, t.typname, t.typowner, t.typacl::text[] FROM pg_type t
    JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c') AND """
_SCHEMAS = "SELECT n.nspname, n.nspowner, n.nspacl::text[] FROM pg_namespace n WHERE "
_DATABASE = """SELECT datname, datdba, datacl::text[], pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database
    WHERE datname = current_database()"""
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
_ENABLED = {"O": "enabled", "D": "disabled", "R": "replica", "A": "always"}


def authority(frame: Frame) -> list[SchemaObject]:
    """Read all of it. Privileges are listed only where somebody changed them; `owner` alone says the rest."""
    roles: dict[int, str] = dict(frame.rows(_ROLES))
    found = _owned(frame, roles)
    for space, table, column, grants in frame.rows(_COLUMNS + USER):
        found.append(_privilege(("column", space, table, column), grants))
    for role, space, letter, grants in frame.rows(_DEFAULTS):
        name: Name = (roles.get(role, str(role)), space, _DEFAULT_WORDS[letter])
        found.append(SchemaObject(ObjectKind.DEFAULT_PRIVILEGE, name, (("grants", tuple(sorted(grants))),)))
    for here, role, settings in frame.rows(_SETTINGS):
        scope: Name = ("database" if here else "every database", roles.get(role, str(role)) if role else "every role")
        found.append(SchemaObject(ObjectKind.SETTING, scope, (("settings", tuple(sorted(settings))),)))
    return [*found, *_event_triggers(frame, roles), *_database(frame, roles)]


def _owned(frame: Frame, roles: dict[int, str]) -> list[SchemaObject]:
    rows: list[tuple[Name, int, list[str] | None]] = []
    rows += [
        ((_WORDS[kind], schema, name), owner, acl) for kind, schema, name, owner, acl in frame.rows(_RELATIONS + USER)
    ]
    rows += [
        ((_ROUTINE_WORDS[kind], schema, name), owner, acl)
        for kind, schema, name, owner, acl in frame.rows(_ROUTINES + USER)
    ]
    rows += [
        ((_TYPE_WORDS[kind], schema, name), owner, acl) for kind, schema, name, owner, acl in frame.rows(_TYPES + USER)
    ]
    rows += [(("schema", name), owner, acl) for name, owner, acl in frame.rows(_SCHEMAS + USER)]
    found = []
    for name, owner, acl in rows:
        found.append(SchemaObject(ObjectKind.OWNER, name, (("owner", roles.get(owner, str(owner))),)))
        if acl is not None:
            found.append(_privilege(name, acl))
    return found


def _privilege(name: Name, grants: list[str]) -> SchemaObject:
    return SchemaObject(ObjectKind.PRIVILEGE, name, (("grants", tuple(sorted(grants))),))


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
            (
                ("character_type", character_type),
                ("collation", collation),
                ("encoding", encoding),
                ("grants", tuple(sorted(grants or ()))),
                ("owner", roles.get(owner, str(owner))),
            ),
        )
        for name, owner, grants, encoding, collation, character_type in frame.rows(_DATABASE)
    ]
