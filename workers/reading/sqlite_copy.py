"""Which columns an INSERT … SELECT of SQLite carries over whole and unchanged: the middle of every copy-and-rename."""

from __future__ import annotations

from workers.reading.sqlite import Kind, TextError, Token
from workers.reading.sqlite_create import Reading, parted


def copied_columns(found: list[Token]) -> tuple[str, ...]:
    """The columns that `INSERT INTO new (a, b) SELECT old.a, b FROM old` keeps under their names.

    Empty for any other form: with a condition, a join, a limit or a second query rows could be missing.
    """
    try:
        return _copied(Reading.of(found))
    except TextError:
        return ()


def _copied(reading: Reading) -> tuple[str, ...]:
    reading.want("INSERT")
    reading.want("INTO")
    _table(reading)
    names = reading.names()
    reading.want("SELECT")
    if reading.sees("DISTINCT", "ALL"):
        return ()
    start = reading.at
    while not reading.sees("FROM"):
        if reading.sees("("):
            reading.bracketed()
        else:
            reading.next()
    selected = parted(reading.tokens[start : reading.at])
    reading.want("FROM")
    source = _table(reading)
    if reading.now() is not None or len(selected) != len(names):
        return ()
    pairs = zip(names, selected, strict=True)
    return tuple(name for name, part in pairs if _is_column(part, name, source))


def _table(reading: Reading) -> str:
    name = reading.name()
    return reading.name() if reading.skip(".") else name


def _is_column(part: list[Token], name: str, source: str) -> bool:
    if len(part) > 2 and part[-2].is_word("AS"):
        part = part[:-2]
    if len(part) == 3 and part[1].text == "." and part[0].value.lower() == source.lower():
        part = part[2:]
    named = part[0].kind in {Kind.WORD, Kind.NAME} if part else False
    return len(part) == 1 and named and part[0].value.lower() == name.lower()
