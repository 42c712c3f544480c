"""One process of the engine a request: what it may see and use in the sandbox, and what its end means."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.ports import Bind
from workers.sandbox.child import Killed, Outcome
from workers.sandbox.profile import MEBIBYTE, Profile
from workers.sandbox.run import Sandbox
from workers.sandbox.runtime import reachable
from workers.sources.prisma import answers
from workers.sources.prisma.node import Node, find_node
from workers.sources.prisma.values import EngineFault, MigrationText

PROGRAM = Path(__file__).with_name("engine")
_INSIDE = "/prisma"
_NODE = "/node/bin/node"
_REQUEST = "/request.json"
_NO_MEMORY = (b"heap out of memory", b"Out of memory")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one request may use. `heap_mebibytes` is JavaScript's share; the engine's own memory counts in `memory_bytes` alone."""

    wall_seconds: float = 120.0
    memory_bytes: int = 3072 * MEBIBYTE
    heap_mebibytes: int = 512
    request_bytes: int = 32 * MEBIBYTE
    output_bytes: int = 32 * MEBIBYTE


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineProcess:
    """Runs the engine's program. `area` is the sandbox area (see `workers.sandbox.runtime.open_area`)."""

    sandbox: Sandbox
    area: Path
    search_path: str = os.defpath
    program: Path = PROGRAM
    bounds: Bounds = Bounds()

    @property
    def isolated(self) -> bool:
        """Whether paths inside the sandbox exist for the program."""
        return self.sandbox.isolated

    def run(
        self, request: bytes, tasks: int, writable: Sequence[Bind] = (), migrations: Sequence[MigrationText] = ()
    ) -> tuple[answers.Answer, ...] | EngineFault:
        """Ask, and return one answer a task. Raises ExpectedError where there is no engine or no sandbox."""
        node = self.node()
        if len(request) > self.bounds.request_bytes:
            return _too_large(len(request), self.bounds.request_bytes)
        outcome = self.sandbox.run(self._command(), self._profile(node, request, writable))
        return _ended(outcome, self.bounds) or answers.read(outcome.stdout, migrations, tasks)

    def node(self) -> Node:
        """The Node that runs the program. Raises ExpectedError(dependencies_unavailable)."""
        if not self._installed():
            raise _missing("Prisma's engine is not installed on the worker's machine, or not the one that is pinned.")
        node = find_node(self.search_path)
        if node is None:
            raise _missing("There is no Node on the worker's machine that can run Prisma's engine.")
        return node

    def _installed(self) -> bool:
        """Whether npm's own account of what it installed says what the lock says."""
        account = self.program / "node_modules" / ".package-lock.json"
        return account.exists() and _pins(account) == _pins(self.program / "package-lock.json")

    def _command(self) -> list[str]:
        return [
            _NODE,
            "--permission",
            f"--allow-fs-read={_INSIDE}",
            f"--allow-fs-read={_REQUEST}",
            f"--max-old-space-size={self.bounds.heap_mebibytes}",
            "--liftoff-only",  # one short run: optimising the engine costs more than it gains
            "--disable-wasm-trap-handler",  # else each memory reserves more addresses than the limit allows
            f"{_INSIDE}/main.mjs",
            _REQUEST,
        ]

    def _profile(self, node: Node, request: bytes, writable: Sequence[Bind]) -> Profile:
        identity = self.sandbox.identity
        return Profile(
            read_only=(
                (reachable(self.program, self.area, identity), _INSIDE),
                (reachable(node.program, self.area, identity), _NODE),
            ),
            writable=tuple((bind.host, bind.inside) for bind in writable),
            files=((_REQUEST, request),),
            wall_seconds=self.bounds.wall_seconds,
            cpu_seconds=int(self.bounds.wall_seconds),
            memory_bytes=self.bounds.memory_bytes,
            total_bytes=self.bounds.memory_bytes,
            output_bytes=self.bounds.output_bytes,
        )


def _pins(lock: Path) -> dict[str, tuple[str, str]]:
    packages = json.loads(lock.read_bytes())["packages"]
    return {name: (item["version"], item["integrity"]) for name, item in packages.items() if name}


def _ended(outcome: Outcome, bounds: Bounds) -> EngineFault | None:
    """What it means that the process did not end as it should, in words of ours: its own are not repeated."""
    if outcome.killed in {Killed.WALL_TIME, Killed.CPU_TIME}:
        return EngineFault(
            code="out_of_time",
            message=f"Prisma's engine had no answer after {outcome.seconds:.0f} seconds and was ended.",
        )
    if outcome.killed is Killed.OUTPUT:
        return EngineFault(code="too_large", message="Prisma's engine answered more than can be kept.")
    if outcome.killed is Killed.MEMORY or any(words in outcome.stderr for words in _NO_MEMORY):
        return EngineFault(
            code="too_large",
            message=f"Prisma's engine needs more memory than the {bounds.memory_bytes // MEBIBYTE} MB that it is given: split the schema "
            "into modules, or squash old migrations into one.",
        )
    if not outcome.ok:
        how = f"status {outcome.status}" if outcome.signal is None else f"signal {outcome.signal}"
        return EngineFault(code="engine_ended", message=f"Prisma's engine ended by itself ({how}).")
    return None


def _too_large(size: int, most: int) -> EngineFault:
    return EngineFault(
        code="too_large",
        message=f"Schema and migrations have {size // MEBIBYTE} MB together; the engine is given at most {most // MEBIBYTE} MB.",
    )


def _missing(what: str) -> ExpectedError:
    return ExpectedError(
        what,
        "Run `make setup` in schemagate's folder on that machine; `schemagate doctor` says what it finds.",
        RefusalCode.DEPENDENCIES_UNAVAILABLE,
    )
