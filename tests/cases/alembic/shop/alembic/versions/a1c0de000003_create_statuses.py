"""Create statuses and fill them.

Revision ID: a1c0de000003
"""
from datetime import datetime, timezone

import sqlalchemy as sa
from alembic import op

revision = "a1c0de000003"
down_revision = "a1c0de000002"
branch_labels = None
depends_on = None


def upgrade():
    statuses = op.create_table(
        "statuses",
        sa.Column("code", sa.String(20), primary_key=True),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("since", sa.DateTime),
    )
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    op.bulk_insert(
        statuses,
        [
            {"code": "new", "label": "It's new: 100% ?", "since": now},
            {"code": "paid", "label": 'Paid \\ "in full" :yes', "since": None},
            {"code": "sent", "label": "Sent; on its way -- ö", "since": now},
        ],
    )


def downgrade():
    op.drop_table("statuses")
