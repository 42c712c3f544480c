"""The tables of our memory; their rows never leave workers/store."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from workers.store.inbox import RowNumber

memory = MetaData()
_OPEN = text("state IN ('planned', 'approved', 'applying', 'verifying')")

repositories = Table(
    "repositories",
    memory,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, unique=True),
    Column("comments_read", String(40), nullable=False, server_default=""),
)
pulls = Table(
    "pulls",
    memory,
    Column("repository", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("remembered", Text, nullable=False, server_default=""),
    Column("closed", Boolean, nullable=False, server_default=text("false")),
    Column("wanted", Integer, nullable=False, server_default="0"),
    Column("planned", Integer, nullable=False, server_default="0"),
    Column("lease_owner", Text, nullable=False, server_default=""),
    Column("lease_until", Float, nullable=False, server_default="0"),
)
views = Table(
    "views",
    memory,
    Column("repository", BigInteger, primary_key=True, autoincrement=False),
    Column("pull", Integer, primary_key=True, autoincrement=False),
    Column("module", String(63), primary_key=True),
    Column("environment", String(63), primary_key=True),
    Column("text", Text, nullable=False),
)
commits = Table(
    "commits",
    memory,
    Column("repository", BigInteger, primary_key=True, autoincrement=False),
    Column("sha", String(40), primary_key=True),
)
plans = Table(
    "plans",
    memory,
    Column("number", RowNumber, primary_key=True, autoincrement=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("key_digest", String(64), nullable=False),
    Column("repository", BigInteger, nullable=False),
    Column("pull", Integer, nullable=False),
    Column("module", String(63), nullable=False),
    Column("environment", String(63), nullable=False),
    Column("plan", Text, nullable=False),
    Column("seal", String(200), nullable=False),
    Index("plans_by_key", "key_digest"),
    Index("plans_by_pull", "repository", "pull", "module", "environment"),
)
# A code is never used twice in a pull, so its row stays when the plan gets another one.
codes = Table(
    "codes",
    memory,
    Column("number", RowNumber, primary_key=True, autoincrement=True),
    Column("repository", BigInteger, nullable=False),
    Column("pull", Integer, nullable=False),
    Column("environment", String(63), nullable=False),
    Column("code", String(16), nullable=False),
    Column("digest", String(64), ForeignKey("plans.digest"), nullable=False),
    Column("shown", Boolean, nullable=False),
    Column("shown_at", String(40), nullable=False),
    Column("retired", Boolean, nullable=False),
    Column("seal", String(200), nullable=False),
    UniqueConstraint("repository", "pull", "code", name="codes_once_in_a_pull"),
    Index("codes_by_digest", "digest"),
)
approvals = Table(
    "approvals",
    memory,
    Column("number", RowNumber, primary_key=True, autoincrement=True),
    Column("digest", String(64), nullable=False),
    Column("comment", BigInteger, nullable=False),
    Column("repository", BigInteger, nullable=False),
    Column("pull", Integer, nullable=False),
    Column("approval", Text, nullable=False),
    Column("seal", String(200), nullable=False),
    UniqueConstraint("digest", "comment", name="approvals_once_a_comment"),
    Index("approvals_by_comment", "comment"),
)
commands = Table(
    "commands",
    memory,
    Column("comment", BigInteger, primary_key=True, autoincrement=False),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("delivery", String(64), nullable=False),
)
refusals = Table(
    "refusals",
    memory,
    Column("number", RowNumber, primary_key=True, autoincrement=True),
    Column("repository", BigInteger, nullable=False),
    Column("pull", Integer, nullable=False),
    Column("environment", Text, nullable=False),
    Column("at", String(40), nullable=False),
    Column("text", Text, nullable=False),
    Index("refusals_by_pull", "repository", "pull"),
)
rollouts = Table(
    "rollouts",
    memory,
    Column("id", RowNumber, primary_key=True, autoincrement=True),
    Column("digest", String(64), ForeignKey("plans.digest"), nullable=False),
    Column("repository", BigInteger, nullable=False),
    Column("pull", Integer, nullable=False),
    Column("module", String(63), nullable=False),
    Column("environment", String(63), nullable=False),
    Column("target", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("started_at", String(40), nullable=False),
    Column("finished_at", String(40), nullable=False),
    Column("outcome", Text, nullable=False),
    Column("workdocs_commit", String(40), nullable=False),
    UniqueConstraint("target", "sequence", name="rollouts_in_a_row"),
    Index("rollouts_one_open_a_plan", "digest", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index("rollouts_by_pull", "repository", "pull"),
    Index("rollouts_by_state", "state"),
)
steps = Table(
    "steps",
    memory,
    Column("number", RowNumber, primary_key=True, autoincrement=True),
    Column("rollout", BigInteger, ForeignKey("rollouts.id"), nullable=False),
    Column("at", String(40), nullable=False),
    Column("command", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("statement", Integer),
    Column("seconds", Float),
    Index("steps_by_rollout", "rollout"),
)
# The row stays after a release: the next holder's fence must be higher. Nobody holds a target whose rollout is null.
holds = Table(
    "holds",
    memory,
    Column("target", Text, primary_key=True),
    Column("fence", Integer, nullable=False),
    Column("rollout", BigInteger),
    Column("pull", Integer, nullable=False),
    Column("reason", Text, nullable=False),
)
evidence = Table(
    "evidence",
    memory,
    Column("target", Text, primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("rollout", BigInteger, nullable=False),
    Column("section", String(64), nullable=False),
    Column("previous", String(64), nullable=False),
)
documents = Table(
    "documents",
    memory,
    Column("rollout", BigInteger, ForeignKey("rollouts.id"), primary_key=True, autoincrement=False),
    Column("name", String(200), primary_key=True),
    Column("text", Text, nullable=False),
)
