"""What SQL may do in a SQLite file: the lists that judge a statement here, and that the process with the file enforces."""

from __future__ import annotations

FUNCTIONS_DENIED = frozenset({"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit", "fsdir", "lsmode"})
TABLES_DENIED = frozenset({"sqlite_dbpage", "fsdir", "zipfile"})

# Pragmas that only tell something; a plan may name them, also with an argument.
PRAGMAS_TELLING = frozenset(
    {
        *("table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo"),
        *("foreign_key_list", "foreign_key_check", "collation_list", "compile_options", "database_list"),
        *("quick_check", "integrity_check", "function_list", "module_list", "pragma_list"),
    },
)

# Pragmas that a plan may set: they belong to the schema, or are set anew at each BEGIN of ours.
PRAGMAS_SETTING = frozenset(
    {"user_version", "application_id", "defer_foreign_keys", "legacy_alter_table", "foreign_keys"}
)

# Without an argument these tell; with one they change what the connection or the file is.
PRAGMAS_ASKED = frozenset(
    {
        *("recursive_triggers", "journal_mode", "page_count", "page_size", "freelist_count", "encoding"),
        *("auto_vacuum", "schema_version", "data_version", "query_only", "locking_mode"),
    },
)


def as_json() -> dict[str, list[str]]:
    """The lists as the process with the file takes them."""
    return {
        "functions_denied": sorted(FUNCTIONS_DENIED),
        "tables_denied": sorted(TABLES_DENIED),
        "telling": sorted(PRAGMAS_TELLING),
        "setting": sorted(PRAGMAS_SETTING),
        "asked": sorted(PRAGMAS_ASKED | PRAGMAS_SETTING),
    }
