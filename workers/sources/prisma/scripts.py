"""How our executor runs a migration's script: in one transaction with its row, or as Prisma runs it, the row before and after."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from workers.core.names import Engine
from workers.ports import RecordedStatement
from workers.reading import postgresql
from workers.reading.lexer import TokenKind, split, tokens
from workers.reading.sqlite import FOLLOW
from workers.sources.prisma.entries import bare
from workers.sources.prisma.history import Script
from workers.sources.prisma.migrations_table import Bookkeeper

_SWITCH = re.compile(r"pragma\s+(?:\w+\s*\.\s*)?foreign_keys\s*[=(]\s*[\"'`]?(?P<to>\w+)", re.IGNORECASE)
_NAME = r"(?:main\s*\.\s*)?[\"`\[]?(?P<name>[^\"`\]\s(),;]+)"
_ACTS = re.compile(
    rf"(?:delete\s+from|update(?:\s+or\s+\w+)?|replace\s+into|drop\s+table(?:\s+if\s+exists)?|insert\s+or\s+replace\s+into)\s+{_NAME}",
    re.IGNORECASE,
)
_MAY_ACT = re.compile(r"with\b.*\b(?:delete|update|replace)\b", re.IGNORECASE)
_REFERENCES = re.compile(rf"\breferences\s+{_NAME}", re.IGNORECASE)
_RENAMED = re.compile(rf"alter\s+table\s+{_NAME}[\"`\]]?\s+rename\s+to\s+[\"`\[]?(?P<new>[^\"`\]\s;]+)", re.IGNORECASE)
_OFF = frozenset({"off", "false", "no", "0"})
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
        followed = _followed(commands, self.referenced) if engine is Engine.SQLITE else Followed.NOTHING
        steered = engine.family is not Engine.MYSQL and any(steers(command, engine) for command in commands)
        if steered or followed is Followed.SOME or (apart and followed is Followed.ALL):
            self._around(script, made, (script.sql or "",), batch=True)
        elif engine.family is Engine.MYSQL:
            self._around(script, made, commands, within=True)
        elif apart:
            self._around(script, made, commands)
        else:
            self.group += 1
            self._own(script, ((FOLLOW,) if followed is Followed.ALL else ()) + made)
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


class Followed(Enum):
    """Of the commands of a SQLite script to which foreign keys matter while they run: whether these are followed."""

    NOTHING = "nothing is followed, or nothing refers to anything"
    ALL = "all"
    SOME = "some"


def referenced(scripts: Iterable[Script]) -> frozenset[str]:
    """The tables that these scripts say something refers to, in lower case."""
    found: set[str] = set()
    for sql in ((script.sql or "").lower() for script in scripts):
        found.update(match["name"] for match in _REFERENCES.finditer(sql))
        found.update(match["new"] for match in _RENAMED.finditer(sql) if match["name"] in found)
    return frozenset(found)


def _acts(command: str, tables: frozenset[str]) -> bool:
    """Whether a command changes or removes what rows elsewhere may refer to."""
    found = _ACTS.match(command)
    return found["name"].lower() in tables if found is not None else _MAY_ACT.match(command) is not None


def _followed(commands: tuple[str, ...], tables: frozenset[str]) -> Followed:
    """Prisma's SQLite follows foreign keys until a script switches that off, and then again; our transactions do so or not as a whole.

    Rows that are only inserted are looked at before COMMIT, followed or not.
    """
    on, off, met = True, False, False
    for command in (bare(item, Engine.SQLITE) for item in commands):
        switch = _SWITCH.match(command)
        if switch is not None:
            on = switch["to"].lower() not in _OFF
            off = off or not on
        elif on and _acts(command, tables):
            met = True
    return Followed.SOME if met and off else Followed.ALL if met else Followed.NOTHING


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
