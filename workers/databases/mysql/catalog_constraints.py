"""What rows must obey and how they are found: keys, indexes, foreign keys, checks."""

from __future__ import annotations

import re
from collections import defaultdict

from workers.core.schema import ObjectKind, SchemaObject
from workers.databases.mysql.catalog_frame import Frame, Row
from workers.databases.mysql.spelling import rule, unqualified

_INDEXES = """SELECT TABLE_NAME, INDEX_NAME, NON_UNIQUE, COLUMN_NAME, COLLATION, SUB_PART, INDEX_TYPE, INDEX_COMMENT, {}, {}
    FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX"""
_FOREIGN_KEYS = """SELECT TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME
    FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_NAME IS NOT NULL
    ORDER BY TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION"""
_RULES = """SELECT TABLE_NAME, CONSTRAINT_NAME, UPDATE_RULE, DELETE_RULE FROM information_schema.REFERENTIAL_CONSTRAINTS
    WHERE CONSTRAINT_SCHEMA = DATABASE()"""
_CHECKS_MARIADB = """SELECT TABLE_NAME, CONSTRAINT_NAME, CHECK_CLAUSE, 'YES', LEVEL FROM information_schema.CHECK_CONSTRAINTS
    WHERE CONSTRAINT_SCHEMA = DATABASE()"""
_CHECKS_MYSQL = """SELECT t.TABLE_NAME, c.CONSTRAINT_NAME, c.CHECK_CLAUSE, t.ENFORCED, '' FROM information_schema.CHECK_CONSTRAINTS c
    JOIN information_schema.TABLE_CONSTRAINTS t USING (CONSTRAINT_SCHEMA, CONSTRAINT_NAME)
    WHERE t.CONSTRAINT_SCHEMA = DATABASE() AND t.CONSTRAINT_TYPE = 'CHECK'"""
_NO_CHECKS = (8, 0, 16)
_OLD = "SYSTEM VERSIONED"
_VALID_JSON = re.compile(r"json_valid\(`(?P<column>(?:[^`]|``)*)`\)", re.IGNORECASE)


def indexes(frame: Frame) -> list[SchemaObject]:
    """Read indexes: the primary key is one, and a unique constraint is nothing but a unique index."""
    ignored = "IGNORED" if frame.server.mariadb else "IF(IS_VISIBLE = 'NO', 'YES', 'NO')"
    if frame.server.mariadb and frame.server.numbers < (10, 6):
        ignored = "NULL"
    expression = frame.since("EXPRESSION", mariadb=None, mysql=(8, 0, 13))
    found: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in frame.rows(_INDEXES.format(ignored, expression)):
        found[str(row[0]), str(row[1])].append(row)
    return [_index(frame, name, rows) for name, rows in found.items()]


def _index(frame: Frame, name: tuple[str, str], rows: list[Row]) -> SchemaObject:
    _, _, not_unique, _, _, _, method, comment, ignored, _ = rows[0]
    primary = name[1] == "PRIMARY"
    return frame.made(
        ObjectKind.PRIMARY_KEY if primary else ObjectKind.INDEX,
        name,
        columns=tuple(_part(row) for row in rows if not _implied(frame, row)),
        unique=not primary and not_unique == "0",
        method=None if method == "BTREE" and frame.engines.get(name[0]) != "MEMORY" else method,
        ignored=ignored == "YES",
        comment=comment,
    )


def _implied(frame: Frame, row: Row) -> bool:
    """The end of a row's time that the server itself adds to every key of a system-versioned table."""
    table, column = str(row[0]), row[3]
    return frame.tables.get(table) == _OLD and column is not None and column not in frame.columns.get(table, ())


def _part(row: Row) -> str:
    _, _, _, column, order, length, method, _, _, expression = row
    if column is None:
        return f"({expression})"
    return column + (f"({length})" if length and method != "SPATIAL" else "") + (" desc" if order == "D" else "")


def foreign_keys(frame: Frame) -> list[SchemaObject]:
    """Read foreign keys; to refuse is what each does unless it says otherwise."""
    rules = {(row[0], row[1]): row[2:] for row in frame.rows(_RULES)}
    found: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in frame.rows(_FOREIGN_KEYS):
        found[str(row[0]), str(row[1])].append(row)
    return [_foreign_key(frame, name, rows, rules.get(name, (None, None))) for name, rows in found.items()]


def _foreign_key(frame: Frame, name: tuple[str, str], rows: list[Row], rules: Row) -> SchemaObject:
    _, _, _, schema, table, _ = rows[0]
    here = schema == frame.server.database
    return frame.made(
        ObjectKind.FOREIGN_KEY,
        name,
        columns=tuple(str(row[2]) for row in rows),
        references=str(table) if here else f"{schema}.{table}",
        referenced_columns=tuple(str(row[5]) for row in rows),
        on_update=rule(rules[0] or ""),
        on_delete=rule(rules[1] or ""),
    )


def checks(frame: Frame) -> list[SchemaObject]:
    """Read checks. MariaDB's JSON columns are text with a check of their own: that one becomes the type of the column."""
    if not frame.server.mariadb and frame.server.numbers < _NO_CHECKS:
        return []
    objects = []
    for table, name, clause, enforced, level in frame.rows(_CHECKS_MARIADB if frame.server.mariadb else _CHECKS_MYSQL):
        found = _VALID_JSON.fullmatch(clause or "")
        if found and frame.server.mariadb and found["column"].replace("``", "`") == name:
            frame.json.add((str(table), str(name)))
            continue
        objects.append(
            frame.made(
                ObjectKind.CHECK,
                (str(table), str(name)),
                expression=frame.hiding.text(unqualified(clause or "", frame.server.database)),
                not_enforced=enforced == "NO",
                of_column=level == "Column",
            )
        )
    return objects
