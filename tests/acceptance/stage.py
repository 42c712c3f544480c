"""A published project on the stage of the stories: its repository on the stand-in, its database, and pulls that bring revisions."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from deploy.demo.github.records import Pull
from tests.acceptance.projects import Installed
from tests.acceptance.table import Measured
from tests.story.house import House, open_house
from workers.machine import Machine

SERVER = """\
repositories:
  acme/shop:
    modules:
      shop:
        environments:
          prod: {url: "env:PROD_URL", approvers: from_repository}
"""
NO_DRIFT = "drift: 0 on what this pull touches, 0 elsewhere"
WORDS = '--allow-destructive --accept-risk "test"'


@dataclass(kw_only=True)
class Stage:
    """Where one project's story is played. `now` is the newest revision on the default branch."""

    installed: Installed
    house: House
    folder: Path
    url: str
    now: str
    started: float = field(default_factory=time.monotonic)
    pulls: int = 0
    statements: int = 0

    @property
    def head(self) -> str:
        """The newest revision of the project."""
        return self.installed.revisions[-1].id

    def open(self, until: str) -> Pull:
        """A pull that brings the next revisions up to one."""
        files = self.installed.between(self.now, until)
        assert files
        self.pulls += 1
        return self.house.open_pull(files, branch=f"step-{self.pulls}", title=f"Up to {until}")

    def bring(self, until: str) -> str:
        """Open such a pull, read its report, approve what it asks for, see it applied and verified, and merge it; the report."""
        pull = self.open(until)
        report = self.house.report(pull)
        assert NO_DRIFT in report, report
        plans = self.house.services.store.plans(self.house.repo.id, pull.number, "shop", "prod")
        assert plans, report
        plan = plans[0].plan
        wanted = [item.id for item in self.installed.revisions if item.path in self.installed.between(self.now, until)]
        assert {item.id for item in plan.key.pending} >= set(wanted)
        self.statements += len(plan.body.statements)
        line = self.house.offered(pull)
        words = f" {WORDS}" if any(item.destroys for item in plan.body.statements) else ""
        self.house.say(pull, "bob", line.split(" --")[0] + words)
        answer = self.house.answers(pull)[-1]
        assert "prod applied and verified" in answer, f"{report}\n{answer}"
        self.house.world.merge(pull, self.house.people["bob"])
        self.house.settle()
        self.now = until
        return report

    def assert_at_head(self) -> None:
        """The project's own tool says head, and one more pull, of a document, finds no drift and nothing to do."""
        assert f"{self.head} (head)" in self.stock("current")
        idle = self.house.open_pull({"alembic/versions/README.md": "# All applied\n"}, branch="idle")
        report = self.house.report(idle)
        assert NO_DRIFT in report, report
        assert self.house.check(idle).conclusion == "success", report

    def stock(self, *words: str) -> str:
        """The project's own tool on the database."""
        return self.installed.stock(self.folder, self.url, *words)

    def measured(self, engine: str, first: str) -> Measured:
        """What the table says of this story, which began when `first` was the newest revision."""
        names = [item.id for item in self.installed.revisions]
        done = names.index(self.now) - (names.index(first) if first else -1)
        return Measured(
            project=self.installed.project.name,
            engine=engine,
            pulls=self.pulls,
            migrations=done,
            statements=self.statements,
            seconds=time.monotonic() - self.started,
        )


def open_stage(installed: Installed, machine: Machine, folder: Path, url: str, now: str) -> Stage:
    """Open a house whose default branch has the project up to a revision. The database is left as it is."""
    house = open_house(folder, SERVER, {"PROD_URL": url}, installed.until(now), machine=machine)
    return Stage(installed=installed, house=house, folder=folder, url=url, now=now)
