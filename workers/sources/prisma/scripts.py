"""How our executor runs a migration's script: in one transaction with its row, or as Prisma runs it, the row before and after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from workers.core.names import Engine
from workers.ports import RecordedStatement
from workers.reading import postgresql
from workers.reading.lexer import TokenKind, split, tokens
from workers.sources.prisma.history import Script
from workers.sources.prisma.migrations_table import Bookkeeper

_STEERING = frozenset({"begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release"})


@dataclass(slots=True)
class Writer:
    """Writes down statements with their transaction groups, counted from 0."""

    bookkeeper: Bookkeeper
    statements: list[RecordedStatement] = field(default_factory=list)
    group: int = -1

    def add(self, script: Script, *, first: bool) -> None:
        """Add a migration; `first` that it may have to make the table of migrations."""
        made = (self.bookkeeper.creation(),) if first else ()
        commands = split(script.sql or "", self.bookkeeper.engine)
        apart = not all(_is_transactional(command, self.bookkeeper.engine) for command in commands)
        if self.bookkeeper.engine is Engine.POSTGRESQL and any(map(steers, commands)):
            self._around(script, made, (script.sql or "",), batch=True)
        elif self.bookkeeper.engine.family is Engine.MYSQL:
            self._around(script, made, commands, within=True)
        elif apart:
            self._around(script, made, commands)
        else:
            self.group += 1
            self._own(script, made)
            self._add(script, commands)
            self._own(script, (self.bookkeeper.applied(script),))

    def take_back(self, sql: str, names: tuple[str, ...]) -> None:
        """Add a way back: its commands, and what becomes of the rows of the migrations that it takes back, in one transaction."""
        self.group += 1
        for command in split(sql, self.bookkeeper.engine):
            self._put(command, names[-1] if names else "", own=False)
        for name in names:
            self._put(self.bookkeeper.removed(name), name, own=True)

    def push(self, statements: tuple[str, ...], name: str) -> None:
        """Add what a push would run, in one transaction: the engine's own BEGIN and COMMIT (around a new enum) fall away in it."""
        self.group += 1
        engine = self.bookkeeper.engine
        for command in (piece for text in statements for piece in split(text, engine)):
            if _first_word(command, engine) not in _STEERING:
                self._put(command, name, own=False)

    def _around(
        self,
        script: Script,
        made: tuple[str, ...],
        commands: tuple[str, ...],
        *,
        within: bool = False,
        batch: bool = False,
    ) -> None:
        """The row, committed; each command alone, `within` a transaction of its own where the engine lets it; the row's end."""
        self.group += 1
        self._own(script, (*made, self.bookkeeper.begun(script)))
        for command in commands:
            self.group += 1
            self._put(command, script.name, own=False, transactional=within, batch=batch)
        self.group += 1
        self._own(script, (self.bookkeeper.ended(script),))

    def _add(self, script: Script, commands: tuple[str, ...]) -> None:
        for command in commands:
            self._put(command, script.name, own=False)

    def _own(self, script: Script, commands: tuple[str, ...]) -> None:
        for command in commands:
            self._put(command, script.name, own=True)

    def _put(self, sql: str, revision: str, *, own: bool, transactional: bool = True, batch: bool = False) -> None:
        self.statements.append(
            RecordedStatement(
                sql=sql, revision=revision, group=self.group, transactional=transactional, own=own, batch=batch
            )
        )


def steers(command: str) -> bool:
    """Whether a command begins or ends a transaction or a savepoint, by its first word."""
    return _first_word(command, Engine.POSTGRESQL) in _STEERING


def is_empty(script: Script, engine: Engine) -> bool:
    """Whether a script holds no command."""
    return not split(script.sql or "", engine)


def _is_transactional(command: str, engine: Engine) -> bool:
    if engine is Engine.POSTGRESQL:
        return postgresql.parse(command).transactional
    return _first_word(command, engine) != "vacuum"


def _first_word(command: str, engine: Engine) -> str:
    return next(_words(command, engine), "")


def _words(command: str, engine: Engine) -> Iterator[str]:
    for token in tokens(command, engine):
        if token.kind is TokenKind.WORD:
            yield command[token.start : token.end].lower()
