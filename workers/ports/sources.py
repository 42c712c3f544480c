"""Sources: histories, recordings, and what a project needs to run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from workers.core.config import Module
from workers.core.examination import Suggested
from workers.core.names import Engine, SourceKind
from workers.core.refusals import Refusal
from workers.core.schema import Name
from workers.ports.code import Tree
from workers.ports.databases import Rows, ScratchAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One migration as read without running it. `content` hashes what it does (comments and docstrings aside).

    `spellings` are the hashes under which the tool itself may have recorded it; empty where it records none.
    """

    id: str
    down: tuple[str, ...]
    depends: tuple[str, ...]
    labels: tuple[str, ...]
    path: str
    line: int
    title: str
    content: str
    spellings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The source's ordered migrations, in an order in which they can run, with what is wrong with them.

    `separate`: each is recorded by a row of its own, so that the version table names all that are applied and not the newest alone.
    """

    revisions: tuple[Revision, ...]
    heads: tuple[str, ...]
    problems: tuple[Refusal, ...] = ()
    unreadable: tuple[str, ...] = ()
    separate: bool = False

    def get(self, revision: str) -> Revision | None:
        """Return one revision."""
        return next((item for item in self.revisions if item.id == revision), None)


class RecordDirection(StrEnum):
    """Which way a recording runs."""

    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedStatement:
    """One statement as the project's driver sent it, literals rendered. `group` counts transactions; `read` marks a query of rows.

    `own` says whether the tool itself wrote it to keep its version table; None where the recording cannot tell. A `batch` is a whole script
    that goes to the server as one text, because it steers transactions itself.
    """

    sql: str
    revision: str
    group: int
    transactional: bool
    read: bool = False
    own: bool | None = None
    batch: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many rows a table holds, or how many of them have a value in `column` where it is not "". The table is named as snapshots name it."""

    table: Name
    column: str = ""
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What one run of the recorder gave. `failed` names the revision that raised, with `error`; `declared` is None where it was not asked.

    `undo` is the downgrade from the end back to the start, None with `undo_error` where it cannot run. `fixed` says that the statements stand
    in files, so that no row which the tool reads decides what they are. `created` is the migration that the tool would make for what is
    declared beyond the migrations, `warnings` are what the tool itself says against the statements, and `asked` the counts of rows that it
    judged by: those of the request, and others that it supposed. `uncompared` says of what `declared` is silent.
    """

    statements: tuple[RecordedStatement, ...]
    declared: tuple[str, ...] | None = None
    declared_error: str = ""
    undo: tuple[RecordedStatement, ...] | None = None
    undo_error: str = ""
    failed: str = ""
    failed_line: int = 0
    error: str = ""
    tool: str = ""
    notes: tuple[str, ...] = ()
    fixed: bool = False
    created: Suggested | None = None
    warnings: tuple[str, ...] = ()
    asked: tuple[Counted, ...] = ()
    uncompared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRequest:
    """Run a project's own migrations in the sandbox on a scratch database, and write down what they send.

    `to` names the revisions to arrive at (heads, or what `/rollback` goes back to; empty: base). `undo_to` asks for the way back as well.
    `done` are the revisions that the scratch database's version table says are applied. `counts` are rows of the target, for a tool that judges
    by them.
    """

    tree: Tree
    module: Module
    address: ScratchAddress
    engine: Engine
    direction: RecordDirection
    to: tuple[str, ...]
    done: tuple[str, ...] = ()
    undo_to: tuple[str, ...] | None = None
    declared: bool = False
    python: PythonEnvironment | None = None
    counts: tuple[Counted, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonEnvironment:
    """A project's dependencies, ready to be bound read-only. `digest` enters the key; `note` is said in the report."""

    path: Path
    digest: str
    note: str


@dataclass(frozen=True, slots=True)
class RowsJudged:
    """What must be mended before the version table can be trusted, and what is only said."""

    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()


class Source(Protocol):
    """One kind of single source of truth."""

    @property
    def kind(self) -> SourceKind:
        """Which."""
        ...

    def found(self, tree: Tree, module: Module) -> bool:
        """Whether the module's folder holds such a source."""
        ...

    def watched(self, module: Module) -> tuple[str, ...]:
        """Glob patterns of the paths that concern this source, the module's own `watch` included."""
        ...

    def own_files(self, tree: Tree, module: Module) -> tuple[tuple[str, str], ...]:
        """(path, hash) of the source's own files besides its migrations: config, env.py, templates, watched models, dependency lock."""
        ...

    def code(self, tree: Tree, module: Module) -> str | None:
        """A hash of all files that decide what the history makes and what the models say; None where any file of the tree may."""
        ...

    def history(self, tree: Tree, module: Module) -> History:
        """Read the history without running anything."""
        ...

    def version_table(self, tree: Tree, module: Module) -> tuple[Name, tuple[str, ...]]:
        """The table that says what is applied, and the columns to read; the schema part is empty where unqualified."""
        ...

    def engine_named(self, tree: Tree, module: Module) -> Engine | None:
        """The engine that the source itself names, None where it names none."""
        ...

    def faults(self, tree: Tree, module: Module) -> tuple[Refusal, ...]:
        """What the tool itself says is wrong with the source's files, without a database; () where only running them could tell."""
        ...

    def place_of(self, tree: Tree, module: Module, entry: str, among: tuple[str, ...]) -> tuple[str, int] | None:
        """(path, line) of the model that an undeclared entry is about, None where that is not known.

        Models that are code are looked for in the files `among` which they may be.
        """
        ...

    def judge_rows(self, history: History, base: History, rows: Rows, environment: str) -> RowsJudged:
        """What speaks against the rows of the version table: failed migrations, records that fit no file."""
        ...

    def texts(self, tree: Tree, module: Module, revisions: tuple[str, ...]) -> tuple[str, ...] | None:
        """What leads an empty database to these revisions as the tool would send it, text by text; None where only the tool itself knows."""
        ...

    def bookkeeping(
        self, tree: Tree, module: Module, before: tuple[str, ...], after: tuple[str, ...]
    ) -> tuple[str, ...]:
        """The statements that move the version table from one set of revisions to another, for plans that write nothing else."""
        ...

    def environment(self, default_tree: Tree, merge_tree: Tree, module: Module) -> PythonEnvironment | None:
        """Prepare what the source needs to run; None where it needs nothing. Raises ExpectedError(dependencies_unavailable)."""
        ...

    def diagnoses(self, tree: Tree, module: Module, engine: Engine) -> bool:
        """Whether a tool of this module can be asked to `confirm` records on that engine."""
        ...

    def confirm(self, request: RecordRequest) -> str:
        """What the tool itself says against the records of a scratch database that our statements led from `done` to `to`; "" where it agrees."""
        ...

    def weigh(self, request: RecordRequest) -> tuple[str, ...] | None:
        """What the tool itself says against the way from `done` to the models, by the request's counts, on a copy at `done`; None where it cannot."""
        ...

    def record(self, request: RecordRequest) -> Recording:
        """Run the recorder in the sandbox. Raises ExpectedError(sandbox_unavailable)."""
        ...
