"""The table of real projects that a run ends with, also where it was divided among workers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import pytest


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A line of the table that a run ends with."""

    project: str
    engine: str
    pulls: int
    migrations: int
    statements: int
    seconds: float
    undeclared: int = 0


MEASURED: pytest.StashKey[list[Measured]] = pytest.StashKey()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker sends what it measured to the one that prints."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["measured"] = [asdict(item) for item in session.config.stash.get(MEASURED, [])]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what a worker sent."""
    sent = getattr(node, "workeroutput", {}).get("measured", [])
    node.config.stash.setdefault(MEASURED, []).extend(Measured(**item) for item in sent)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what was measured."""
    lines = config.stash.get(MEASURED, [])
    if not lines:
        return
    terminalreporter.section("real projects through the whole bot")
    row = "{:28} {:11} {:>6} {:>11} {:>11} {:>8} {:>11}"
    heading = ("project", "engine", "pulls", "migrations", "statements", "seconds", "undeclared")
    terminalreporter.line(row.format(*heading))
    for item in lines:
        words = (item.project, item.engine, item.pulls, item.migrations, item.statements, f"{item.seconds:.0f}")
        terminalreporter.line(row.format(*words, item.undeclared))
