"""What a schema is: objects with canonical attributes, gathered into a snapshot that has a fingerprint."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from operator import attrgetter
from typing import Any

from workers.core.codec import canonical, sha256
from workers.core.names import Engine

FORMAT = "schemagate-snapshot/1"
Value = str | int | bool | None | tuple[str, ...]
Name = tuple[str, ...]
Attributes = tuple[tuple[str, Value], ...]


class ObjectKind(StrEnum):
    """Every kind of object that a catalog may give."""

    __hash__ = str.__hash__  # kinds are keys of large tables, and an enum's own hash is made in Python

    DATABASE = "database"
    SCHEMA = "schema"
    EXTENSION = "extension"
    ENUM = "enum"
    DOMAIN = "domain"
    COMPOSITE_TYPE = "composite_type"
    RANGE_TYPE = "range_type"
    SEQUENCE = "sequence"
    TABLE = "table"
    COLUMN = "column"
    PRIMARY_KEY = "primary_key"
    UNIQUE = "unique"
    FOREIGN_KEY = "foreign_key"
    CHECK = "check"
    EXCLUSION = "exclusion"
    INDEX = "index"
    VIEW = "view"
    MATERIALIZED_VIEW = "materialized_view"
    FUNCTION = "function"
    PROCEDURE = "procedure"
    AGGREGATE = "aggregate"
    TRIGGER = "trigger"
    EVENT_TRIGGER = "event_trigger"
    RULE = "rule"
    POLICY = "policy"
    STATISTICS = "statistics"
    PUBLICATION = "publication"
    SUBSCRIPTION = "subscription"
    FOREIGN_DATA_WRAPPER = "foreign_data_wrapper"
    FOREIGN_SERVER = "foreign_server"
    USER_MAPPING = "user_mapping"
    FOREIGN_TABLE = "foreign_table"
    COLLATION = "collation"
    CAST = "cast"
    TEXT_SEARCH_CONFIGURATION = "text_search_configuration"
    TEXT_SEARCH_DICTIONARY = "text_search_dictionary"
    TEXT_SEARCH_PARSER = "text_search_parser"
    TEXT_SEARCH_TEMPLATE = "text_search_template"
    EVENT = "event"
    PRAGMA = "pragma"
    OWNER = "owner"
    PRIVILEGE = "privilege"
    DEFAULT_PRIVILEGE = "default_privilege"
    SETTING = "setting"


TABLE_CHILDREN = frozenset(
    {
        ObjectKind.COLUMN,
        ObjectKind.PRIMARY_KEY,
        ObjectKind.UNIQUE,
        ObjectKind.FOREIGN_KEY,
        ObjectKind.CHECK,
        ObjectKind.EXCLUSION,
        ObjectKind.INDEX,
        ObjectKind.TRIGGER,
        ObjectKind.RULE,
        ObjectKind.POLICY,
    },
)


@dataclass(frozen=True, slots=True)
class SchemaObject:
    """One object of a schema.

    `name` is qualified: PostgreSQL (schema, table, child), MySQL/MariaDB and SQLite (table, child); a routine's last part carries its
    argument types. `attributes` are sorted by key and hold canonical values in the engine's own spelling; nothing volatile (oid, row count, time).
    """

    kind: ObjectKind
    name: Name
    attributes: tuple[tuple[str, Value], ...]

    def get(self, key: str) -> Value:
        """Return one attribute, None where the object has none of that key."""
        return next((value for name, value in self.attributes if name == key), None)

    @property
    def parent(self) -> Name:
        """The name of the table that this object belongs to, or its own name."""
        return self.name[:-1] if self.kind in TABLE_CHILDREN else self.name

    @property
    def label(self) -> str:
        """The name as people write it: `public.orders.note`."""
        return ".".join(self.name)


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that was seen in a database and is not compared."""

    kind: str
    name: Name
    why: str


@dataclass(frozen=True, slots=True)
class Excluded:
    """An object that a filter took out of the comparison."""

    kind: ObjectKind
    name: Name
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All objects of a database as read in one consistent view, sorted by kind and name.

    `authority` holds what can act on a plan without being shown as a schema difference (owners, privileges, default privileges, role and
    database settings, event triggers): it counts in `binding`, not in `fingerprint`.
    """

    engine: Engine
    version: str
    database: str
    objects: tuple[SchemaObject, ...]
    unread: tuple[Unread, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    authority: tuple[SchemaObject, ...] = ()

    @property
    def fingerprint(self) -> str:
        """`sha256:` and the hash of engine and objects: the same across runs, machines, and order of creation."""
        return _hash(self.engine, self.objects)

    def binding(self, scope: tuple[Name, ...] = ()) -> str:
        """Hash what a plan binds to: the tables in `scope` (all where empty), whatever belongs to no table, and the authority."""
        wanted = frozenset(scope)
        objects = tuple(item for item in self.objects if not wanted or not _table_bound(item) or item.parent in wanted)
        return _hash(self.engine, objects + self.authority)


def ordered(objects: list[SchemaObject]) -> tuple[SchemaObject, ...]:
    """Sort objects as a snapshot holds them."""
    kinds: defaultdict[ObjectKind, list[SchemaObject]] = defaultdict(list)
    for item in objects:
        kinds[item.kind].append(item)
    groups = (sorted(kinds[kind], key=attrgetter("name")) for kind in sorted(kinds))
    return tuple(chain.from_iterable(groups))  # kind by kind is a fifth of the time


def attributes(**values: Value) -> tuple[tuple[str, Value], ...]:
    """Build sorted attributes; a key whose value is None is left out."""
    return tuple(sorted((key, value) for key, value in values.items() if value is not None))


def snapshot_to_json(snapshot: Snapshot) -> dict[str, Any]:
    """Return a snapshot as `schemagate-snapshot/1`."""
    return {
        "format": FORMAT,
        "engine": snapshot.engine.value,
        "version": snapshot.version,
        "database": snapshot.database,
        "fingerprint": snapshot.fingerprint,
        "objects": [_object_json(item) for item in snapshot.objects],
        "authority": [_object_json(item) for item in snapshot.authority],
        "unread": [{"kind": item.kind, "name": list(item.name), "why": item.why} for item in snapshot.unread],
        "excluded": [
            {"kind": item.kind.value, "name": list(item.name), "reason": item.reason} for item in snapshot.excluded
        ],
    }


def snapshot_from_json(value: dict[str, Any]) -> Snapshot:
    """Read `schemagate-snapshot/1`. Raises ValueError or KeyError where the text is of another format."""
    if value.get("format") != FORMAT:
        msg = f"not a {FORMAT} document"
        raise ValueError(msg)
    return Snapshot(
        engine=Engine(value["engine"]),
        version=value["version"],
        database=value["database"],
        objects=ordered([_object(item) for item in value["objects"]]),
        authority=ordered([_object(item) for item in value.get("authority", [])]),
        unread=tuple(Unread(item["kind"], tuple(item["name"]), item["why"]) for item in value["unread"]),
        excluded=tuple(
            Excluded(ObjectKind(item["kind"]), tuple(item["name"]), item["reason"]) for item in value["excluded"]
        ),
    )


def _hash(engine: Engine, objects: tuple[SchemaObject, ...]) -> str:
    rows = [[item.kind.value, item.name, item.attributes] for item in objects]
    return "sha256:" + sha256(canonical([engine.value, rows]))


def _table_bound(item: SchemaObject) -> bool:
    return item.kind in TABLE_CHILDREN or item.kind is ObjectKind.TABLE


def _object_json(item: SchemaObject) -> dict[str, Any]:
    values = {key: list(value) if isinstance(value, tuple) else value for key, value in item.attributes}
    return {"kind": item.kind.value, "name": list(item.name), "attributes": values}


def _object(value: dict[str, Any]) -> SchemaObject:
    pairs = ((key, tuple(item) if isinstance(item, list) else item) for key, item in value["attributes"].items())
    return SchemaObject(ObjectKind(value["kind"]), tuple(value["name"]), tuple(sorted(pairs)))
