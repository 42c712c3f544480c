"""Hooks into SQLAlchemy and Alembic: every statement of every engine, and the revision that is running."""

# ruff: noqa: ANN401 -- what hooks and drivers hand over has no type of its own
from __future__ import annotations

from typing import Any

from alembic.ddl.impl import DefaultImpl
from alembic.runtime.migration import RevisionStep
from sqlalchemy import event
from sqlalchemy.engine import Engine

from .steering import watch
from .tape import Tape


def install(tape: Tape) -> None:
    """Listen on the class Engine, which async engines use as well, so that no project needs to know of us."""
    for name, listener in (
        ("begin", tape.begin),
        ("begin_twophase", tape.begin),
        ("commit", tape.commit),
        ("commit_twophase", tape.commit),
        ("rollback", tape.rollback),
        ("rollback_twophase", tape.rollback),
        ("after_cursor_execute", tape.executed),
    ):
        event.listen(Engine, name, listener)
    watch(tape)
    RevisionStep.__init__ = _announcing(RevisionStep.__init__, tape)  # type: ignore[method-assign]
    DefaultImpl.execute = _discarding(DefaultImpl.execute, tape)  # type: ignore[method-assign]


def _announcing(make_step: Any, tape: Tape) -> Any:
    def step(self: Any, *arguments: Any, **keywords: Any) -> None:
        make_step(self, *arguments, **keywords)
        run = self.migration_fn

        def migrate(**options: Any) -> Any:
            tape.enter(self.revision.revision)
            tape.migrating = True
            try:
                return run(**options)
            finally:
                tape.migrating = False

        self.migration_fn = migrate

    return step


def _discarding(execute: Any, tape: Tape) -> Any:
    """`op.execute` drops the rows of a query: nothing can be steered by them."""

    def discard(self: Any, *arguments: Any, **keywords: Any) -> None:
        tape.discarding += 1
        try:
            execute(self, *arguments, **keywords)
        finally:
            tape.discarding -= 1

    return discard
