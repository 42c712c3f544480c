"""What reading two catalogs costs at least: plain queries over everything, and the difference of the rows.

`python -m tests.bench.floor URL URL`
"""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import unquote, urlsplit

Rows = list[tuple[Any, ...]]
_HERE = "n.nspname = 'public'"
POSTGRESQL = (
    f"""SELECT c.relname, c.relkind, c.relpersistence, c.reloptions, c.relrowsecurity, obj_description(c.oid, 'pg_class')
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_HERE} AND c.relkind IN ('r', 'p', 'm', 'f')""",
    f"""SELECT c.relname, a.attname, a.attnum, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
            pg_get_expr(d.adbin, d.adrelid), CASE WHEN a.attcollation <> t.typcollation THEN o.collname END, m.description
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        LEFT JOIN pg_collation o ON o.oid = a.attcollation
        LEFT JOIN pg_description m ON m.objoid = a.attrelid AND m.objsubid = a.attnum AND m.classoid = 'pg_class'::regclass
        WHERE {_HERE} AND c.relkind IN ('r', 'p', 'm', 'f', 'v') AND a.attnum > 0 AND NOT a.attisdropped""",
    f"""SELECT c.relname, k.conname, k.contype, pg_get_constraintdef(k.oid) FROM pg_constraint k
        JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_HERE}""",
    f"""SELECT c.relname, i.relname, pg_get_indexdef(x.indexrelid), x.indisvalid FROM pg_index x
        JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_HERE} AND c.relkind IN ('r', 'p', 'm')""",
    f"""SELECT t.typname, array_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid
        JOIN pg_namespace n ON n.oid = t.typnamespace WHERE {_HERE} GROUP BY 1""",
    f"""SELECT t.typname, format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault FROM pg_type t
        JOIN pg_namespace n ON n.oid = t.typnamespace WHERE {_HERE} AND t.typtype = 'd'""",
    f"""SELECT c.relname, c.relkind, pg_get_viewdef(c.oid), c.reloptions FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_HERE} AND c.relkind IN ('v', 'm')""",
    f"""SELECT p.oid::regprocedure::text, p.prokind, pg_get_functiondef(p.oid) FROM pg_proc p
        JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {_HERE} AND p.prokind IN ('f', 'p')""",
    f"""SELECT c.relname, t.tgname, t.tgenabled, pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_HERE} AND NOT t.tgisinternal""",
    f"""SELECT c.relname, s.seqtypid::regtype::text, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle
        FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_HERE}""",
    "SELECT tablename, policyname, cmd, roles::text, qual, with_check FROM pg_policies WHERE schemaname = 'public'",
    "SELECT extname, extversion FROM pg_extension",
    f"""SELECT c.relname, p.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_HERE}""",
)
MARIADB = tuple(
    f"SELECT {columns} FROM information_schema.{table} WHERE {schema} = database(){more}"
    for table, schema, columns, more in (
        ("tables", "table_schema", "table_name, table_type, engine, table_collation, table_comment, row_format", ""),
        (
            "columns",
            "table_schema",
            (
                "table_name, column_name, ordinal_position, column_type, is_nullable, column_default, extra,"
                " collation_name, column_comment, generation_expression"
            ),
            "",
        ),
        (
            "statistics",
            "table_schema",
            "table_name, index_name, non_unique, seq_in_index, column_name, collation, sub_part, index_type, index_comment",
            "",
        ),
        (
            "key_column_usage",
            "table_schema",
            "table_name, constraint_name, column_name, ordinal_position, referenced_table_name, referenced_column_name",
            " AND referenced_table_name IS NOT NULL",
        ),
        ("referential_constraints", "constraint_schema", "table_name, constraint_name, update_rule, delete_rule", ""),
        ("check_constraints", "constraint_schema", "table_name, constraint_name, check_clause", ""),
        ("views", "table_schema", "table_name, view_definition, check_option, security_type", ""),
        (
            "routines",
            "routine_schema",
            "routine_name, routine_type, dtd_identifier, routine_definition, is_deterministic, sql_data_access",
            "",
        ),
        (
            "triggers",
            "trigger_schema",
            "event_object_table, trigger_name, action_timing, event_manipulation, action_statement",
            "",
        ),
        ("events", "event_schema", "event_name, event_definition", ""),
    )
)
SQLITE = (
    "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'",
    """SELECT m.name, p.cid, p.name, p.type, p."notnull", p.dflt_value, p.pk, p.hidden
        FROM sqlite_schema m, pragma_table_xinfo(m.name) p WHERE m.type IN ('table', 'view')""",
    "SELECT m.name, f.* FROM sqlite_schema m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'",
    """SELECT m.name, i.name, i."unique", i.origin, i.partial FROM sqlite_schema m, pragma_index_list(m.name) i
        WHERE m.type = 'table'""",
    """SELECT i.name, x.seqno, x.cid, x.name, x."desc", x.coll, x.key FROM sqlite_schema i, pragma_index_xinfo(i.name) x
        WHERE i.type = 'index'""",
)


def main(one: str, other: str) -> int:
    """Print every row that only one side has."""
    for before, after in zip(_rows(one), _rows(other), strict=True):
        left, right = set(map(repr, before)), set(map(repr, after))
        sys.stdout.writelines(f"- {row}\n" for row in sorted(left - right))
        sys.stdout.writelines(f"+ {row}\n" for row in sorted(right - left))
    return 0


def _rows(url: str) -> list[Rows]:
    scheme, place = url.split(":", 1)[0], urlsplit(url)
    if scheme == "sqlite":
        import sqlite3  # noqa: PLC0415 -- each floor pays for its own driver alone

        file = sqlite3.connect(f"file:{place.path[1:]}?mode=ro", uri=True)
        return [file.execute(query).fetchall() for query in SQLITE]
    if scheme == "postgresql":
        import psycopg  # noqa: PLC0415

        with psycopg.connect(url) as connection:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            return [connection.execute(query.encode()).fetchall() for query in POSTGRESQL]
    return _of_mariadb(place.hostname, place.port, place.username, place.password, place.path[1:])


def _of_mariadb(
    host: str | None, port: int | None, user: str | None, password: str | None, database: str
) -> list[Rows]:
    import pymysql  # noqa: PLC0415

    connection = pymysql.connect(
        host=host, port=port or 3306, user=user, password=unquote(password or ""), database=database, charset="utf8mb4"
    )
    found: list[Rows] = []
    with connection, connection.cursor() as cursor:
        for query in MARIADB:
            cursor.execute(query)
            rows = cursor.fetchall()
            found.append([tuple(str(value).replace(f"`{database}`.", "") for value in row) for row in rows])
    return found


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
