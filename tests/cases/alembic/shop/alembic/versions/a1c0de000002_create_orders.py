"""Create orders with a partial index.

Revision ID: a1c0de000002
"""
import sqlalchemy as sa
from alembic import op

revision: str = "a1c0de000002"
down_revision: str | None = "a1c0de000001"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade():
    op.create_table(
        "orders",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("customer_id", sa.Integer, sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("status", sa.String(20), nullable=False, server_default="new"),
        sa.Column("total", sa.Numeric(12, 2), nullable=False),
        sa.CheckConstraint("status IN ('new', 'paid', 'sent')", name="orders_status_known"),
    )
    op.create_index(
        "ix_orders_open",
        "orders",
        ["customer_id"],
        sqlite_where=sa.text("status = 'new'"),
        postgresql_where=sa.text("status = 'new'"),
    )


def downgrade():
    op.drop_index("ix_orders_open", table_name="orders")
    op.drop_table("orders")
