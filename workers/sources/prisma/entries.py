"""What a script of the engine's says that a schema has beyond its migrations: one line a difference, and the warnings that come with it."""

from __future__ import annotations

import re

from workers.core.names import Engine
from workers.reading.lexer import TokenKind, split, tokens

_REDEFINED = re.compile(r'CREATE TABLE "new_(?P<table>(?:[^"]|"")+)" ')
_AROUND = re.compile(r'(?:INSERT INTO|ALTER TABLE) "new_(?P<new>(?:[^"]|"")+)"|DROP TABLE "(?P<old>(?:[^"]|"")+)"')
_WARNINGS = re.compile(r"\A/\*\s*Warnings:\s*(?P<list>.*?)\*/", re.DOTALL)


def entries(sql: str, engine: Engine) -> tuple[str, ...]:
    """Each statement on one line without its comments; SQLite's copying of a table counts as one, worded as what it becomes."""
    commands = tuple(bare(command, engine) for command in split(sql, engine))
    redefined = {found["table"] for command in commands if (found := _REDEFINED.match(command))}
    kept = (command for command in commands if not _is_step(command, redefined))
    return tuple(_REDEFINED.sub(r'Redefine table "\g<table>" ', command, count=1) for command in kept)


def warnings(sql: str) -> tuple[str, ...]:
    """What the engine warns of at the head of a migration that it wrote."""
    found = _WARNINGS.match(sql)
    lines = found["list"].split("\n  - ") if found else []
    return tuple(" ".join(line.removeprefix("- ").split()) for line in lines if line.strip())


def _is_step(command: str, redefined: set[str]) -> bool:
    """Whether it is a part of copying a table that was said already."""
    if command.startswith("PRAGMA "):
        return True
    found = _AROUND.match(command)
    return found is not None and (found["new"] or found["old"]) in redefined


def bare(command: str, engine: Engine) -> str:
    """A command on one line, without its comments."""
    kept = (
        " " if token.kind is TokenKind.COMMENT else command[token.start : token.end]
        for token in tokens(command, engine)
    )
    return " ".join("".join(kept).split())
