"""The main story on PostgreSQL: a pull, a report, an approval, an apply, the evidence."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psycopg

from tests.story.house import House, open_house, sample_files
from workers.core.audit import verify
from workers.local.keys import SigningKeys, verifies

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


def test_a_pull_is_planned_approved_applied_and_documented(data_dir: Path, pg_url: str):
    files = sample_files(**{".github/schemagate.yml": CONFIG})
    house = open_house(data_dir, SERVER, {"SHOP_URL": pg_url}, files)
    try:
        pull = house.open_pull(a_delivery_note(files))
        report = house.report(pull)
        assert "**Add column** `orders.delivery_note`" in report
        assert "drift: 0 on what this pull touches" in report
        assert recorded(pg_url) is None
        house.say(pull, "bob", f"/approve prod {house.code(pull)}")
        assert "prod applied and verified" in house.answers(pull)[-1]
        assert "merge this pull next" in house.report(pull)
        assert recorded(pg_url) == "8c21e0d4b7aa"
        assert house.check(pull).conclusion == "success"
        evidence = committed(house, pull.head_sha)
        assert {path.rsplit("/db/")[1] for path in evidence} >= DOCUMENTS
        signer = house.services.signer
        assert isinstance(signer, SigningKeys)
        keys = dict(signer.public())
        assert verify(evidence, lambda key, content, text: verifies(keys[key], content, text)).altered == ()
    finally:
        house.close()


DOCUMENTS = {
    "00-connection-check.md",
    "01-schema-drift-report.md",
    "02-migration-plan.md",
    "03-execution-log.md",
    "04-post-verify.md",
    "artifacts/plan.json",
    "artifacts/plan.sql",
    "artifacts/rollback.sql",
    "artifacts/drift.json",
    "artifacts/execution.jsonl",
    "artifacts/schema_snapshot.json",
}


def a_delivery_note(files: dict[str, str]) -> dict[str, str | None]:
    model = files["shop/models.py"].replace("    String,\n", "    String,\n    Text,\n")
    column = "    delivery_note: Mapped[str | None] = mapped_column(Text)\n"
    return {
        "alembic/versions/8c21e0d4b7aa_delivery_note.py": MIGRATION,
        "shop/models.py": model.replace("    changed_at: Mapped", f"{column}    changed_at: Mapped"),
    }


def recorded(url: str) -> str | None:
    with psycopg.connect(url) as connection:
        if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else None


def committed(house: House, sha: str) -> dict[str, str]:
    """The evidence that stands in a commit, by path."""
    git = ["git", "-C", str(house.repo.git.path)]
    listed = subprocess.run(
        [*git, "ls-tree", "-r", "--name-only", sha, "modules"], check=True, capture_output=True, text=True
    )
    read = house.github.world.read_file
    return {path: (read(house.repo, sha, path) or b"").decode() for path in listed.stdout.splitlines()}
