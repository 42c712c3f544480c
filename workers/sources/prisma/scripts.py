"""How our executor runs a migration's script: in one transaction with its row, or as Prisma runs it, the row before and after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from workers.core.names import Engine
from workers.ports import RecordedStatement
from workers.reading import postgresql
from workers.reading.lexer import TokenKind, split, tokens
from workers.reading.sqlite import FOLLOW
from workers.sources.prisma.follows import Followed, followed
from workers.sources.prisma.history import Script
from workers.sources.prisma.migrations_table import Bookkeeper

_STEERING = frozenset({"begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release"})


@dataclass(slots=True)
class Writer:
    """Writes down statements with their transaction groups, counted from 0. `referenced` are the tables that others refer to (SQLite)."""

    bookkeeper: Bookkeeper
    referenced: frozenset[str] = frozenset()
    statements: list[RecordedStatement] = field(default_factory=list)
    group: int = -1

    def add(self, script: Script, *, first: bool) -> None:
        """Add a migration; `first` that it may have to make the table of migrations."""
        made = (self.bookkeeper.creation(),) if first else ()
        engine = self.bookkeeper.engine
        commands = split(script.sql or "", engine)
        apart = not all(_is_transactional(command, engine) for command in commands)
        keys = followed(commands, self.referenced) if engine is Engine.SQLITE else Followed.NOTHING
        steered = engine.family is not Engine.MYSQL and any(steers(command, engine) for command in commands)
        if steered or keys is Followed.SOME or (apart and keys is Followed.ALL):
            self._around(script, made, (script.sql or "",), batch=True)
        elif engine.family is Engine.MYSQL:
            self._around(script, made, commands, within=True)
        elif apart:
            self._around(script, made, commands)
        else:
            self.group += 1
            self._own(script, ((FOLLOW,) if keys is Followed.ALL else ()) + made)
            self._add(script, commands)
            self._own(script, (self.bookkeeper.applied(script),))

    def take_back(self, sql: str, names: tuple[str, ...]) -> None:
        """Add a way back: its commands, and what becomes of the rows of the migrations that it takes back, in one transaction."""
        self.push((sql,), names[-1] if names else "")
        for name in names:
            self._put(self.bookkeeper.removed(name), name, own=True)

    def push(self, statements: tuple[str, ...], name: str) -> None:
        """Add what the engine wrote, in one transaction: its own BEGIN and COMMIT (around a new enum) fall away in it."""
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


def steers(command: str, engine: Engine) -> bool:
    """Whether a command begins or ends a transaction or a savepoint, by its first word."""
    return _first_word(command, engine) in _STEERING


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
