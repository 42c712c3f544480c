"""Alembic's own comparison of two databases: the first reflected, the second compared with it.

`python -m tests.bench.alembic_peer URL URL`
"""

from __future__ import annotations

import sys

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, create_engine

_DRIVERS = {"postgresql": "postgresql+psycopg", "mariadb": "mariadb+pymysql", "mysql": "mysql+pymysql"}


def main(one: str, other: str) -> int:
    """Print what Alembic would do."""
    metadata = MetaData()
    with create_engine(_driven(other)).connect() as connection:
        metadata.reflect(connection)
    with create_engine(_driven(one)).connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        for change in compare_metadata(MigrationContext.configure(connection, opts=options), metadata):
            sys.stdout.write(f"{change}\n")
    return 0


def _driven(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{_DRIVERS.get(scheme, scheme)}://{rest}"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
