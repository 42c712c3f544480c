"""How the state gets its tables: our own migrations, run at start by whoever comes first."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 5_021_337_401_883_914_115  # any number of ours: PostgreSQL's advisory locks are named by numbers


def upgrade(engine: Engine) -> None:
    """Bring the state to the newest version; does nothing where it is there. Safe when several processes start at once.

    All of it is one transaction. On SQLite that holds the file's only write lock; on PostgreSQL it takes a lock of its own first.
    """
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        command.upgrade(config(connection), "head")


def config(connection: Connection) -> Config:
    """Alembic's configuration for our migrations on an open connection; no file is read."""
    made = Config()
    made.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made
