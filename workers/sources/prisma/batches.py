"""Brings a MySQL or MariaDB scratch database forward without Prisma's engine, which knows neither: as that engine would, script by script."""

from __future__ import annotations

from dataclasses import dataclass

from workers.core.names import Engine
from workers.core.schema import ObjectKind
from workers.ports import BatchFault, PlainClient, Recording, ScratchAddress
from workers.reading.lexer import split
from workers.sources.prisma.history import Script
from workers.sources.prisma.migrations_table import Bookkeeper

TOOL = "our own replay of Prisma's scripts"
NO_WAY_BACK = "Prisma's engine, which writes it elsewhere, has no MySQL in the form that is run here"


@dataclass(frozen=True, slots=True)
class Batches:
    """The row of each migration, its script as one text, the row's end: what `prisma migrate deploy` sends."""

    client: PlainClient

    def deploy(
        self, address: ScratchAddress, scripts: tuple[Script, ...], bookkeeper: Bookkeeper, *, first: bool, before: str
    ) -> Recording | None:
        """Run scripts on a scratch database; `first` that it has no table of migrations. The recording of a failure, else None.

        `before` is run where the database is empty: a copy of a target has what its operator made there.
        """
        if before and not self._holds_anything(address):
            fault = self.client.send(address, (before,))
            if fault is not None:
                return Recording(
                    statements=(), error=f"`migrations.initShadowDb`: {fault.message} ({fault.state})", tool=TOOL
                )
        texts: list[tuple[Script, str]] = []
        for script in scripts:
            made = [bookkeeper.creation()] if first and script is scripts[0] else []
            ran = [script.sql] if script.sql and split(script.sql, bookkeeper.engine) else []
            sent = (*made, bookkeeper.begun(script), *ran, bookkeeper.ended(script))
            texts += [(script, text) for text in sent]
        fault = self.client.send(address, tuple(text for _, text in texts))
        return _failed(fault, *texts[fault.text], bookkeeper.engine) if fault else None

    def _holds_anything(self, address: ScratchAddress) -> bool:
        return any(item.kind is not ObjectKind.DATABASE for item in self.client.snapshot(address).objects)


def _failed(fault: BatchFault, script: Script, text: str, engine: Engine) -> Recording:
    line = _line(text, fault.command, engine) if text == script.sql else 0
    where = f"command {fault.command + 1} of the script: " if line else ""
    said = f"{where}{fault.message} ({fault.state})"
    return Recording(statements=(), failed=script.name, failed_line=line, error=said, tool=TOOL)


def _line(text: str, command: int, engine: Engine) -> int:
    """Where a command of a script begins, by its words: comments before it are part of it, and passed over."""
    position = 0
    for number, piece in enumerate(split(text, engine)):
        position = text.index(piece, position)
        if number == command:
            return text.count("\n", 0, position + _blank(piece)) + 1
        position += len(piece)
    return 0


def _blank(piece: str) -> int:
    """How long the comments are that a command begins with."""
    rest = piece
    while rest.startswith(("--", "#", "/*")):
        _, _, rest = rest.partition("*/" if rest.startswith("/*") else "\n")
        rest = rest.lstrip()
    return len(piece) - len(rest)
