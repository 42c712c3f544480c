"""What Alembic runs: our tables on the connection that `workers.store.upgrade` holds open, inside its transaction."""

from __future__ import annotations

from alembic import context

from workers.store.inbox import metadata
from workers.store.tables import memory

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=[metadata, memory],
    version_table="schemagate_state",
    compare_server_default=True,
)
context.run_migrations()
