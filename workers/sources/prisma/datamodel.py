"""A datamodel as Prisma's validator describes it (its DMMF), read into the tables that it stands for on MySQL."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from workers.sources.prisma.schema_text import Outline

_JSON = Mapping[str, Any]
_SUFFIXES = {"unique": "_key", "normal": "_idx", "fulltext": "_idx"}


class Given(StrEnum):
    """Where a value comes from when none is said: from nowhere, a literal, the moment, a counter, or an expression of the database's."""

    NOTHING = "nothing"
    LITERAL = "literal"
    NOW = "now"
    COUNTER = "counter"
    EXPRESSION = "expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One scalar field. `native` is the type as the schema names it, with its arguments; `labels` are those of an enum."""

    name: str
    type: str
    native: tuple[str, ...]
    labels: tuple[str, ...]
    required: bool
    given: Given
    default: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A primary key, unique or plain or full-text index; `columns` spelled as catalogs do: `name(length) desc`."""

    kind: str
    columns: tuple[str, ...]
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A foreign key. The actions are empty where the schema says none; `required` is None where some of its columns are and some are not."""

    columns: tuple[str, ...]
    table: str
    referenced: tuple[str, ...]
    on_delete: str
    on_update: str
    required: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What a model is to the database."""

    name: str
    columns: tuple[Column, ...]
    keys: tuple[Key, ...]
    relations: tuple[Relation, ...]


def read(datamodel: str, outline: Outline) -> tuple[Table, ...]:
    """The tables of a datamodel, those of many-to-many relations included; views and what `@@ignore` hides are not among them."""
    said = json.loads(datamodel)
    views = {block.name for block in outline.blocks if block.keyword == "view"}
    models = {model["name"]: model for model in said["models"] if model["name"] not in views}
    enums = {item["name"]: tuple(map(_database_name, item["values"])) for item in said["enums"]}
    keys: dict[str, list[_JSON]] = {name: [] for name in models}
    for index in said["indexes"]:
        if index["model"] in keys:
            keys[index["model"]].append(index)
    tables = tuple(_table(model, models, enums, keys[name]) for name, model in models.items())
    return (*tables, *_between(models, enums))


def _database_name(item: _JSON) -> str:
    return str(item.get("dbName") or item["name"])


def _table(model: _JSON, models: Mapping[str, _JSON], enums: Mapping[str, tuple[str, ...]], keys: list[_JSON]) -> Table:
    name = _database_name(model)
    columns = {item["name"]: _column(item, enums) for item in model["fields"] if item["kind"] in {"scalar", "enum"}}
    owning = (item for item in model["fields"] if item.get("relationFromFields"))
    return Table(
        name=name,
        columns=tuple(columns.values()),
        keys=tuple(_key(name, item, columns) for item in keys),
        relations=tuple(_relation(item, columns, models[item["type"]]) for item in owning if item["type"] in models),
    )


def _column(field: _JSON, enums: Mapping[str, tuple[str, ...]]) -> Column:
    native = field.get("nativeType") or ["", []]
    labels = enums.get(field["type"], ()) if field["kind"] == "enum" else ()
    given, default = _given(field.get("default"))
    return Column(
        name=_database_name(field),
        type="Enum" if labels else str(field["type"]),
        native=(str(native[0]), *map(str, native[1])) if native[0] else (),
        labels=labels,
        required=bool(field["isRequired"]),
        given=given,
        default=default,
    )


def _given(default: object) -> tuple[Given, str]:
    """Ids such as uuid() are made by Prisma's client, and are nothing to the database."""
    if default is None:
        return Given.NOTHING, ""
    if not isinstance(default, Mapping):
        return Given.LITERAL, str(default).lower() if isinstance(default, bool) else str(default)
    kinds = {"now": Given.NOW, "autoincrement": Given.COUNTER, "dbgenerated": Given.EXPRESSION}
    return kinds.get(str(default["name"]), Given.NOTHING), ""


def _key(table: str, index: _JSON, columns: Mapping[str, Column]) -> Key:
    """A name that nobody gave is Prisma's own; one too long for MySQL is cut, and not known here."""
    names = [columns[item["name"]].name if item["name"] in columns else str(item["name"]) for item in index["fields"]]
    kind = str(index["type"])
    usual = f"{'_'.join((table, *names))}{_SUFFIXES.get(kind, '')}"
    return Key(
        kind=kind,
        columns=tuple(_part(name, item) for name, item in zip(names, index["fields"], strict=True)),
        name=str(index.get("dbName") or (usual if len(usual.encode()) <= 64 else "")),
    )


def _part(name: str, field: _JSON) -> str:
    length = f"({field['length']})" if field.get("length") else ""
    return f"{name}{length}{' desc' if field.get('sortOrder') == 'desc' else ''}"


def _relation(field: _JSON, columns: Mapping[str, Column], model: _JSON) -> Relation:
    there = {item["name"]: _database_name(item) for item in model["fields"]}
    own = tuple(columns[name] for name in field["relationFromFields"] if name in columns)
    required = {item.required for item in own}
    return Relation(
        columns=tuple(item.name for item in own),
        table=_database_name(model),
        referenced=tuple(there.get(name, str(name)) for name in field["relationToFields"]),
        on_delete=str(field.get("relationOnDelete") or ""),
        on_update=str(field.get("relationOnUpdate") or ""),
        required=required.pop() if len(required) == 1 else None,
    )


def _between(models: Mapping[str, _JSON], enums: Mapping[str, tuple[str, ...]]) -> Iterator[Table]:
    """The tables of many-to-many relations that no model stands for: A is the model whose name comes first."""
    ends: dict[str, list[_JSON]] = {}
    for model in models.values():
        for field in model["fields"]:
            if field["kind"] == "object" and field["isList"]:
                ends.setdefault(str(field["relationName"]), []).append(field)
    for name, fields in ends.items():
        sides = sorted(str(field["type"]) for field in fields)
        if len(sides) == 2 and all(side in models and _id_of(models[side]) for side in sides):
            yield _joining(f"_{name}", models[sides[0]], models[sides[1]], enums)


def _joining(name: str, first: _JSON, second: _JSON, enums: Mapping[str, tuple[str, ...]]) -> Table:
    columns, relations = [], []
    for letter, model in (("A", first), ("B", second)):
        found = _column(_id_of(model) or {}, enums)
        columns.append(
            Column(
                name=letter,
                type=found.type,
                native=found.native,
                labels=found.labels,
                required=True,
                given=Given.NOTHING,
                default="",
            )
        )
        relations.append(
            Relation(
                columns=(letter,),
                table=_database_name(model),
                referenced=(found.name,),
                on_delete="Cascade",
                on_update="Cascade",
                required=True,
            )
        )
    keys = (
        Key(kind="unique", columns=("A", "B"), name=f"{name}_AB_unique"),
        Key(kind="normal", columns=("B",), name=f"{name}_B_index"),
    )
    return Table(name=name, columns=tuple(columns), keys=keys, relations=tuple(relations))


def _id_of(model: _JSON) -> _JSON | None:
    return next((item for item in model["fields"] if item["isId"]), None)
