"""Prisma as a source of truth: `ports.Source` over the parts of this package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from workers.core.codec import canonical, sha256
from workers.core.config import Module
from workers.core.errors import ExpectedError
from workers.core.names import Engine, SourceKind
from workers.core.refusals import Actor, Refusal, RefusalCode
from workers.core.schema import Name
from workers.ports import History, PythonEnvironment, Recording, RecordRequest, Rows, RowsJudged, Tree
from workers.sources.prisma import detect, migrations_table
from workers.sources.prisma.engine import Described, EngineFault, Line, SchemaFile
from workers.sources.prisma.history import Script, lock_text, pushed_history, read_history, read_scripts
from workers.sources.prisma.lockfiles import locked_major
from workers.sources.prisma.native import stamp
from workers.sources.prisma.record import Matter, Recorder
from workers.sources.prisma.schema_text import Block
from workers.sources.prisma.scripts import is_empty

_URLS = frozenset({"url", "directUrl", "shadowDatabaseUrl"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PrismaSource:
    """Reads the history as Prisma does; schema and scripts reach its engine in the sandbox only, prisma.config is never run."""

    recorder: Recorder
    _projects: dict[tuple[str, Module], detect.Project | None] = field(default_factory=dict)
    _read: dict[tuple[str, str], tuple[Script, ...]] = field(default_factory=dict)
    _said: dict[tuple[Line, str], Described | EngineFault] = field(default_factory=dict)

    @property
    def kind(self) -> SourceKind:
        """Prisma."""
        return SourceKind.PRISMA

    def found(self, tree: Tree, module: Module) -> bool:
        """Whether there is a schema in the module's folder."""
        return self._find(tree, module) is not None

    def watched(self, module: Module) -> tuple[str, ...]:
        """Glob patterns (`*` within a folder, `**` across folders) from the root of the repository."""
        return (*detect.watched(module), *detect.lock_files(module))

    def own_files(self, tree: Tree, module: Module) -> tuple[tuple[str, str], ...]:
        """(path, SHA-256): schema files, migration_lock.toml, prisma.config and package.json, and the line of the engine."""
        project = self._find(tree, module)
        if project is None:
            return ()
        line = self._line(tree, module, project)
        native = (("Prisma's native engine", stamp(module.schema_engine)),) if module.schema_engine else ()
        return (*detect.own_files(tree, module, project), ("Prisma engine", line.value), *native)

    def code(self, tree: Tree, module: Module) -> str | None:
        """The files that are this source's own, and the scripts: nothing else of a repository is ever looked at."""
        project = self._find(tree, module)
        if project is None:
            return None
        scripts = [[item.path, item.sql] for item in self._scripts(tree, project)]
        return sha256(canonical({"files": [*map(list, self.own_files(tree, module))], "scripts": scripts}))

    def history(self, tree: Tree, module: Module) -> History:
        """Read the folders of migrations; a module without a project has an empty history."""
        project = self._find(tree, module)
        if project is None:
            return History(revisions=(), heads=(), separate=True)
        if module.pushes:
            return pushed_history(project)
        return read_history(tree, project, self._scripts(tree, project))

    def version_table(self, tree: Tree, module: Module) -> tuple[Name, tuple[str, ...]]:
        """`_prisma_migrations`, wherever the search path finds it."""
        del tree, module
        return ("", migrations_table.TABLE), migrations_table.COLUMNS

    def engine_named(self, tree: Tree, module: Module) -> Engine | None:
        """The engine of the datasource's provider."""
        project = self._find(tree, module)
        return project.outline.engine if project else None

    def faults(self, tree: Tree, module: Module) -> tuple[Refusal, ...]:
        """What Prisma's own validator says is wrong with the schema, and a push where no engine can say what it would do."""
        project = self._find(tree, module)
        if project is None or project.problems:
            return ()
        if module.pushes and project.outline.engine is Engine.MYSQL and not module.schema_engine:
            return (_no_push(project),)
        said = self._described(tuple(SchemaFile(*file) for file in project.files), self._line(tree, module, project))
        return _schema_faults(project, said)

    def place_of(self, tree: Tree, module: Module, entry: str, among: tuple[str, ...]) -> tuple[str, int] | None:
        """The line of the model, or of the field, that an entry names; else where the schema begins."""
        del among
        project = self._project(tree, module)
        place = project.outline.named_in(entry)
        return (place.path, place.line) if place else (project.files[0][0], 1)

    def judge_rows(self, history: History, base: History, rows: Rows, environment: str) -> RowsJudged:
        """Failed migrations, and records whose checksum fits no file."""
        return migrations_table.judge_rows(history, base, rows, environment)

    def texts(self, tree: Tree, module: Module, revisions: tuple[str, ...]) -> tuple[str, ...] | None:
        """The scripts, after the table of migrations, of which some speak; the rows in it are nobody's business on an empty database.

        On PostgreSQL alone: each of the engine's steps waits for a server there. SQLite is a part of the engine's own process.
        """
        project = self._project(tree, module)
        engine = project.outline.engine
        scripts = [item for item in self._scripts(tree, project) if item.name in revisions]
        if module.pushes or engine is not Engine.POSTGRESQL or any(item.sql is None for item in scripts):
            return None
        keeper = migrations_table.Bookkeeper(engine=engine, new_id=self.recorder.new_id)
        texts = (item.sql for item in scripts if item.sql and not is_empty(item, engine))
        return (*filter(None, [project.before]), keeper.creation(), *texts)

    def bookkeeping(
        self, tree: Tree, module: Module, before: tuple[str, ...], after: tuple[str, ...]
    ) -> tuple[str, ...]:
        """As `prisma migrate resolve --applied` writes it; with nothing recorded, after the table itself."""
        project = self._project(tree, module)
        engine = project.outline.engine or Engine.POSTGRESQL
        keeper = migrations_table.Bookkeeper(engine=engine, new_id=self.recorder.new_id)
        scripts = [item for item in self._scripts(tree, project) if item.name in after and item.name not in before]
        made = [] if before else [keeper.creation()]
        failed = [keeper.given_up(item.name) for item in scripts[-1:] if before]
        return (*made, *failed, *(keeper.marked(item) for item in scripts))

    def environment(self, default_tree: Tree, merge_tree: Tree, module: Module) -> PythonEnvironment | None:
        """Nothing: the engine is ours."""
        del default_tree, merge_tree, module
        return None

    def diagnoses(self, tree: Tree, module: Module, engine: Engine) -> bool:
        """Wherever Prisma's engine knows the database."""
        chosen = module.source in {None, SourceKind.PRISMA} and self.found(tree, module)
        return chosen and engine.family is not Engine.MYSQL

    def confirm(self, request: RecordRequest) -> str:
        """What the engine's own diagnosis of the history says of the rows that our statements wrote."""
        return self.recorder.confirm(request, self._matter(request))

    def weigh(self, request: RecordRequest) -> tuple[str, ...] | None:
        """The engine's warnings and what it could not run, by the counts of the request."""
        return self.recorder.weigh(request, self._matter(request))

    def record(self, request: RecordRequest) -> Recording:
        """Let the engine bring the scratch database of the request forward."""
        matter = self._matter(request)
        recording = self.recorder.record(request, matter)
        silent = () if recording.declared is None else tuple(map(_never_run, matter.project.outline.programs))
        return replace(recording, uncompared=(*recording.uncompared, *silent))

    def _matter(self, request: RecordRequest) -> Matter:
        project = self._project(request.tree, request.module)
        return Matter(
            project=project,
            scripts=self._scripts(request.tree, project),
            lock_text=lock_text(request.tree, project),
            line=self._line(request.tree, request.module, project),
        )

    def _find(self, tree: Tree, module: Module) -> detect.Project | None:
        key = (tree.oid, module)
        if key not in self._projects:
            self._projects[key] = detect.read_project(tree, module, self._literals)
        return self._projects[key]

    def _project(self, tree: Tree, module: Module) -> detect.Project:
        project = self._find(tree, module)
        if project is None:
            raise ExpectedError(
                f"There is no Prisma schema in `{module.path}`.",
                "Correct `path` or `prisma: {schema: …}` of the module.",
                RefusalCode.CONFIG_INVALID,
            )
        return project

    def _scripts(self, tree: Tree, project: detect.Project) -> tuple[Script, ...]:
        key = (tree.oid, project.migrations)
        if key not in self._read:
            self._read[key] = read_scripts(tree, project, self._ordered)
        return self._read[key]

    def _line(self, tree: Tree, module: Module, project: detect.Project) -> Line:
        """A schema with a `url` is one of 6, one without it of 7; without a datasource the lockfile decides."""
        source = project.outline.datasource
        if source is not None:
            return Line.SIX if _URLS & {name for name, _ in source.fields} else Line.SEVEN
        return Line.SIX if (locked_major(tree, module.path.strip("./")) or 7) < 7 else Line.SEVEN

    def _described(self, files: tuple[SchemaFile, ...], line: Line) -> Described | EngineFault:
        key = (line, sha256(repr(files).encode()))
        if key not in self._said:
            self._said[key] = self.recorder.engine.describe(files, line)
        return self._said[key]

    def _ordered(self, names: tuple[str, ...]) -> tuple[str, ...]:
        found = self.recorder.engine.order(names)
        if isinstance(found, EngineFault):
            raise _unreadable(found)
        return found

    def _literals(self, path: str, text: str) -> detect.Literals:
        read = self.recorder.engine.config(path, text)
        if isinstance(read, EngineFault):
            raise _unreadable(read)
        values = dict(read.values)
        return detect.Literals(
            schema=values.get("schema", ""),
            migrations=values.get("migrations.path", ""),
            before=values.get("migrations.initShadowDb", ""),
            tables=_listed(values, "tables.external"),
            enums=_listed(values, "enums.external"),
            dynamic=read.dynamic,
        )


def _listed(values: Mapping[str, str], key: str) -> tuple[str, ...]:
    return tuple(filter(None, values.get(key, "").split("\n")))


def _never_run(generator: Block) -> str:
    place = generator.provider_place or generator.place
    return (
        f"{place.path}:{place.line}: generator `{generator.name}` names a program of its own; "
        "no generator is run here, and nothing is written to its output"
    )


def _no_push(project: detect.Project) -> Refusal:
    source = project.outline.datasource
    return Refusal(
        code=RefusalCode.STRATEGY_NOT_ALLOWED,
        message="a schema cannot be pushed to MySQL or MariaDB: Prisma's engine, which says what a push would do, has no MySQL here",
        fix="leave `strategy: push` out and commit migrations, or let the operator name a native engine (`schema_engine`)",
        path=source.place.path if source else project.schema,
        line=source.place.line if source else 1,
        actor=Actor.AUTHOR,
    )


def _unreadable(fault: EngineFault) -> ExpectedError:
    message = f"Prisma's engine cannot read the project: {fault.message}"
    return ExpectedError(message, "correct the file that it names", RefusalCode.CONFIG_INVALID)


def _schema_faults(project: detect.Project, said: Described | EngineFault) -> tuple[Refusal, ...]:
    if isinstance(said, Described):
        return ()
    fix = "correct the schema so that `prisma validate` accepts it"
    if said.code == "too_large":
        return (
            Refusal(
                code=RefusalCode.TOO_LARGE, message=said.message, fix="split the schema", path=project.schema, line=1
            ),
        )
    if not said.mistakes:
        path, line = said.path or project.schema, said.line or 1
        return (
            Refusal(
                code=RefusalCode.PLAN_INCOMPLETE,
                message=said.message,
                fix=fix,
                path=path,
                line=line,
                actor=Actor.AUTHOR,
            ),
        )
    return tuple(
        Refusal(
            code=RefusalCode.PLAN_INCOMPLETE,
            message=item.message,
            fix=fix,
            path=item.path,
            line=item.line,
            actor=Actor.AUTHOR,
        )
        for item in said.mistakes
    )
