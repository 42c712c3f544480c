"""The session settings that change what a statement means: which they are, and how a session of ours gets them."""

from __future__ import annotations

from collections.abc import Iterator

from workers.databases.mysql.catalog_frame import Connection, ask
from workers.databases.mysql.spelling import literal

Settings = tuple[tuple[str, str], ...]

OF_SESSION = ("sql_mode", "time_zone", "default_storage_engine", "innodb_strict_mode", "collation_connection")
"""What the executor sets, as a session of the server's would find them."""
OF_DATABASE = ("collation_database",)
"""What new tables of the database begin with; scratch gets a database of the same."""
OF_SERVER = (
    "lower_case_table_names",
    "innodb_default_row_format",
    "explicit_defaults_for_timestamp",
    "collation_server",
)
"""What only the start of a server decides; scratch servers are started with them."""

_CONNECTION = "utf8mb4"


def resolve(connection: Connection) -> Settings:
    """Read them from a session. What our own connection changed for itself is asked of the server."""
    known = {str(name): str(value) for name, value in ask(connection, _variables("GLOBAL"))}
    own = {str(name): str(value) for name, value in ask(connection, _variables("SESSION"))}
    found = {name: known[name] for name in (*OF_SESSION, *OF_SERVER) if name in known}
    found |= {name: own[name] for name in OF_DATABASE if name in own}
    found["collation_connection"] = _utf8(connection)
    return tuple(sorted(found.items()))


def statements(settings: Settings, *, zones: bool = True) -> Iterator[str]:
    """The statements that give a session its settings. Without `zones` a zone's name, which scratch does not know, is UTC."""
    known = dict(settings)
    yield f"SET NAMES {_CONNECTION} COLLATE {known['collation_connection']}"
    values = {name: known[name] for name in OF_SESSION if name in known and name != "collation_connection"}
    if not zones and not (values["time_zone"] == "SYSTEM" or values["time_zone"][:1] in "+-"):
        values["time_zone"] = "+00:00"
    yield "SET SESSION " + ", ".join(f"{name} = {_value(name, value)}" for name, value in values.items())


def options(settings: Settings) -> tuple[str, ...]:
    """How a scratch server is started so that it reads the plan as the target does."""
    names = {name: name.replace("_", "-") for name in OF_SERVER}
    found = [f"--{names[name]}={value}" for name, value in settings if name in names]
    known = dict(settings)
    charset = known.get("collation_server", "").partition("_")[0]
    found += [f"--character-set-server={charset}"] if charset else []
    return (*found, f"--sql-mode={known.get('sql_mode', '')}")


def _variables(scope: str) -> str:
    names = ", ".join(literal(name) for name in (*OF_SESSION, *OF_DATABASE, *OF_SERVER))
    return f"SHOW {scope} VARIABLES WHERE Variable_name IN ({names})"


def _utf8(connection: Connection) -> str:
    """The collation that SET NAMES gives without naming one, which is what every client gets."""
    query = f"SELECT COLLATION_NAME FROM information_schema.COLLATIONS WHERE CHARACTER_SET_NAME = '{_CONNECTION}' AND IS_DEFAULT = 'Yes'"
    rows = ask(connection, query)
    return str(rows[0][0]) if rows else f"{_CONNECTION}_general_ci"


def _value(name: str, value: str) -> str:
    if name == "innodb_strict_mode":
        return "1" if value in {"ON", "1"} else "0"
    return literal(value)
