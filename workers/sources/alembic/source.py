"""Alembic as a source of truth: `ports.Source` over the parts of this package."""

from __future__ import annotations

from dataclasses import dataclass

from workers.core.config import Module
from workers.core.errors import ExpectedError
from workers.core.names import Engine, SourceKind
from workers.core.refusals import Refusal, RefusalCode
from workers.core.schema import Name
from workers.ports import History, PythonEnvironment, Recording, RecordRequest, Rows, RowsJudged, Tree
from workers.sources.alembic import detect, version_table
from workers.sources.alembic.dependencies import dependency_files
from workers.sources.alembic.environments import Environments
from workers.sources.alembic.history import read_history
from workers.sources.alembic.models import place_in
from workers.sources.alembic.record import Recorder


@dataclass(frozen=True, slots=True, kw_only=True)
class AlembicSource:
    """Reads revisions without running them, and runs them in the sandbox only."""

    recorder: Recorder
    environments: Environments

    @property
    def kind(self) -> SourceKind:
        """Alembic."""
        return SourceKind.ALEMBIC

    def found(self, tree: Tree, module: Module) -> bool:
        """Whether the module's configuration file, or its pyproject.toml, tells of an Alembic project."""
        return detect.read_project(tree, module) is not None

    def watched(self, module: Module) -> tuple[str, ...]:
        """Glob patterns (`*` within a folder, `**` across folders) from the root of the repository."""
        return detect.watched(module)

    def own_files(self, tree: Tree, module: Module) -> tuple[tuple[str, str], ...]:
        """(path, SHA-256): configuration, env.py and what lies beside it, template, watched models, dependency files."""
        project = detect.read_project(tree, module)
        return detect.own_files(tree, module, project, dependency_files(tree, module)) if project else ()

    def code(self, tree: Tree, module: Module) -> None:
        """Nobody knows what env.py imports."""
        del tree, module

    def history(self, tree: Tree, module: Module) -> History:
        """Read the revision graph; a module without a project has an empty history."""
        project = detect.read_project(tree, module)
        return read_history(tree, project) if project else History(revisions=(), heads=())

    def version_table(self, tree: Tree, module: Module) -> tuple[Name, tuple[str, ...]]:
        """((schema or "", table), (column,))."""
        return version_table.version_table(tree, self._project(tree, module)), (version_table.COLUMN,)

    def engine_named(self, tree: Tree, module: Module) -> Engine | None:
        """The engine of `sqlalchemy.url`, None where it is a placeholder or comes from elsewhere."""
        project = detect.read_project(tree, module)
        return project.engine if project else None

    def faults(self, tree: Tree, module: Module) -> tuple[Refusal, ...]:
        """Nothing: only running env.py tells."""
        del tree, module
        return ()

    def place_of(self, tree: Tree, module: Module, entry: str, among: tuple[str, ...]) -> tuple[str, int] | None:
        """Where a class or `Table` of these files says it; what builds its models in other ways has no place."""
        del module
        contents = ((path, tree.read(path)) for path in among if path.endswith(".py"))
        places = (place_in(path, content, entry) for path, content in contents if content is not None)
        return next((place for place in places if place is not None), None)

    def judge_rows(self, history: History, base: History, rows: Rows, environment: str) -> RowsJudged:
        """Nothing: a row is a revision and no more."""
        del history, base, rows, environment
        return RowsJudged()

    def texts(self, tree: Tree, module: Module, revisions: tuple[str, ...]) -> None:
        """Nobody knows them but Alembic."""
        del tree, module, revisions

    def bookkeeping(
        self, tree: Tree, module: Module, before: tuple[str, ...], after: tuple[str, ...]
    ) -> tuple[str, ...]:
        """As Alembic writes it; with nothing recorded, after a CREATE TABLE IF NOT EXISTS."""
        return version_table.bookkeeping(self.version_table(tree, module)[0], before, after)

    def environment(self, default_tree: Tree, merge_tree: Tree, module: Module) -> PythonEnvironment | None:
        """The project's dependencies as the default branch states them; a pull's own are named in the note, never installed."""
        return self.environments.environment(default_tree, merge_tree, module)

    def weigh(self, request: RecordRequest) -> tuple[str, ...] | None:
        """Nothing: Alembic does not look at rows."""
        del request
        return None

    def diagnoses(self, tree: Tree, module: Module, engine: Engine) -> bool:
        """Never: the rows are the revisions and no more."""
        del tree, module, engine
        return False

    def confirm(self, request: RecordRequest) -> str:
        """Nothing: the rows are the revisions, and were compared."""
        del request
        return ""

    def record(self, request: RecordRequest) -> Recording:
        """Run env.py and revisions in the sandbox on the scratch database of the request."""
        project = self._project(request.tree, request.module)
        history = read_history(request.tree, project)
        table = version_table.version_table(request.tree, project)
        return self.recorder.record(request, project, history, table)

    def _project(self, tree: Tree, module: Module) -> detect.Project:
        project = detect.read_project(tree, module)
        if project is None:
            raise ExpectedError(
                f"There is no Alembic project in `{module.path}`: `{module.alembic.config}` is missing or has no script_location.",
                "Correct `path` or `alembic: {config: …}` of the module.",
                RefusalCode.CONFIG_INVALID,
            )
        return project
