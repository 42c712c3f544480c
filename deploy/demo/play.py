"""The main job, once: a pull adds a column and an index; it is planned, approved on staging and prod, applied, documented."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from deploy.demo.github.records import Pull
from deploy.demo.stage import SAMPLE, Stage

PATIENCE = 120.0
ENVIRONMENTS = ("staging", "prod")
MARKER = "<!-- schemagate:report:1 -->"
REVISION = "8c21e0d4b7aa"
MIGRATION = f'''"""delivery note on orders

Revision ID: {REVISION}
Revises: 5d0c77a1be09
"""

import sqlalchemy as sa
from alembic import op

revision = "{REVISION}"
down_revision = "5d0c77a1be09"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("delivery_note", sa.Text(), nullable=True))
    op.create_index("ix_orders_customer_id", "orders", ["customer_id"])


def downgrade() -> None:
    op.drop_index("ix_orders_customer_id", "orders")
    op.drop_column("orders", "delivery_note")
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What the play left: the pull, its report, the evidence commit, whether prod was applied, and the seconds it took."""

    pull: Pull
    report: str
    commit: str
    good: bool
    seconds: float


def play(stage: Stage, say: Callable[[str], None]) -> Played:
    """Play it; every step waits for what a person would wait for."""
    started = time.monotonic()
    world, dana = stage.github.world, stage.people["dana"]
    say("dana opens a pull that adds a column and an index …")
    world.push(stage.repo, dana, "delivery-notes", change(), "Add a delivery note to orders")
    pull = world.open_pull(stage.repo, dana, head="delivery-notes", title="Delivery notes")
    for environment in ENVIRONMENTS:
        if not _approve(stage, pull, environment, say):
            break
    good = _wait(lambda: _settled(_report(stage, pull)))
    return Played(
        pull=pull,
        report=_report(stage, pull),
        commit=_evidence(stage, pull),
        good=good,
        seconds=time.monotonic() - started,
    )


def _approve(stage: Stage, pull: Pull, environment: str, say: Callable[[str], None]) -> bool:
    """Wait for the line to paste, paste it as bob, and wait for the short comment that says it ended."""
    pattern = re.compile(rf"^/approve {environment} \w{{7}}$", re.MULTILINE)
    if not _wait(lambda: pattern.search(_report(stage, pull)) is not None):
        return False
    line = pattern.findall(_report(stage, pull))[0]
    say(f"bob reads the report and comments: {line}")
    stage.github.world.comment(pull, stage.people["bob"], line)
    return _wait(lambda: any(f"{environment} applied and verified" in body for body in _bodies(stage, pull)))


def change() -> dict[str, str]:
    """The files of the pull."""
    model = (SAMPLE / "shop" / "models.py").read_text()
    model = model.replace("    String,\n", "    String,\n    Text,\n")
    model = model.replace(
        "    changed_at: Mapped", "    delivery_note: Mapped[str | None] = mapped_column(Text)\n    changed_at: Mapped"
    )
    model = model.replace('name="fk_orders_customer")', 'name="fk_orders_customer"), index=True')
    return {f"alembic/versions/{REVISION}_delivery_note.py": MIGRATION, "shop/models.py": model}


def _bodies(stage: Stage, pull: Pull) -> list[str]:
    return [item.body for item in stage.github.world.comments(pull)]


def _report(stage: Stage, pull: Pull) -> str:
    return next((body for body in _bodies(stage, pull) if body.rstrip().endswith(MARKER)), "")


def _settled(report: str) -> bool:
    """Whether both environments are applied and each has its evidence committed."""
    return "Applied on staging and prod" in report and report.count("[evidence](") >= len(ENVIRONMENTS)


def _evidence(stage: Stage, pull: Pull) -> str:
    """The newest commit on the pull's branch with its files."""
    argv = [
        "git",
        "-C",
        str(stage.repo.git.path),
        "log",
        "-1",
        "--stat=100",
        "--format=commit %H%n%an: %s",
        pull.head_sha,
    ]
    told = subprocess.run(argv, capture_output=True, check=True, env={"PATH": os.defpath, "LC_ALL": "C"}, text=True)
    return told.stdout.strip()


def _wait(true: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.1)
    return False
