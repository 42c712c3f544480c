"""The first story: a pull, a report, an approval, an apply, the evidence."""

from tests.story.house import open_house, sample_files

CONFIG = """\
version: 1
modules:
  - id: shop
    source: alembic
    environments:
      prod: {approvers: ["@bob"]}
"""
SERVER = """\
repositories:
  acme/shop:
    modules:
      shop:
        environments:
          prod: {url: "env:SHOP_URL", approvers: from_repository}
"""
MIGRATION = '''"""delivery note on orders

Revision ID: 8c21e0d4b7aa
Revises: 5d0c77a1be09
"""

import sqlalchemy as sa
from alembic import op

revision = "8c21e0d4b7aa"
down_revision = "5d0c77a1be09"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("delivery_note", sa.Text, nullable=True))


def downgrade() -> None:
    op.drop_column("orders", "delivery_note")
'''


def test_a_pull_is_planned_approved_applied_and_documented(data_dir, pg_url):
    files = sample_files(**{".github/schemagate.yml": CONFIG})
    house = open_house(data_dir, SERVER, {"SHOP_URL": pg_url}, files)
    try:
        model = files["shop/models.py"].replace(
            "    changed_at: Mapped", "    delivery_note: Mapped[str | None] = mapped_column(Text)\n    changed_at: Mapped"
        ).replace("from sqlalchemy.orm", "from sqlalchemy import Text\nfrom sqlalchemy.orm")
        change = {"alembic/versions/8c21e0d4b7aa_delivery_note.py": MIGRATION, "shop/models.py": model}
        house.world.push(house.repo, house.people["alice"], "notes", change, "Add a delivery note")
        pull = house.world.open_pull(house.repo, house.people["alice"], head="notes", title="Delivery notes")
        house.settle()
        print(house.report(pull))
        code = house.code(pull)
        house.say(pull, "bob", f"/approve prod {code}")
        for body in house.comments(pull):
            print("=" * 80)
            print(body)
    finally:
        house.close()
