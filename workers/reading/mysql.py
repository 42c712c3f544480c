"""What one MySQL or MariaDB statement is, judged by its words at their places; whatever is not known is forbidden.

There is no parser of the server's grammar here, on purpose: whether a text is valid says the scratch server, which runs
every statement before a target does. This reader only sorts: by first words that decide alone, and by names at places
where the grammar allows nothing else. Quoted texts and comments are never looked into.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from workers.core.names import Engine
from workers.core.plan import Parsed, StatementKind
from workers.core.schema import Name
from workers.reading import mysql_limits as limits
from workers.reading.lexer import split
from workers.reading.mysql_definitions import definition, renaming, rights
from workers.reading.mysql_limits import ddl, never
from workers.reading.mysql_rows import CATALOGS, ROWS, query, rows, told
from workers.reading.mysql_titles import title
from workers.reading.mysql_words import UnreadableTextError, Words, calls, relations, words

_QUERIES = frozenset({"SELECT", "WITH", "VALUES", "TABLE"})
_TOLD = frozenset({"SHOW", "DESCRIBE", "DESC", "EXPLAIN"})
_IN_TRANSACTION = ROWS | _QUERIES | _TOLD | {"SET"}
_UPKEEP = frozenset({"ANALYZE", "OPTIMIZE", "REPAIR", "CHECK", "CHECKSUM"})


def parse(sql: str, database: str = "", foreign: frozenset[str] = frozenset()) -> Parsed:
    """Judge a text that should hold exactly one command.

    `database` is the one that the session is in; `foreign` are the names, in small letters, of functions that users made: a
    statement that calls one is opaque.
    """
    try:
        reader = words(sql)
    except UnreadableTextError as error:
        return never("Unreadable statement", str(error))
    count = len(split(sql, Engine.MARIADB))
    if count != 1:
        reason = f"it holds {count} commands where one is expected" if count else "it holds no command"
        return never(f"{count or 'No'} commands at once", reason)
    while reader.pieces and reader.pieces[-1].mark(";"):
        reader = Words(reader.pieces[:-1])
    found = _parsed(reader, database)
    stranger = next((name[-1] for name in calls(reader.pieces) if name[-1].lower() in foreign), "")
    if stranger and found.kind not in {StatementKind.CREATE, StatementKind.ALTER, StatementKind.DROP}:
        kind = StatementKind.OPAQUE if found.kind is StatementKind.READ else found.kind
        return replace(found, kind=kind, opaque=found.opaque or f"it calls {stranger}(), whose code may do anything")
    return found


def is_ddl(sql: str) -> bool:
    """Whether a statement ends the transaction that it comes in; in doubt it does."""
    try:
        first = words(sql).now
    except UnreadableTextError:
        return True
    return not (first.mark("(") or first.word(*_IN_TRANSACTION))


def read_rows(sql: str) -> tuple[Name, ...]:
    """The relations whose rows a query reads, catalogs aside; () for what is no query."""
    try:
        reader = words(sql)
    except UnreadableTextError:
        return ()
    if not (reader.now.mark("(") or reader.now.word(*_QUERIES)):
        return ()
    return tuple(name for name in relations(reader.pieces) if name[0].upper() not in CATALOGS)


def named(sql: str) -> tuple[Name, ...]:
    """Every relation that a statement names, those it changes included."""
    found = parse(sql)
    return tuple(dict.fromkeys((*found.writes, *found.reads)))


def functions_called(sql: str) -> tuple[str, ...]:
    """What a text calls, in small letters; nothing for a text that cannot be read."""
    try:
        return tuple(dict.fromkeys(name[-1].lower() for name in calls(words(sql).pieces)))
    except UnreadableTextError:
        return ()


def _parsed(reader: Words, database: str) -> Parsed:
    said = title(Words(reader.pieces))
    first = reader.now
    if why := (limits.first_word(first.value) if first.word(first.value) else "") or limits.anywhere(reader.pieces):
        return never(said, why)
    found = _judged(reader, said)
    here = {database.lower(), ""} if database else None
    if here is not None and any(len(name) > 1 and name[0].lower() not in here for name in found.writes):
        return never(said, "it changes another database")
    return replace(found, writes=_local(found.writes, database), reads=_local(found.reads, database))


def _judged(reader: Words, said: str) -> Parsed:
    first = reader.now
    if first.mark("(") or first.word(*_QUERIES):
        return query(reader, said)
    judge = next((judge for names, judge in _JUDGES if first.word(*names)), None)
    if judge is not None:
        return judge(reader, said)
    return never(said, limits.NOT_LISTED)


def _setting(reader: Words, said: str) -> Parsed:
    reader.at += 1
    why = limits.setting(reader)
    return never(said, why) if why else Parsed(kind=StatementKind.SESSION, title=said)


def _emptying(reader: Words, said: str) -> Parsed:
    reader.at += 1
    reader.take("TABLE")
    return ddl(StatementKind.TRUNCATE, said, reader.relation())


def _call(reader: Words, said: str) -> Parsed:
    del reader
    why = "a procedure may do anything"
    return Parsed(kind=StatementKind.OPAQUE, title=said, opaque=why, transactional=False)


def _upkeep(reader: Words, said: str) -> Parsed:
    """ANALYZE TABLE and its like; MariaDB's ANALYZE before a statement runs it."""
    if any(piece.word("TABLE", "TABLES") for piece in reader.pieces[1:3]):
        return ddl(StatementKind.ALTER, said)
    return never(said, limits.NOT_LISTED)


def _local(names: tuple[Name, ...], database: str) -> tuple[Name, ...]:
    """Names without the database that the session is in anyway."""
    own = database.lower()
    local = (name[1:] if len(name) > 1 and name[0].lower() == own else name for name in names)
    return tuple(dict.fromkeys(name for name in local if name[-1]))


_JUDGES: tuple[tuple[Iterable[str], Callable[[Words, str], Parsed]], ...] = (
    (ROWS, rows),
    (_TOLD, told),
    (("SET",), _setting),
    (("CREATE", "ALTER", "DROP"), definition),
    (("RENAME",), renaming),
    (("TRUNCATE",), _emptying),
    (("GRANT", "REVOKE"), rights),
    (("CALL",), _call),
    (_UPKEEP, _upkeep),
)
