"""What a statement does with rows: which tables it reads and which it changes."""

from __future__ import annotations

from dataclasses import replace

from workers.core.plan import Parsed, StatementKind
from workers.core.schema import Name
from workers.reading.mysql_limits import never
from workers.reading.mysql_words import Piece, Words, relations, words

ROWS = frozenset({"INSERT", "REPLACE", "UPDATE", "DELETE"})
CATALOGS = frozenset({"INFORMATION_SCHEMA", "MYSQL", "PERFORMANCE_SCHEMA", "SYS"})


def query(reader: Words, said: str) -> Parsed:
    """A query; with a WITH it may still be a change of rows."""
    depth = 0
    for index, piece in enumerate(reader.pieces):
        depth += piece.mark("(") - piece.mark(")")
        if reader.now.word("WITH") and depth == 0 and piece.word(*ROWS):
            main = rows(Words(reader.pieces[index:]), said)
            read = relations(reader.pieces)
            return replace(main, reads=tuple(name for name in read if name not in main.writes))
        if depth == 0 and piece.word("INTO"):
            return Parsed(kind=StatementKind.SESSION, title=said, reads=relations(reader.pieces))
    read = tuple(name for name in relations(reader.pieces) if name[0].upper() not in CATALOGS)
    return Parsed(kind=StatementKind.READ, title=said, reads=read)


def rows(reader: Words, said: str) -> Parsed:
    """INSERT, REPLACE, UPDATE and DELETE."""
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


def told(reader: Words, said: str) -> Parsed:
    """What the server says of itself. EXPLAIN of a statement may run it."""
    if reader.now.word("SHOW"):
        return Parsed(kind=StatementKind.READ, title=said)
    reader.at += 1
    name = reader.relation()
    if name and (reader.at >= len(reader.pieces) - 1):
        return Parsed(kind=StatementKind.READ, title=said)
    return never(said, "it explains a statement, which may run it")


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


_FROM = words("FROM").pieces[0]
