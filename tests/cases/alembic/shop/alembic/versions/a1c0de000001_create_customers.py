"""Create customers.

Revision ID: a1c0de000001
"""
import sqlalchemy as sa
from alembic import op

revision = "a1c0de000001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "customers",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", sa.String(200), nullable=False),
        sa.Column("name", sa.String(120)),
        sa.UniqueConstraint("email", name="customers_email_key"),
    )


def downgrade():
    op.drop_table("customers")
