"""Real steps of Prisma projects as pulls: two commits, a database as it was before, and what `schemagate report` says, in this process."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.prisma_ground import OpenTarget, applied, wanted
from tests.acceptance.prisma_projects import Files, PrismaHistory, corpus_folder
from tests.acceptance.prisma_steps import Step, steps
from tests.acceptance.table import Measured
from tests.console.repositories import commit
from tests.story.targets import Target
from workers.cli import main
from workers.core.names import Engine
from workers.sources.prisma.migrations_table import TABLE, Bookkeeper

FROM = {"pingvin": (13, 13), "umami-pg": (11, 11), "hoppscotch": (8, 8), "langfuse": (323, 348)}
"""From which step each project is followed, and from which every one is a pull; before that only those that rewrite history are."""
NEVER_RUN = ("langfuse", "step-0365")
"""The step that chooses an isolation level and switches the server's time limit off."""
APPROVAL = {"needs_approval", "destructive_not_allowed", "backup_not_confirmed", "authority_not_allowed"}
FORGOTTEN = {
    ("hoppscotch", "step-0020"): [
        'DROP INDEX "idx_mock_examples_team_requests_gin"',
        'DROP INDEX "idx_mock_examples_user_requests_gin"',
    ],
    ("umami-pg", "step-0024"): ['CREATE INDEX "session_replay_visit_id_idx" ON "session_replay"("visit_id")'],
}
"""Real steps whose schema and migrations differ: indexes written by hand that no schema of Prisma says, and one that was forgotten."""
pytestmark = [pytest.mark.acceptance, pytest.mark.sandbox, pytest.mark.timeout(900)]


@dataclass(frozen=True, slots=True)
class Database:
    """The target, kept as a team's own `prisma migrate deploy` and `migrate resolve` would keep it."""

    target: Target
    keeper: Bookkeeper

    def follow(self, step: Step) -> None:
        """What the step brought is run, and what it rewrote is recorded anew."""
        before = {script.name: script.sql for script in step.done}
        after = {script.name: script.sql for script in step.then}
        for name in (name for name, sql in before.items() if after.get(name) != sql):
            self.target.run(f"DELETE FROM \"{TABLE}\" WHERE migration_name = '{name}';")
        for script in step.then:
            if before.get(script.name) != script.sql:
                if script.name not in before and script.sql not in before.values():
                    self.target.run(script.sql or "")
                self.target.run(f"{self.keeper.applied(script)};")


@dataclass(kw_only=True)
class Replay:
    """A project's steps, one after another, on a repository and a target."""

    history: PrismaHistory
    target: Target
    folder: Path
    there: Files
    pulls: int = 0
    statements: int = 0

    def run(self, chosen: list[Step], every: int) -> None:
        """Report on each step that does anything, and hold what is said to what it should be."""
        new_id = lambda: str(uuid.uuid4())  # noqa: E731 -- a source of chance
        database = Database(self.target, Bookkeeper(engine=self.history.engine, new_id=new_id))
        applied(self.target, self.history.engine, chosen[0].done)
        for step in chosen:
            self._commit(step.before)
            if step.differs and (step.rewrites or step.number >= every):
                self._commit(step.after)
                self._judge(step, self._report())
            database.follow(step)

    def _commit(self, files: Files) -> None:
        changed = {path: str(text) for path, text in files.items() if self.there.get(path) != text}
        gone = dict.fromkeys(self.there.keys() - files.keys())
        if changed or gone:
            commit(self.folder / "repository", {**gone, **changed})
        self.there = files

    def _report(self) -> dict[str, Any]:
        out = self.folder / "report.json"
        out.unlink(missing_ok=True)
        repository = str(self.folder / "repository")
        words = ["report", "--repo", repository, "--base", "HEAD~1", "--head", "HEAD", "--env", "prod"]
        main([*words, "--url", self.target.url, "--format", "json", "--out", str(out)])
        self.pulls += 1
        found: dict[str, Any] = json.loads(out.read_text())
        return found

    def _judge(self, step: Step, said: dict[str, Any]) -> None:
        codes = {item["code"] for item in said["decision"]["refusals"]}
        where = (step.id, sorted(step.kinds), said["decision"], said["undeclared"], said["notes"])
        forgotten = FORGOTTEN.get((self.history.name, step.id), [])
        assert (said["drift_known"], said["drift"]) == (True, []), where
        if step.rewrites:
            assert "edited_migration" in codes, where
            return
        assert codes - APPROVAL == self._expected(step, forgotten), where
        assert [item["migration"] for item in said["pending"]] == list(step.added), where
        if step.schema_differs:
            assert sorted(said["undeclared"]) == forgotten, where
        self.statements += sum(len(item["statements"]) for item in said["pending"])

    def _expected(self, step: Step, forgotten: list[str]) -> set[str]:
        """A schema may differ in what no database holds: then there is nothing to apply."""
        if (self.history.name, step.id) == NEVER_RUN:
            return {"statement_forbidden"}
        if forgotten:
            return {"undeclared_changes"}
        return set() if step.added else {"nothing_to_apply"}


@pytest.mark.parametrize("name", FROM)
def test_each_real_step_gets_the_report_that_it_should(
    name: str, data_dir: Path, open_target: OpenTarget, measured: list[Measured], monkeypatch: pytest.MonkeyPatch
):
    history, folder = wanted(name), corpus_folder(name)
    assert folder
    monkeypatch.setenv("SCHEMAGATE_DATA_DIR", str(data_dir / "data"))
    began = time.monotonic()
    first, every = FROM[name]
    chosen = list(steps(history, folder))[first - 1 :]
    replay = Replay(history=history, target=open_target(history), folder=data_dir, there={})
    replay.run(chosen, every)
    measured.append(
        Measured(
            project=f"{name}, real steps",
            engine="SQLite" if history.engine is Engine.SQLITE else "PostgreSQL",
            pulls=replay.pulls,
            migrations=len(chosen[-1].then) - len(chosen[0].done),
            statements=replay.statements,
            seconds=time.monotonic() - began,
        )
    )
