"""What a statement makes, changes or takes away: tables and what hangs on them, code, rights."""

from __future__ import annotations

import itertools
from dataclasses import replace

from workers.core.plan import Parsed, StatementKind
from workers.core.schema import Name
from workers.reading import mysql_limits as limits
from workers.reading.mysql_limits import ddl, never
from workers.reading.mysql_words import Piece, Words, relations

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


def definition(reader: Words, said: str) -> Parsed:
    """CREATE, ALTER and DROP."""
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
        return never(said, why)
    reader.at += 1
    if thing in {"TABLE", "TABLES"}:
        return _table(reader, verb, modifiers, said)
    if thing in {"INDEX", "KEY"}:
        return ddl(kind, said, _indexed(reader))
    if thing == "SEQUENCE" and "REPLACE" in modifiers:
        return never(said, "it replaces a sequence, with where it stands")
    if thing in {"VIEW", "SEQUENCE", "FUNCTION", "PROCEDURE", "TRIGGER", "EVENT"}:
        right = "whose rights it runs with" if "DEFINER" in modifiers else ""
        opaque = _OPAQUE.get(thing, "") if verb != "DROP" else ""
        written, read = _named(reader, thing, verb)
        return replace(ddl(kind, said, *written), opaque=opaque, authority=right, reads=read)
    return never(said, limits.NOT_LISTED)


def renaming(reader: Words, said: str) -> Parsed:
    """RENAME TABLE; nobody else is renamed."""
    reader.at += 1
    if not reader.take_any("TABLE", "TABLES"):
        return never(said, limits.ROLES)
    reader.past_existence()
    names = []
    while name := reader.relation():
        names.append(name)
        if not reader.take("TO"):
            if not reader.now.mark(","):
                break
            reader.at += 1
    return ddl(StatementKind.ALTER, said, *names)


def rights(reader: Words, said: str) -> Parsed:
    """GRANT and REVOKE on what is in this database."""
    pieces = reader.pieces
    index = next((number for number, piece in enumerate(pieces) if piece.word("ON")), None)
    if index is None or any(piece.word("IDENTIFIED", "PROXY", "REQUIRE") for piece in pieces):
        return never(said, limits.ROLES)
    if pieces[index + 1].mark("*") and len(pieces) > index + 2 and pieces[index + 2].mark("."):
        return never(said, limits.SERVER)
    return Parsed(kind=StatementKind.AUTHORITY, title=said, authority="privileges", transactional=False)


def _whole_database(reader: Words, said: str) -> Parsed:
    """What new tables begin with. The name, where there is one, is judged with the names of tables."""
    reader.at += 1
    unnamed = reader.now.word("CHARACTER", "COLLATE", "DEFAULT", "CHARSET")
    name = () if unnamed else reader.relation()
    if not reader.now.word("CHARACTER", "COLLATE", "DEFAULT", "CHARSET"):
        return never(said, limits.SERVER)
    return ddl(StatementKind.ALTER, said, *(((*name, ""),) if name else ()))


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
        return ddl(StatementKind.DROP, said, *names)
    name = reader.relation()
    pieces = reader.rest()
    if "REPLACE" in modifiers:
        return never(said, "it replaces a table, with its rows")
    if why := limits.of_table(pieces):
        return never(said, why)
    if verb == "CREATE":
        read = (*relations(pieces), *_referred(pieces), *_like(reader))
        return replace(ddl(StatementKind.CREATE, said, name), reads=tuple(item for item in read if item != name))
    if why := _alteration(pieces):
        return never(said, why)
    rows = any(
        piece.word("DROP", "TRUNCATE", "EXCHANGE", "COALESCE", "DISCARD") and following.word("PARTITION")
        for piece, following in itertools.pairwise(pieces)
    )
    kind = StatementKind.DELETE if rows or "IGNORE" in modifiers else StatementKind.ALTER
    written = (name, *_new_names(pieces))
    return replace(ddl(kind, said, *written), reads=tuple(item for item in _referred(pieces) if item not in written))


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
