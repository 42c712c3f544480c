"""Which recorded queries ask the catalog alone: their answer follows from the schema, never from the application's rows."""

from __future__ import annotations

import itertools
import re

from workers.core.names import Engine
from workers.core.plan import StatementKind
from workers.core.schema import Name
from workers.reading import lexer, mysql, postgresql

# Without a schema these names are still the catalog's: it stands first in every search_path that does not say otherwise.
_POSTGRESQL = frozenset(
    {
        *("pg_attrdef", "pg_attribute", "pg_class", "pg_collation", "pg_constraint", "pg_database", "pg_depend"),
        *("pg_description", "pg_enum", "pg_extension", "pg_index", "pg_indexes", "pg_inherits", "pg_matviews"),
        *("pg_namespace", "pg_proc", "pg_roles", "pg_settings", "pg_sequences", "pg_tables", "pg_trigger", "pg_type"),
        *("pg_views",),
    }
)
_SQLITE = frozenset({"SQLITE_MASTER", "SQLITE_SCHEMA", "SQLITE_TEMP_MASTER", "SQLITE_TEMP_SCHEMA"})
_SQLITE_SCHEMAS = frozenset({"MAIN", "TEMP"})
_HARMLESS = frozenset(
    {
        *(
            "version",
            "current_schema",
            "current_schemas",
            "current_setting",
            "current_database",
            "now",
            "count",
            "exists",
        ),
        *(
            "format_type",
            "pg_get_constraintdef",
            "pg_get_indexdef",
            "pg_get_viewdef",
            "pg_get_expr",
            "pg_table_is_visible",
        ),
        *("to_regclass", "to_regtype", "array_agg", "string_agg", "json_agg", "jsonb_agg", "json_build_object"),
        *("jsonb_build_object", "array_to_string", "bool_and", "bool_or", "generate_subscripts", "generate_series"),
        *("coalesce", "unnest", "lower", "upper", "max", "min", "sum", "obj_description", "col_description"),
    }
)
_HARMLESS_MYSQL = frozenset(
    {
        *(
            "version",
            "database",
            "schema",
            "connection_id",
            "user",
            "current_user",
            "now",
            "current_timestamp",
            "exists",
        ),
        *(
            "count",
            "coalesce",
            "ifnull",
            "nullif",
            "if",
            "concat",
            "concat_ws",
            "group_concat",
            "lower",
            "upper",
            "max",
        ),
        *(
            "min",
            "sum",
            "length",
            "char_length",
            "substring",
            "substr",
            "replace",
            "trim",
            "cast",
            "convert",
            "in",
            "char",
        ),
    }
)


def asks_catalog_only(sql: str, engine: Engine, version_table: Name) -> bool:
    """Whether a query names no relation but the catalog's and the version table. In doubt it does not."""
    if engine is Engine.POSTGRESQL:
        return _postgresql(sql, version_table)
    if engine is Engine.SQLITE:
        return _sqlite(sql, version_table[-1])
    if engine.family is Engine.MYSQL:
        return _mysql(sql, version_table[-1])
    return False


def relations(sql: str, engine: Engine) -> tuple[Name, ...]:
    """The relations that a statement names, those it changes included."""
    if engine is Engine.POSTGRESQL:
        parsed = postgresql.parse(sql)
        return tuple(dict.fromkeys((*parsed.reads, *parsed.writes)))
    if engine.family is Engine.MYSQL:
        return mysql.named(sql)
    found = re.findall(
        r"\b(?:INTO|UPDATE|FROM|JOIN|TABLE(?:\s+IF\s+(?:NOT\s+)?EXISTS)?)\s+(\"(?:[^\"]|\"\")+\"|\w+)",
        sql,
        re.IGNORECASE,
    )
    return tuple(dict.fromkeys((name[1:-1].replace('""', '"') if name.startswith('"') else name,) for name in found))


def _postgresql(sql: str, version_table: Name) -> bool:
    parsed = postgresql.parse(sql)
    named = tuple(part for part in version_table if part)
    asked = (name for name in parsed.reads if name not in {named, named[-1:]})
    own = [name for name in asked if not (len(name) == 1 and name[0] in _POSTGRESQL)]
    unknown = [name for name in postgresql.functions_called(sql) if not _harmless(name)]
    return parsed.kind is StatementKind.READ and not own and not parsed.forbidden and not unknown


def _harmless(function: Name) -> bool:
    return function[0] == "pg_catalog" or function[-1] in _HARMLESS


def _mysql(sql: str, version_table: str) -> bool:
    """SHOW and DESCRIBE name no relation that is read; of functions, only those that look at nothing are known."""
    parsed = mysql.parse(sql)
    known = all(name in _HARMLESS_MYSQL for name in mysql.functions_called(sql))
    bounded = parsed.kind is StatementKind.READ and not parsed.forbidden
    return bounded and known and all(name[-1] == version_table for name in parsed.reads)


def _sqlite(sql: str, version_table: str) -> bool:
    words = [
        sql[token.start : token.end].strip('"').upper()
        for token in lexer.tokens(sql, Engine.SQLITE)
        if token.kind not in {lexer.TokenKind.SPACE, lexer.TokenKind.COMMENT}
    ]
    if words[:1] == ["PRAGMA"]:
        return True
    known = _SQLITE | {version_table.upper()}
    after = [_relation(words[index + 1 :]) for index, word in enumerate(words) if word in {"FROM", "JOIN"}]
    listed = any(word in known and following == "," for word, following in itertools.pairwise(words))
    return bool(after) and not listed and all(name == "(" or name in known for name in after)


def _relation(words: list[str]) -> str:
    if len(words) > 2 and words[0] in _SQLITE_SCHEMAS and words[1] == ".":
        return words[2]
    return words[0] if words else ""
