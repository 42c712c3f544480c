"""Prisma's own engine, asked from Python: each call is one process in the sandbox, with a scratch database or with none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workers.core.names import Engine
from workers.ports import ScratchAddress
from workers.sources.prisma import answers, requests
from workers.sources.prisma.process import EngineProcess
from workers.sources.prisma.requests import Said
from workers.sources.prisma.values import (
    ConfigRead,
    Created,
    Declared,
    Described,
    Diagnosis,
    EngineFault,
    External,
    Forward,
    Line,
    Loss,
    MigrationText,
    Mistake,
    Pushed,
    RowCount,
    SchemaFile,
)

__all__ = [
    "ConfigRead",
    "Created",
    "Declared",
    "Described",
    "Diagnosis",
    "EngineFault",
    "External",
    "Forward",
    "Line",
    "Loss",
    "MigrationText",
    "Mistake",
    "PrismaEngine",
    "Pushed",
    "RowCount",
    "Said",
    "SchemaFile",
]

_DEPLOY = requests.plain("deploy")
_UNDECLARED = requests.plain("undeclared")
_REMEMBER, _RUN, _BACK = requests.plain("remember"), requests.plain("run"), requests.plain("back")


@dataclass(frozen=True, slots=True)
class PrismaEngine:
    """What Prisma's engine says of schemas and histories. It is given scratch databases only, never a target.

    Every method raises ExpectedError where the engine is not installed or there is no sandbox; whatever a schema or a
    migration does wrong comes back as an EngineFault.
    """

    process: EngineProcess

    def describe(self, files: Sequence[SchemaFile], line: Line, *, datamodel: bool = False) -> Described | EngineFault:
        """Validate a schema and say what its datasource wants; no database."""
        return self.describe_as(files, (line,), datamodel=datamodel)[0]

    def describe_as(
        self, files: Sequence[SchemaFile], lines: Sequence[Line], *, datamodel: bool = False
    ) -> tuple[Described | EngineFault, ...]:
        """The same for several lines, in one process."""
        found = self._offline([requests.describe(line, datamodel=datamodel) for line in lines], files)
        if isinstance(found, EngineFault):
            return (found,) * len(lines)
        return tuple(map(answers.described, found))

    def order(self, names: Sequence[str]) -> tuple[str, ...] | EngineFault:
        """The names of a history's folders in the order in which Prisma runs them (JavaScript's localeCompare)."""
        found = self._offline([requests.order(names)])
        return found if isinstance(found, EngineFault) else answers.order(found[0])

    def config(self, path: str, text: str) -> ConfigRead | EngineFault:
        """The literal values of a prisma.config file, which is parsed and never run."""
        found = self._offline([requests.config(path, text)])
        return found if isinstance(found, EngineFault) else answers.config(found[0])

    def deploy(self, address: ScratchAddress, engine: Engine, said: Said) -> EngineFault | None:
        """Apply the migrations that a scratch database has not, each script as one batch, as `migrate deploy` does."""
        found = self._ask(address, engine, said, _DEPLOY)
        return found if isinstance(found, EngineFault) else None

    def undeclared(self, address: ScratchAddress, engine: Engine, said: Said) -> Declared | EngineFault:
        """What a scratch database lacks of the datamodel."""
        found = self._ask(address, engine, said, _UNDECLARED)
        return found if isinstance(found, EngineFault) else answers.declared(found[0])

    def replayed(self, address: ScratchAddress, engine: Engine, said: Said) -> Declared | EngineFault:
        """`deploy` and then `undeclared`, in one process."""
        found = self._ask(address, engine, said, _DEPLOY, _UNDECLARED)
        return found if isinstance(found, EngineFault) else answers.declared(found[1])

    def brought_forward(
        self, address: ScratchAddress, engine: Engine, said: Said, *, done: Sequence[str]
    ) -> Forward | EngineFault:
        """`replayed`, with the migrations that the tool itself would write before and after it, and what would lead back.

        `done` are the migrations that are applied on the scratch database.
        """
        before, after = requests.created((), done), requests.created((), if_undeclared=True)
        found = self._ask(address, engine, said, _REMEMBER, before, _DEPLOY, _UNDECLARED, _BACK, after)
        if isinstance(found, EngineFault):
            return found
        return Forward(
            expected=answers.created(found[1]),
            declared=answers.declared(found[3]),
            back=answers.back(found[4]),
            created=answers.created(found[5]),
        )

    def created(
        self, address: ScratchAddress, engine: Engine, said: Said, *, counts: Sequence[RowCount] = ()
    ) -> Created | EngineFault:
        """The migration that Prisma's own tool would write for the schema beyond these migrations, all applied on the scratch database."""
        found = self._ask(address, engine, said, requests.created(counts))
        return found if isinstance(found, EngineFault) else answers.created(found[0])

    def push(
        self, address: ScratchAddress, engine: Engine, said: Said, *, counts: Sequence[RowCount] = ()
    ) -> Pushed | EngineFault:
        """What `db push` would run on a scratch clone; nothing of it is run."""
        found = self._ask(address, engine, said, requests.push(counts))
        return found if isinstance(found, EngineFault) else answers.pushed(found[0])

    def taken_back(
        self, address: ScratchAddress, engine: Engine, said: Said, *, counts: Sequence[RowCount] = ()
    ) -> Declared | EngineFault:
        """What leads back from a push: its statements are run on the scratch clone, and the two schemas compared."""
        found = self._ask(address, engine, said, requests.push(counts), _REMEMBER, _RUN, _BACK)
        return found if isinstance(found, EngineFault) else answers.back(found[3])

    def diagnose(self, address: ScratchAddress, engine: Engine, said: Said) -> Diagnosis | EngineFault:
        """How a history stands to the rows of `_prisma_migrations` on a scratch clone that has the target's."""
        found = self._ask(address, engine, said, requests.plain("diagnose"))
        return found if isinstance(found, EngineFault) else answers.diagnosis(found[0])

    def _offline(
        self, tasks: Sequence[requests.Task], files: Sequence[SchemaFile] = ()
    ) -> tuple[answers.Answer, ...] | EngineFault:
        return self.process.run(requests.offline(files, tasks), len(tasks))

    def _ask(
        self, address: ScratchAddress, engine: Engine, said: Said, *tasks: requests.Task
    ) -> tuple[answers.Answer, ...] | EngineFault:
        found = requests.scratch(address, engine, isolated=self.process.isolated)
        return self.process.run(requests.online(found, said, tasks), len(tasks), address.writable, said.migrations)
