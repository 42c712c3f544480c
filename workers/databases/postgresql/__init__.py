"""PostgreSQL as a target, as a scratch server and as a source of facts."""

from workers.databases.postgresql.engine import PostgresqlDatabase

__all__ = ["PostgresqlDatabase"]
