"""open orders, and a stamp on every change

Revision ID: 5d0c77a1be09
Revises: 1f0c9e2ab4d1
"""

from alembic import op

revision = "5d0c77a1be09"
down_revision = "1f0c9e2ab4d1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE VIEW open_orders AS SELECT o.id, c.email, o.total FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.status = 'open'"
    )
    op.execute(
        """
        CREATE FUNCTION stamp_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.changed_at := now();
            RETURN NEW;
        END
        $$
        """
    )
    op.execute("CREATE TRIGGER orders_stamp BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION stamp_change()")


def downgrade() -> None:
    op.execute("DROP TRIGGER orders_stamp ON orders")
    op.execute("DROP FUNCTION stamp_change()")
    op.execute("DROP VIEW open_orders")
