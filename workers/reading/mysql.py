"""What one MySQL or MariaDB statement is, judged by its words at their places; whatever is not known is forbidden.

There is no parser of the server's grammar here, on purpose: whether a text is valid says the scratch server, which runs
every statement before a target does. This reader only sorts: by first words that decide alone, and by names at places
where the grammar allows nothing else. Quoted texts and comments are never looked into.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import replace

from workers.core.names import Engine
from workers.core.plan import Parsed, StatementKind
from workers.core.schema import Name
from workers.reading import mysql_limits as limits
from workers.reading.lexer import split
from workers.reading.mysql_titles import title
from workers.reading.mysql_words import Piece, UnreadableTextError, Words, calls, relations, words

_ROWS = frozenset({"INSERT", "REPLACE", "UPDATE", "DELETE"})
_QUERIES = frozenset({"SELECT", "WITH", "VALUES", "TABLE"})
_TOLD = frozenset({"SHOW", "DESCRIBE", "DESC", "EXPLAIN"})
_IN_TRANSACTION = _ROWS | _QUERIES | _TOLD | {"SET"}
_UPKEEP = frozenset({"ANALYZE", "OPTIMIZE", "REPAIR", "CHECK", "CHECKSUM"})
_CATALOGS = frozenset({"INFORMATION_SCHEMA", "MYSQL", "PERFORMANCE_SCHEMA", "SYS"})
_MODIFIERS = frozenset(
    {
        "OR",
        "REPLACE",
        "TEMPORARY",
        "UNIQUE",
        "FULLTEXT",
        "SPATIAL",
        "VECTOR",
        "ONLINE",
        "OFFLINE",
        "IGNORE",
        "AGGREGATE",
    }
)
_OPAQUE = {"TRIGGER": "a trigger acts on later writes", "EVENT": "an event acts by itself, later and again"}


def parse(sql: str, database: str = "", foreign: frozenset[str] = frozenset()) -> Parsed:
    """Judge a text that should hold exactly one command.

    `database` is the one that the session is in; `foreign` are the names, in small letters, of functions that users made: a
    statement that calls one is opaque.
    """
    try:
        reader = words(sql)
    except UnreadableTextError as error:
        return _never("Unreadable statement", str(error))
    count = len(split(sql, Engine.MARIADB))
    if count != 1:
        reason = f"it holds {count} commands where one is expected" if count else "it holds no command"
        return _never(f"{count or 'No'} commands at once", reason)
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
    return tuple(name for name in relations(reader.pieces) if name[0].upper() not in _CATALOGS)


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
        return _never(said, why)
    found = _judged(reader, said)
    here = {database.lower(), ""} if database else None
    if here is not None and any(len(name) > 1 and name[0].lower() not in here for name in found.writes):
        return _never(said, "it changes another database")
    return replace(found, writes=_local(found.writes, database), reads=_local(found.reads, database))


def _judged(reader: Words, said: str) -> Parsed:
    first = reader.now
    if first.mark("(") or first.word(*_QUERIES):
        return _query(reader, said)
    judge = next((judge for names, judge in _JUDGES if first.word(*names)), None)
    if judge is not None:
        return judge(reader, said)
    return _never(said, limits.NOT_LISTED)


def _setting(reader: Words, said: str) -> Parsed:
    reader.at += 1
    why = limits.setting(reader)
    return _never(said, why) if why else Parsed(kind=StatementKind.SESSION, title=said)


def _emptying(reader: Words, said: str) -> Parsed:
    reader.at += 1
    reader.take("TABLE")
    return _ddl(StatementKind.TRUNCATE, said, reader.relation())


def _call(reader: Words, said: str) -> Parsed:
    del reader
    why = "a procedure may do anything"
    return Parsed(kind=StatementKind.OPAQUE, title=said, opaque=why, transactional=False)


def _upkeep(reader: Words, said: str) -> Parsed:
    """ANALYZE TABLE and its like; MariaDB's ANALYZE before a statement runs it."""
    if any(piece.word("TABLE", "TABLES") for piece in reader.pieces[1:3]):
        return _ddl(StatementKind.ALTER, said)
    return _never(said, limits.NOT_LISTED)


def _query(reader: Words, said: str) -> Parsed:
    """A query; with a WITH it may still be a change of rows."""
    depth = 0
    for index, piece in enumerate(reader.pieces):
        depth += piece.mark("(") - piece.mark(")")
        if reader.now.word("WITH") and depth == 0 and piece.word(*_ROWS):
            main = _rows(Words(reader.pieces[index:]), said)
            read = relations(reader.pieces)
            return replace(main, reads=tuple(name for name in read if name not in main.writes))
        if depth == 0 and piece.word("INTO"):
            return Parsed(kind=StatementKind.SESSION, title=said, reads=relations(reader.pieces))
    read = tuple(name for name in relations(reader.pieces) if name[0].upper() not in _CATALOGS)
    return Parsed(kind=StatementKind.READ, title=said, reads=read)


def _rows(reader: Words, said: str) -> Parsed:
    verb = reader.now.value
    reader.at += 1
    while reader.take_any("LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "QUICK", "IGNORE", "INTO"):
        pass
    pieces = reader.rest()
    if verb in {"INSERT", "REPLACE"}:
        written: tuple[Name, ...] = (reader.relation(),)
        update = verb == "REPLACE" or any(_duplicate(pieces, index) for index in range(len(pieces)))
        kind = StatementKind.UPDATE if update else StatementKind.INSERT
    elif verb == "UPDATE":
        written = _changed(pieces, "SET")
        kind = StatementKind.UPDATE
    else:
        written = _deleted(pieces)
        kind = StatementKind.DELETE
    read = tuple(name for name in relations(pieces) if name not in written)
    return Parsed(kind=kind, title=said, writes=tuple(name for name in written if name), reads=read)


def _duplicate(pieces: tuple[Piece, ...], index: int) -> bool:
    return pieces[index].word("ON") and all(
        piece.word(value) for piece, value in zip(pieces[index + 1 : index + 3], ("DUPLICATE", "KEY"), strict=False)
    )


def _changed(pieces: tuple[Piece, ...], end: str) -> tuple[Name, ...]:
    """The tables before a word: an UPDATE of several may change any of them."""
    depth = 0
    for index, piece in enumerate(pieces):
        depth += piece.mark("(") - piece.mark(")")
        if depth == 0 and piece.word(end):
            return relations((_FROM, *pieces[:index]))
    return relations((_FROM, *pieces))


def _deleted(pieces: tuple[Piece, ...]) -> tuple[Name, ...]:
    """`DELETE FROM t`, `DELETE t FROM …` and `DELETE FROM t USING …`: all that is named before the condition."""
    if pieces and pieces[0].word("FROM"):
        pieces = pieces[1:]
    return _changed(pieces, "WHERE")


def _told(reader: Words, said: str) -> Parsed:
    """What the server says of itself. EXPLAIN of a statement may run it."""
    if reader.now.word("SHOW"):
        return Parsed(kind=StatementKind.READ, title=said)
    reader.at += 1
    name = reader.relation()
    if name and (reader.at >= len(reader.pieces) - 1):
        return Parsed(kind=StatementKind.READ, title=said)
    return _never(said, "it explains a statement, which may run it")


def _definition(reader: Words, said: str) -> Parsed:
    verb = reader.now.value
    kind = {"CREATE": StatementKind.CREATE, "ALTER": StatementKind.ALTER, "DROP": StatementKind.DROP}[verb]
    reader.at += 1
    modifiers: set[str] = set()
    while (word := reader.take_any(*_MODIFIERS)) or _past_clause(reader, modifiers):
        modifiers.add(word)
    thing = reader.now.value if reader.now.word(reader.now.value) else ""
    if verb == "ALTER" and thing in {"DATABASE", "SCHEMA"}:
        return _whole_database(reader, said)
    if why := limits.object_word(thing):
        return _never(said, why)
    reader.at += 1
    if thing in {"TABLE", "TABLES"}:
        return _table(reader, verb, modifiers, said)
    if thing in {"INDEX", "KEY"}:
        return _ddl(kind, said, _indexed(reader))
    if thing == "SEQUENCE" and "REPLACE" in modifiers:
        return _never(said, "it replaces a sequence, with where it stands")
    if thing in {"VIEW", "SEQUENCE", "FUNCTION", "PROCEDURE", "TRIGGER", "EVENT"}:
        right = "whose rights it runs with" if "DEFINER" in modifiers else ""
        opaque = _OPAQUE.get(thing, "") if verb != "DROP" else ""
        written, read = _named(reader, thing, verb)
        return replace(_ddl(kind, said, *written), opaque=opaque, authority=right, reads=read)
    return _never(said, limits.NOT_LISTED)


def _whole_database(reader: Words, said: str) -> Parsed:
    """What new tables begin with. The name, where there is one, is judged with the names of tables."""
    reader.at += 1
    unnamed = reader.now.word("CHARACTER", "COLLATE", "DEFAULT", "CHARSET")
    name = () if unnamed else reader.relation()
    if not reader.now.word("CHARACTER", "COLLATE", "DEFAULT", "CHARSET"):
        return _never(said, limits.SERVER)
    return _ddl(StatementKind.ALTER, said, *(((*name, ""),) if name else ()))


def _past_clause(reader: Words, modifiers: set[str]) -> bool:
    """Step over DEFINER = …, ALGORITHM = …, SQL SECURITY …; a definer other than the one who acts is noted."""
    if reader.take("SQL", "SECURITY"):
        reader.at += 1
        return True
    if reader.now.word("ALGORITHM") and reader.ahead(1).mark("="):
        reader.at += 3
        return True
    if not (reader.now.word("DEFINER") and reader.ahead(1).mark("=")):
        return False
    reader.at += 2
    own = reader.now.word("CURRENT_USER")
    reader.at += 1
    if own and reader.now.mark("("):
        reader.at += 2
    if reader.now.mark("@"):
        reader.at += 2
    if not own:
        modifiers.add("DEFINER")
    return True


def _table(reader: Words, verb: str, modifiers: set[str], said: str) -> Parsed:
    reader.past_existence()
    if verb == "DROP":
        names = [reader.relation()]
        while reader.now.mark(","):
            reader.at += 1
            names.append(reader.relation())
        return _ddl(StatementKind.DROP, said, *names)
    name = reader.relation()
    pieces = reader.rest()
    if "REPLACE" in modifiers:
        return _never(said, "it replaces a table, with its rows")
    if why := limits.of_table(pieces):
        return _never(said, why)
    if verb == "CREATE":
        read = (*relations(pieces), *_referred(pieces), *_like(reader))
        return replace(_ddl(StatementKind.CREATE, said, name), reads=tuple(item for item in read if item != name))
    if why := _alteration(pieces):
        return _never(said, why)
    rows = any(
        piece.word("DROP", "TRUNCATE", "EXCHANGE", "COALESCE", "DISCARD") and following.word("PARTITION")
        for piece, following in itertools.pairwise(pieces)
    )
    kind = StatementKind.DELETE if rows or "IGNORE" in modifiers else StatementKind.ALTER
    written = (name, *_new_names(pieces))
    return replace(_ddl(kind, said, *written), reads=tuple(item for item in _referred(pieces) if item not in written))


def _alteration(pieces: tuple[Piece, ...]) -> str:
    for piece, following in itertools.pairwise(pieces):
        if piece.word("IMPORT", "DISCARD") and following.word("TABLESPACE"):
            return limits.OUTSIDE
    return ""


def _new_names(pieces: tuple[Piece, ...]) -> tuple[Name, ...]:
    """`ALTER TABLE a RENAME TO b`, with or without TO; columns and indexes are renamed otherwise."""
    found = []
    for index, piece in enumerate(pieces):
        if not piece.word("RENAME"):
            continue
        after = Words(pieces, index + 1)
        if after.now.word("COLUMN", "INDEX", "KEY"):
            continue
        after.take_any("TO", "AS")
        found.append(after.relation())
    return tuple(name for name in found if name)


def _referred(pieces: tuple[Piece, ...]) -> tuple[Name, ...]:
    """The tables that foreign keys lead to."""
    return tuple(Words(pieces, index + 1).relation() for index, piece in enumerate(pieces) if piece.word("REFERENCES"))


def _like(reader: Words) -> tuple[Name, ...]:
    if reader.now.mark("("):
        reader.at += 1
    return (reader.relation(),) if reader.take("LIKE") else ()


def _indexed(reader: Words) -> Name:
    """The table of CREATE INDEX i ON t and DROP INDEX i ON t."""
    for index, piece in enumerate(reader.pieces):
        if piece.word("ON"):
            return Words(reader.pieces, index + 1).relation()
    return ()


def _named(reader: Words, thing: str, verb: str) -> tuple[tuple[Name, ...], tuple[Name, ...]]:
    """What a view, routine, trigger or event changes and reads; a body is not looked into, its maker is opaque or it runs later."""
    reader.past_existence()
    if thing in {"VIEW", "SEQUENCE"}:
        name = reader.relation()
        return (name,), tuple(item for item in relations(reader.rest()) if item != name)
    if thing == "TRIGGER" and verb == "CREATE":
        return (_indexed(reader),), ()
    return (), ()


def _renaming(reader: Words, said: str) -> Parsed:
    reader.at += 1
    if not reader.take_any("TABLE", "TABLES"):
        return _never(said, limits.ROLES)
    reader.past_existence()
    names = []
    while name := reader.relation():
        names.append(name)
        if not reader.take("TO"):
            if not reader.now.mark(","):
                break
            reader.at += 1
    return _ddl(StatementKind.ALTER, said, *names)


def _rights(reader: Words, said: str) -> Parsed:
    pieces = reader.pieces
    index = next((number for number, piece in enumerate(pieces) if piece.word("ON")), None)
    if index is None or any(piece.word("IDENTIFIED", "PROXY", "REQUIRE") for piece in pieces):
        return _never(said, limits.ROLES)
    if pieces[index + 1].mark("*") and len(pieces) > index + 2 and pieces[index + 2].mark("."):
        return _never(said, limits.SERVER)
    return Parsed(kind=StatementKind.AUTHORITY, title=said, authority="privileges", transactional=False)


def _ddl(kind: StatementKind, said: str, *written: Name) -> Parsed:
    return Parsed(kind=kind, title=said, writes=tuple(name for name in written if name), transactional=False)


def _never(said: str, why: str) -> Parsed:
    return Parsed(kind=StatementKind.OPAQUE, title=said, forbidden=why, transactional=False)


def _local(names: tuple[Name, ...], database: str) -> tuple[Name, ...]:
    """Names without the database that the session is in anyway."""
    own = database.lower()
    local = (name[1:] if len(name) > 1 and name[0].lower() == own else name for name in names)
    return tuple(dict.fromkeys(name for name in local if name[-1]))


_FROM = words("FROM").pieces[0]
_JUDGES: tuple[tuple[Iterable[str], Callable[[Words, str], Parsed]], ...] = (
    (_ROWS, _rows),
    (_TOLD, _told),
    (("SET",), _setting),
    (("CREATE", "ALTER", "DROP"), _definition),
    (("RENAME",), _renaming),
    (("TRUNCATE",), _emptying),
    (("GRANT", "REVOKE"), _rights),
    (("CALL",), _call),
    (_UPKEEP, _upkeep),
)
