"""The first version of our own tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_deliveries()
    _create_outbox()
    _create_approvals()
    _create_commands()
    _create_commits()
    _create_evidence()
    _create_holds()
    _create_plans()
    _create_pulls()
    _create_refusals()
    _create_repositories()
    _create_views()
    _create_codes()
    _create_rollouts()
    _create_documents()
    _create_steps()


def downgrade() -> None:
    raise NotImplementedError("the state only goes forward; go back with its backup")


def _create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("delivery", sa.String(length=64), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("repository", sa.BigInteger(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("received_at", sa.String(length=40), nullable=False),
        sa.Column("heard", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("delivery"),
        sa.UniqueConstraint("body_hash"),
    )
    op.create_index("deliveries_by_ref", "deliveries", ["repository", "ref"], unique=False)
    op.create_index("deliveries_by_time", "deliveries", ["received_at"], unique=False)


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("number", _ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("job_id", sa.String(length=80), nullable=False),
        sa.Column("delivery", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.Float(), nullable=True),
        sa.Column("done", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(["delivery"], ["deliveries.delivery"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("job_id"),
    )
    op.create_index("outbox_by_delivery", "outbox", ["delivery"], unique=False)
    op.create_index("outbox_undone", "outbox", ["done", "sent_at"], unique=False)


def _create_approvals() -> None:
    op.create_table(
        "approvals",
        sa.Column("number", _ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("comment", sa.BigInteger(), nullable=False),
        sa.Column("repository", sa.BigInteger(), nullable=False),
        sa.Column("pull", sa.Integer(), nullable=False),
        sa.Column("approval", sa.Text(), nullable=False),
        sa.Column("seal", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("digest", "comment", name="approvals_once_a_comment"),
    )
    op.create_index("approvals_by_comment", "approvals", ["comment"], unique=False)


def _create_commands() -> None:
    op.create_table(
        "commands",
        sa.Column("comment", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("delivery", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("comment", "line"),
    )


def _create_commits() -> None:
    op.create_table(
        "commits",
        sa.Column("repository", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sha", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("repository", "sha"),
    )


def _create_evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rollout", sa.BigInteger(), nullable=False),
        sa.Column("section", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("target", "sequence"),
    )


def _create_holds() -> None:
    op.create_table(
        "holds",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("rollout", sa.BigInteger(), nullable=True),
        sa.Column("pull", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("target"),
    )


def _create_plans() -> None:
    op.create_table(
        "plans",
        sa.Column("number", _ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("key_digest", sa.String(length=64), nullable=False),
        sa.Column("repository", sa.BigInteger(), nullable=False),
        sa.Column("pull", sa.Integer(), nullable=False),
        sa.Column("module", sa.String(length=63), nullable=False),
        sa.Column("environment", sa.String(length=63), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("seal", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("plans_by_key", "plans", ["key_digest"], unique=False)
    op.create_index("plans_by_pull", "plans", ["repository", "pull", "module", "environment"], unique=False)


def _create_pulls() -> None:
    op.create_table(
        "pulls",
        sa.Column("repository", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("remembered", sa.Text(), server_default="", nullable=False),
        sa.Column("closed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("wanted", sa.Integer(), server_default="0", nullable=False),
        sa.Column("planned", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_owner", sa.Text(), server_default="", nullable=False),
        sa.Column("lease_until", sa.Float(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("repository", "number"),
    )


def _create_refusals() -> None:
    op.create_table(
        "refusals",
        sa.Column("number", _ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("repository", sa.BigInteger(), nullable=False),
        sa.Column("pull", sa.Integer(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("refusals_by_pull", "refusals", ["repository", "pull"], unique=False)


def _create_repositories() -> None:
    op.create_table(
        "repositories",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )


def _create_views() -> None:
    op.create_table(
        "views",
        sa.Column("repository", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("pull", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("module", sa.String(length=63), nullable=False),
        sa.Column("environment", sa.String(length=63), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("repository", "pull", "module", "environment"),
    )


def _create_codes() -> None:
    op.create_table(
        "codes",
        sa.Column("number", _ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("repository", sa.BigInteger(), nullable=False),
        sa.Column("pull", sa.Integer(), nullable=False),
        sa.Column("environment", sa.String(length=63), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.Column("shown_at", sa.String(length=40), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.Column("seal", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["plans.digest"]),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("repository", "pull", "code", name="codes_once_in_a_pull"),
    )
    op.create_index("codes_by_digest", "codes", ["digest"], unique=False)


def _create_rollouts() -> None:
    op.create_table(
        "rollouts",
        sa.Column("id", _ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("repository", sa.BigInteger(), nullable=False),
        sa.Column("pull", sa.Integer(), nullable=False),
        sa.Column("module", sa.String(length=63), nullable=False),
        sa.Column("environment", sa.String(length=63), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("started_at", sa.String(length=40), nullable=False),
        sa.Column("finished_at", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("workdocs_commit", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["plans.digest"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("target", "sequence", name="rollouts_in_a_row"),
    )
    op.create_index("rollouts_by_pull", "rollouts", ["repository", "pull"], unique=False)
    op.create_index("rollouts_by_state", "rollouts", ["state"], unique=False)
    op.create_index(
        "rollouts_one_open_a_plan",
        "rollouts",
        ["digest"],
        unique=True,
        sqlite_where=sa.text("state IN ('planned', 'approved', 'applying', 'verifying')"),
        postgresql_where=sa.text("state IN ('planned', 'approved', 'applying', 'verifying')"),
    )


def _create_documents() -> None:
    op.create_table(
        "documents",
        sa.Column("rollout", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["rollout"], ["rollouts.id"]),
        sa.PrimaryKeyConstraint("rollout", "name"),
    )


def _create_steps() -> None:
    op.create_table(
        "steps",
        sa.Column("number", _ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("rollout", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("statement", sa.Integer(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["rollout"], ["rollouts.id"]),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("steps_by_rollout", "steps", ["rollout"], unique=False)
