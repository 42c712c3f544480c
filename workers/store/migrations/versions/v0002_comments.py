"""Which comment a delivery tells of, and up to when a repository's comments were looked through."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("comment", sa.BigInteger(), server_default="0", nullable=False))
    op.create_index("deliveries_by_comment", "deliveries", ["comment"], unique=False)
    op.add_column("repositories", sa.Column("comments_read", sa.String(length=40), server_default="", nullable=False))


def downgrade() -> None:
    raise NotImplementedError("the state only goes forward; go back with its backup")
