"""Add column orders.note.

Revision ID: a1c0de000004
"""
import sqlalchemy as sa
from alembic import op

revision = "a1c0de000004"
down_revision = "a1c0de000003"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("orders") as batch:
        batch.add_column(sa.Column("note", sa.String(500)))


def downgrade():
    with op.batch_alter_table("orders") as batch:
        batch.drop_column("note")
