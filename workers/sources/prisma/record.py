"""Brings a scratch database forward by Prisma's own engine, and writes down what our executor will run to the same end."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from workers.core.examination import Suggested
from workers.core.names import Engine
from workers.ports import Counted, RecordDirection, RecordedStatement, Recording, RecordRequest, ScratchAddress
from workers.sources.prisma.batches import NO_WAY_BACK, TOOL, Batches
from workers.sources.prisma.compare import compare
from workers.sources.prisma.datamodel import read
from workers.sources.prisma.detect import Project
from workers.sources.prisma.engine import (
    Declared,
    EngineFault,
    External,
    Forward,
    Line,
    MigrationText,
    PrismaEngine,
    RowCount,
    Said,
    SchemaFile,
)
from workers.sources.prisma.entries import entries, warnings
from workers.sources.prisma.follows import referenced
from workers.sources.prisma.history import SCRIPT, Script, push_name
from workers.sources.prisma.migrations_table import Bookkeeper
from workers.sources.prisma.native import NativeEngine
from workers.sources.prisma.scripts import Writer, is_empty

NATIVE = "the operator's schema engine"
UNWEIGHED = "rows were not looked at: what would be lost, or what rows forbid, is not said by it"
_TIME = "%Y%m%d%H%M%S"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """A project as the engine is told of it."""

    project: Project
    scripts: tuple[Script, ...]
    lock_text: str | None
    line: Line

    @property
    def files(self) -> tuple[SchemaFile, ...]:
        """The schema's files."""
        return tuple(SchemaFile(path, text) for path, text in self.project.files)

    @property
    def external(self) -> External:
        """What is not Prisma's to change, and what makes it where nothing is."""
        return External(self.project.tables, self.project.enums, self.project.before)

    def said(self, names: frozenset[str]) -> Said:
        """The project with the migrations of these names, in order."""
        texts = tuple(MigrationText(item.name, item.path, item.sql) for item in self.scripts if item.name in names)
        return Said(self.files, self.line, self.lock_text, texts, self.external)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """The engines, and where the ids of new rows come from."""

    engine: PrismaEngine
    batches: Batches
    native: NativeEngine
    new_id: Callable[[], str]

    def record(self, request: RecordRequest, matter: Matter) -> Recording:
        """Run, or for a way back only write, what leads from `done` to `to`. Failures are in the Recording."""
        back = request.direction is RecordDirection.DOWNGRADE
        if request.module.pushes:
            return self._taken_back(request, matter) if back else self._pushed(request, matter)
        if back:
            return Recording(statements=(), error="Prisma's migrations have no downgrade")
        if request.engine.family is Engine.MYSQL:
            return self._without_engine(request, matter)
        names = frozenset((*request.done, *request.to))
        told = self._forward(request, matter, names)
        tool = f"Prisma's schema engine of release {matter.line.value}"
        pending = tuple(item for item in matter.scripts if item.name in request.to and item.name not in request.done)
        if isinstance(told, EngineFault):
            run = self._until(request, pending, told.migration)
            return replace(_failed(told), tool=tool, statements=run, fixed=True)
        recording = Recording(
            statements=self._statements(request, pending, matter.scripts),
            tool=tool,
            notes=_empty(pending, request.engine),
            fixed=True,
        )
        if told is None:
            return recording
        beyond = entries(told.declared.sql, request.engine)
        return replace(
            recording,
            declared=beyond,
            created=Suggested(_next_path(matter), told.created.sql) if beyond else None,
            undo=self._way_back(request, told.back.sql, pending) if isinstance(told.back, Declared) else None,
            undo_error=f"Prisma's engine cannot say it: {told.back.message}"
            if isinstance(told.back, EngineFault)
            else "",
            warnings=warnings(told.expected.sql),
            asked=tuple(map(_counted, told.expected.asked)),
        )

    def weigh(self, request: RecordRequest, matter: Matter) -> tuple[str, ...] | None:
        """Ask the engine what it says against the migration that it would write itself, by counts that were taken on the target."""
        words = _words(request, matter, frozenset(request.done))
        said = self.engine.created(*words, counts=tuple(map(_row_count, request.counts)))
        if isinstance(said, EngineFault):
            return None
        return tuple(item.message for item in (*said.warnings, *said.unexecutable))

    def _pushed(self, request: RecordRequest, matter: Matter) -> Recording:
        """What `db push` would run, found out by a dry run: nothing of it is run. What the engine cannot run is the error."""
        if request.engine.family is Engine.MYSQL:
            return self._pushed_by_native(request, matter)
        name, tool = push_name(matter.project), f"Prisma's schema engine of release {matter.line.value}"
        said = self.engine.push(*_words(request, matter), counts=tuple(map(_row_count, request.counts)))
        if isinstance(said, EngineFault):
            return replace(_failed(said), tool=tool, failed=name)
        asked = tuple(map(_counted, said.asked))
        if said.unexecutable:
            why = " ".join((*said.unexecutable, *said.warnings))
            error = f"Prisma cannot push it: {why}"
            return Recording(statements=(), tool=tool, failed=name, error=error, asked=asked)
        writer = Writer(Bookkeeper(engine=request.engine, new_id=self.new_id))
        writer.push(said.statements, name)
        return Recording(
            statements=tuple(writer.statements),
            tool=tool,
            fixed=True,
            warnings=said.warnings,
            asked=asked,
        )

    def _taken_back(self, request: RecordRequest, matter: Matter) -> Recording:
        """What would lead back from what `db push` runs, which is run on the scratch database of the request."""
        if request.engine.family is Engine.MYSQL:
            return Recording(statements=(), error=NO_WAY_BACK)
        said = self.engine.taken_back(*_words(request, matter), counts=tuple(map(_row_count, request.counts)))
        if isinstance(said, EngineFault):
            return Recording(statements=(), error=f"Prisma's engine cannot say it: {said.message}")
        writer = Writer(Bookkeeper(engine=request.engine, new_id=self.new_id))
        writer.push((said.sql,), push_name(matter.project))
        return Recording(statements=tuple(writer.statements), fixed=True)

    def _without_engine(self, request: RecordRequest, matter: Matter) -> Recording:
        """On MySQL the scripts are run by us; what the datamodel has beyond them says our own comparison."""
        pending = tuple(item for item in matter.scripts if item.name in request.to and item.name not in request.done)
        keeper = Bookkeeper(engine=request.engine, new_id=self.new_id)
        before = "" if request.done else matter.project.before
        failed = self.batches.deploy(request.address, pending, keeper, first=not request.done, before=before)
        if failed is not None:
            return replace(failed, statements=self._until(request, pending, failed.failed), fixed=True)
        recording = Recording(
            statements=self._statements(request, pending, matter.scripts),
            tool=TOOL,
            notes=_empty(pending, request.engine),
            fixed=True,
            undo_error=NO_WAY_BACK,
        )
        if not request.declared:
            return recording
        native = request.module.schema_engine
        return self._by_native(recording, request, matter) if native else self._compared(recording, request, matter)

    def _by_native(self, recording: Recording, request: RecordRequest, matter: Matter) -> Recording:
        """What the datamodel has beyond the migrations, by the engine that the operator named."""
        said = self._difference(request, matter)
        if isinstance(said, EngineFault):
            return replace(recording, declared_error=said.message)
        beyond = entries(said, request.engine)
        suggested = Suggested(_next_path(matter), said) if beyond else None
        return replace(recording, declared=beyond, created=suggested, tool=NATIVE)

    def _difference(self, request: RecordRequest, matter: Matter) -> str | EngineFault:
        program = request.module.schema_engine
        return self.native.difference(program, request.address, matter.files, matter.line, matter.external)

    def _pushed_by_native(self, request: RecordRequest, matter: Matter) -> Recording:
        """What a push would run where the operator's engine says it; it does not look at rows."""
        name, said = push_name(matter.project), self._difference(request, matter)
        if isinstance(said, EngineFault):
            return replace(_failed(said), tool=NATIVE, failed=name)
        writer = Writer(Bookkeeper(engine=request.engine, new_id=self.new_id))
        writer.push((said,), name)
        return Recording(
            statements=tuple(writer.statements), tool=NATIVE, fixed=True, warnings=(UNWEIGHED,) * bool(said)
        )

    def _compared(self, recording: Recording, request: RecordRequest, matter: Matter) -> Recording:
        described = self.engine.describe(matter.files, matter.line, datamodel=True)
        if isinstance(described, EngineFault):
            return replace(recording, declared_error=described.message)
        outline = matter.project.outline
        found = compare(
            read(described.datamodel, outline),
            self.batches.client.snapshot(request.address),
            outline,
            foreign_keys=described.relation_mode != "prisma",
            external=matter.project.tables,
        )
        return replace(recording, declared=found.entries, uncompared=found.notes)

    def confirm(self, request: RecordRequest, matter: Matter) -> str:
        """Ask the engine what is pending, failed or edited on a database that our statements led to `to`; "" where it is as it should be.

        On MySQL there is no engine to ask: the rows are those of a plain replay, which is compared with them anyway.
        """
        if request.engine.family is Engine.MYSQL:
            return self._beyond_by_us(request, matter) if request.module.pushes else ""
        if request.module.pushes:
            return self._beyond(request, matter)
        names = frozenset(item.name for item in matter.scripts)
        said = self.engine.diagnose(*_words(request, matter, names))
        if isinstance(said, EngineFault):
            return said.message
        new = set(request.to) - set(request.done)
        odd = {
            "pending": set(said.pending) ^ (names - set(request.to)),
            "failed": set(said.failed),
            "edited": set(said.edited) & new,
        }
        return "; ".join(f"{what}: {', '.join(sorted(which))}" for what, which in odd.items() if which)

    def _beyond_by_us(self, request: RecordRequest, matter: Matter) -> str:
        """The same by our own comparison: the operator's engine wrote what ran, and does not judge itself."""
        found = self._compared(Recording(statements=()), request, matter)
        return found.declared_error or "; ".join(found.declared or ())

    def _beyond(self, request: RecordRequest, matter: Matter) -> str:
        """After a push the schema is what the datamodel says; else what is missing."""
        said = self.engine.undeclared(*_words(request, matter))
        if isinstance(said, EngineFault):
            return said.message
        return "; ".join(entries(said.sql, request.engine))

    def _forward(self, request: RecordRequest, matter: Matter, names: frozenset[str]) -> Forward | EngineFault | None:
        words = _words(request, matter, names)
        if request.declared:
            return self.engine.brought_forward(*words, done=request.done)
        return self.engine.deploy(*words)

    def _way_back(self, request: RecordRequest, sql: str, undone: tuple[Script, ...]) -> tuple[RecordedStatement, ...]:
        """Prisma has no downgrade: its engine says what separates the schemas after and before."""
        writer = Writer(Bookkeeper(engine=request.engine, new_id=self.new_id))
        writer.take_back(sql, tuple(item.name for item in reversed(undone)))
        return tuple(writer.statements)

    def _until(self, request: RecordRequest, pending: tuple[Script, ...], failed: str) -> tuple[RecordedStatement, ...]:
        """Up to the end of the migration that failed; nothing where none of these did."""
        names = [item.name for item in pending]
        ran = pending[: names.index(failed) + 1] if failed in names else ()
        return self._statements(request, ran, ran)

    def _statements(
        self, request: RecordRequest, pending: tuple[Script, ...], whole: tuple[Script, ...]
    ) -> tuple[RecordedStatement, ...]:
        """What runs of `pending`, scripts of the `whole` history."""
        writer = Writer(Bookkeeper(engine=request.engine, new_id=self.new_id), referenced(whole))
        for script in pending:
            writer.add(script, first=not request.done and script is pending[0])
        return tuple(writer.statements)


def _words(
    request: RecordRequest, matter: Matter, names: frozenset[str] = frozenset()
) -> tuple[ScratchAddress, Engine, Said]:
    return request.address, request.engine, matter.said(names)


def _counted(item: RowCount) -> Counted:
    return Counted(
        table=(item.schema, item.table) if item.schema else (item.table,), column=item.column, rows=item.rows
    )


def _row_count(item: Counted) -> RowCount:
    schema = item.table[0] if len(item.table) > 1 else ""
    return RowCount(schema=schema, table=item.table[-1], column=item.column, rows=item.rows)


def _empty(pending: tuple[Script, ...], engine: Engine) -> tuple[str, ...]:
    return tuple(f"{item.path}:1: {item.name} holds no command" for item in pending if is_empty(item, engine))


def _failed(fault: EngineFault) -> Recording:
    said, words = fault.message, fault.database.removeprefix(f"{fault.state}: ")
    if said in words:
        said = f"{words} ({fault.state})" if fault.state else words
    elif words not in said:
        said = f"{said}; the database says: {fault.database}"
    code = f"Prisma's {fault.code}: " if fault.code.startswith("P") else ""
    return Recording(statements=(), failed=fault.migration, failed_line=fault.line, error=f"{code}{said}")


def _next_path(matter: Matter) -> str:
    """A folder that comes after the newest migration: a second later, where its name begins with a time."""
    newest = matter.scripts[-1].name if matter.scripts else ""
    try:
        later = datetime.strptime(newest[:14], _TIME).replace(tzinfo=UTC) + timedelta(seconds=1)
    except ValueError:
        return posixpath.join(matter.project.migrations, f"{newest}_next" if newest else "0_init", SCRIPT)
    return posixpath.join(matter.project.migrations, f"{later.strftime(_TIME)}_schema", SCRIPT)
