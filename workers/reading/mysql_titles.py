"""A sentence that a person can say aloud for what a MySQL or MariaDB statement does."""

from __future__ import annotations

from workers.core.schema import Name
from workers.reading.mysql_words import Piece, Words, clauses

_LONGEST = 60
_MOST = 4
_THINGS = frozenset(
    {"TABLE", "VIEW", "INDEX", "FUNCTION", "PROCEDURE", "TRIGGER", "EVENT", "SEQUENCE", "DATABASE", "USER", "ROLE"}
)
_VERBS = {"CREATE": "Create", "ALTER": "Change", "DROP": "Drop"}
_ROWS = {
    "INSERT": "Insert rows into",
    "REPLACE": "Replace rows of",
    "UPDATE": "Update rows of",
    "DELETE": "Delete rows from",
}
_KEYS = ("INDEX", "KEY")


def title(reader: Words) -> str:
    """Word a statement; one that is not known is quoted by its first words."""
    first = reader.now
    if first.word("CREATE", "ALTER", "DROP"):
        return _definition(reader)
    if first.word(*_ROWS):
        reader.at += 1
        while reader.take_any("LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "QUICK", "IGNORE", "INTO", "FROM"):
            pass
        return f"{_ROWS[first.value]} {_dotted(reader.relation()) or 'several tables'}"
    if first.word("TRUNCATE"):
        reader.at += 1
        reader.take("TABLE")
        return f"Empty table {_dotted(reader.relation())}"
    if first.word("RENAME"):
        return _renaming(reader)
    if first.word("CALL"):
        reader.at += 1
        return f"Call procedure {_dotted(reader.relation())}"
    if first.word("SELECT"):
        return "Read rows"
    return _shortened(reader.pieces)


def _definition(reader: Words) -> str:
    verb = reader.now.value
    unique = False
    while reader.at < len(reader.pieces) and not reader.now.word(*_THINGS):
        unique = unique or reader.now.word("UNIQUE")
        reader.at += 1
    thing = reader.now.value.lower()
    if not thing:
        return _shortened(reader.pieces)
    reader.at += 1
    reader.past_existence()
    if thing == "database" and reader.now.word("CHARACTER", "COLLATE", "DEFAULT", "CHARSET"):
        return f"{_VERBS[verb]} the database's defaults"
    name = _dotted(reader.relation())
    if thing == "table" and verb == "ALTER":
        return _alterations(name, reader.rest())
    on = ""
    if thing in {"index", "trigger"}:
        place = next((index for index, piece in enumerate(reader.pieces) if piece.word("ON")), None)
        on = f" on {_dotted(Words(reader.pieces, place + 1).relation())}" if place is not None else ""
    return f"{_VERBS[verb]} {'unique ' if unique else ''}{thing} {name}{on}".strip()


def _alterations(table: str, pieces: tuple[Piece, ...]) -> str:
    found = [_alteration(table, clause) for clause in clauses(pieces) if clause.pieces]
    more = f"; and {len(found) - _MOST} more" if len(found) > _MOST else ""
    said = "; ".join([*found[:1], *(item[0].lower() + item[1:] for item in found[1:_MOST])])
    return said + more if said else f"Change table {table}"


def _alteration(table: str, clause: Words) -> str:
    verb = clause.take_any("ADD", "DROP", "MODIFY", "CHANGE", "ALTER", "RENAME")
    if verb == "ADD":
        return _addition(table, clause)
    if verb == "DROP":
        return _removal(table, clause)
    if verb == "RENAME":
        return _new_name(table, clause)
    if verb in {"MODIFY", "ALTER", "CHANGE"}:
        if verb == "ALTER" and clause.take_any(*_KEYS):
            return f"Change index {_name(clause)} on {table}"
        clause.take("COLUMN")
        clause.past_existence()
        old = _name(clause)
        new = _name(clause) if verb == "CHANGE" else old
        return f"Change column {table}.{old}" if old == new else f"Rename column {table}.{old} to {new}"
    return f"Change table {table}: {_shortened(clause.pieces)}"


def _addition(table: str, clause: Words) -> str:
    named = ""
    if clause.take("CONSTRAINT") and not clause.now.word("PRIMARY", "UNIQUE", "FOREIGN", "CHECK"):
        named = _name(clause)
    if clause.take("PRIMARY", "KEY"):
        return f"Add primary key to {table}"
    if clause.take("FOREIGN", "KEY"):
        clause.past_existence()
        named = named or (_name(clause) if not clause.now.mark("(") else "")
        return f"Add foreign key {named} to {table}".replace("  ", " ")
    if clause.now.word("CHECK"):
        return f"Add check {named} to {table}".replace("  ", " ")
    kind = clause.take_any("UNIQUE", "FULLTEXT", "SPATIAL")
    if kind or clause.now.word(*_KEYS):
        clause.take_any(*_KEYS)
        clause.past_existence()
        named = named or (_name(clause) if not clause.now.mark("(") else "")
        return f"Add {kind.lower() + ' ' if kind else ''}index {named} on {table}".replace("  ", " ")
    if clause.take_any("PARTITION"):
        return f"Add partition to {table}"
    clause.take("COLUMN")
    clause.past_existence()
    return f"Add columns to {table}" if clause.now.mark("(") else f"Add column {table}.{_name(clause)}"


def _removal(table: str, clause: Words) -> str:
    if clause.take("PRIMARY", "KEY"):
        return f"Drop primary key of {table}"
    words = {"INDEX": "index", "KEY": "index", "CONSTRAINT": "constraint", "CHECK": "check", "PARTITION": "partition"}
    if clause.take("FOREIGN", "KEY"):
        clause.past_existence()
        return f"Drop foreign key {_name(clause)} of {table}"
    if word := clause.take_any(*words):
        clause.past_existence()
        return f"Drop {words[word]} {_name(clause)} of {table}"
    clause.take("COLUMN")
    clause.past_existence()
    return f"Drop column {table}.{_name(clause)}"


def _new_name(table: str, clause: Words) -> str:
    word = clause.take_any("COLUMN", *_KEYS)
    if not word:
        clause.take_any("TO", "AS")
        return f"Rename table {table} to {_dotted(clause.relation())}"
    old = _name(clause)
    clause.take("TO")
    place = f"column {table}.{old}" if word == "COLUMN" else f"index {old} of {table}"
    return f"Rename {place} to {_name(clause)}"


def _renaming(reader: Words) -> str:
    reader.at += 2
    reader.past_existence()
    old = _dotted(reader.relation())
    reader.take("TO")
    return f"Rename table {old} to {_dotted(reader.relation())}"


def _name(reader: Words) -> str:
    name = reader.now.name
    reader.at += name is not None
    return name or ""


def _dotted(name: Name) -> str:
    return ".".join(name)


def _shortened(pieces: tuple[Piece, ...]) -> str:
    text = " ".join(piece.said for piece in pieces[:12])
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
