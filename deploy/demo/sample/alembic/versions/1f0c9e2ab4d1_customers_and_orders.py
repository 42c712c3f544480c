"""customers and orders

Revision ID: 1f0c9e2ab4d1
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "1f0c9e2ab4d1"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customers",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("tier", sa.String(20), nullable=False, server_default="standard"),
        sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.CheckConstraint("tier IN ('standard', 'gold', 'staff')", name="ck_customers_tier"),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column(
            "customer_id", sa.BigInteger, sa.ForeignKey("customers.id", name="fk_orders_customer"), nullable=False
        ),
        sa.Column(
            "status", sa.Enum("open", "paid", "shipped", name="order_status"), nullable=False, server_default="open"
        ),
        sa.Column("total", sa.Numeric(12, 2), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("changed_at", sa.DateTime(timezone=True)),
    )
    op.create_index(
        "ix_customers_email_active", "customers", ["email"], unique=True, postgresql_where=sa.text("active")
    )


def downgrade() -> None:
    op.drop_table("orders")
    op.drop_table("customers")
    op.execute("DROP TYPE order_status")
