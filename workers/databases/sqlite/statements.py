"""What one SQLite statement is: decided by what SQLite's own compiler says it would do, worded from its tokens."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from workers.core.plan import Parsed, StatementKind
from workers.core.schema import Name
from workers.databases.sqlite.rights import (
    FUNCTIONS_DENIED,
    PRAGMAS_ASKED,
    PRAGMAS_SETTING,
    PRAGMAS_TELLING,
    TABLES_DENIED,
)
from workers.databases.sqlite.session import Action
from workers.reading.sqlite import TextError, Token, joined, tokens
from workers.reading.sqlite_copy import copied_columns

_MANY = "You can only execute one statement at a time"
_STEERS = "it begins or ends a transaction or a savepoint"
_SHOWN = 60
# In this order: making a table also makes indexes, dropping one also drops triggers.
_MADE = {
    "create_vtable": "virtual table",
    "create_table": "table",
    "create_temp_table": "temporary table",
    "create_view": "view",
    "create_temp_view": "temporary view",
    "create_trigger": "trigger",
    "create_temp_trigger": "temporary trigger",
    "create_index": "index",
    "create_temp_index": "temporary index",
}
_DROPPED = {
    "drop_vtable": "virtual table",
    "drop_table": "table",
    "drop_temp_table": "temporary table",
    "drop_view": "view",
    "drop_temp_view": "temporary view",
    "drop_trigger": "trigger",
    "drop_temp_trigger": "temporary trigger",
    "drop_index": "index",
    "drop_temp_index": "temporary index",
}
_TRANSACTION = frozenset({"BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE"})
_WRITES = frozenset({"insert", "update", "delete"})


def parse(sql: str, actions: tuple[Action, ...], complaint: str) -> Parsed:
    """Judge a statement. Never raises: what SQLite complains about here, it will refuse when it is run."""
    try:
        found = tokens(sql)
    except TextError as error:
        return Parsed(kind=StatementKind.OPAQUE, title="Run a text that is no SQL", forbidden=str(error))
    found = found[:-1] if found and found[-1].text == ";" else found
    forbidden = _forbidden(found, actions, complaint)
    if not found or forbidden:
        return Parsed(
            kind=StatementKind.OPAQUE,
            title=_shortened(found),
            forbidden=forbidden or "it holds no command",
            steers=forbidden == _STEERS,
        )
    return _judged(found, tuple(action for action in actions if not _internal(action)), complaint)


def _forbidden(found: list[Token], actions: Iterable[Action], complaint: str) -> str:
    if complaint.startswith(_MANY):
        return "it holds more than one command"
    words = [token.text for token in found[:1]]
    if words and words[0] in _TRANSACTION:
        return _STEERS
    if words == ["VACUUM"] and any(token.is_word("INTO") for token in found):
        return "it writes another file"
    return next((why for action in actions if (why := _forbidden_action(action))), "")


def _forbidden_action(action: Action) -> str:
    if action.name in {"transaction", "savepoint"}:
        return _STEERS
    if action.name in {"attach", "detach"}:
        return "it opens or closes another file"
    if action.name == "function" and action.two.lower() in FUNCTIONS_DENIED:
        return f"it calls {action.two}()"
    if action.one.lower() in TABLES_DENIED:
        return f"it uses {action.one}"
    name = action.one.lower()
    if action.name.startswith("create_") and name.startswith("pragma_"):
        return f"the name {action.one} hides what SQLite tells about itself"
    allowed = name in PRAGMAS_SETTING | PRAGMAS_TELLING or (name in PRAGMAS_ASKED and not action.two)
    if action.name == "pragma" and not allowed:
        return f"PRAGMA {action.one} is not on the list of what a plan may set"
    return ""


def _judged(found: list[Token], actions: tuple[Action, ...], complaint: str) -> Parsed:
    head = found[0].text
    if head == "PRAGMA":
        return _pragma(actions)
    if head == "ALTER":
        return Parsed(
            kind=StatementKind.ALTER, title=_altering(found), writes=_tables(actions, "alter_table"), reads=()
        )
    for names, kind in ((_MADE, StatementKind.CREATE), (_DROPPED, StatementKind.DROP)):
        made = next((action for name in names for action in actions if action.name == name), None)
        if made is not None:
            return _made_or_dropped(made, names[made.name], kind, actions)
    if head in {"VACUUM", "REINDEX", "ANALYZE"}:
        return _upkeep(head, actions)
    if any(action.name in _WRITES for action in actions):
        return _writing(found, actions)
    return _rest(found, actions, complaint)


def _pragma(actions: tuple[Action, ...]) -> Parsed:
    action = next(iter(actions), Action("pragma", "", "", ""))
    if action.one.lower() in PRAGMAS_TELLING or not action.two:
        return Parsed(kind=StatementKind.READ, title=f"Ask for {action.one}")
    lasting = action.one.lower() in {"user_version", "application_id"}
    kind = StatementKind.ALTER if lasting else StatementKind.SESSION
    return Parsed(kind=kind, title=f"Set {action.one} to {action.two}")


def _made_or_dropped(made: Action, word: str, kind: StatementKind, actions: tuple[Action, ...]) -> Parsed:
    has_table = word.endswith(("index", "trigger"))
    table = made.two if has_table else made.one
    opaque = ""
    if kind is StatementKind.CREATE and word.endswith("trigger"):
        opaque = "a trigger acts on statements to come"
    elif kind is StatementKind.CREATE and word == "virtual table":
        opaque = f"the module {made.two} decides what it makes"
    return Parsed(
        kind=kind,
        title=_made_title(made, word, kind, from_query=word == "table" and any(a.name == "select" for a in actions)),
        reads=_tables(actions, "read", but=made.one) if kind is StatementKind.CREATE and not has_table else (),
        writes=((table,),),
        opaque=opaque,
    )


def _made_title(made: Action, word: str, kind: StatementKind, *, from_query: bool) -> str:
    if kind is StatementKind.DROP:
        return f"Drop {word} {made.one}" + (f" of {made.two}" if word.endswith(("index", "trigger")) else "")
    if word.endswith("index"):
        return f"Build {word} {made.one} on {made.two}"
    if word.endswith("trigger"):
        return f"Create {word} {made.one} on {made.two}"
    return f"Create {word} {made.one}" + (" from a query" if from_query else "")


def _upkeep(head: str, actions: tuple[Action, ...]) -> Parsed:
    title = {
        "VACUUM": "Rewrite the whole file (VACUUM)",
        "REINDEX": "Build indexes again (REINDEX)",
        "ANALYZE": "Gather statistics for the query planner (ANALYZE)",
    }[head]
    writes = _tables(actions, "analyze")
    return Parsed(kind=StatementKind.ALTER, title=title, writes=writes, transactional=head != "VACUUM")


def _writing(found: list[Token], actions: tuple[Action, ...]) -> Parsed:
    direct = [action for action in actions if action.name in _WRITES and not action.inner]
    triggers = sorted({action.inner for action in actions if action.name in _WRITES and action.inner})
    table = direct[0].one if direct else ""
    kind, title = _row_change({action.name for action in direct}, table, replaces=_replaces(found))
    reading = [action for action in actions if action.name == "read" and action.inner not in triggers]
    copies = _copies(found, reading) if kind is StatementKind.INSERT and not triggers else ()
    reads = _tables(reading, "read", but="" if kind is StatementKind.INSERT else table)
    return Parsed(
        kind=kind,
        title=f"Copy rows of {reads[0][0]} into {table}" if copies else title,
        reads=reads,
        writes=tuple(dict.fromkeys((action.one,) for action in direct)),
        opaque=f"the trigger {', '.join(triggers)} acts on it" if triggers else "",
        copies=copies,
    )


def _row_change(names: set[str], table: str, *, replaces: bool) -> tuple[StatementKind, str]:
    if "delete" in names:
        return StatementKind.DELETE, f"Delete rows of {table}"
    if "insert" in names and ("update" in names or replaces):
        return StatementKind.UPDATE, f"Insert or replace rows of {table}"
    if "update" in names:
        return StatementKind.UPDATE, f"Update rows of {table}"
    return StatementKind.INSERT, f"Insert rows into {table}"


def _copies(found: list[Token], reading: list[Action]) -> tuple[str, ...]:
    """The columns that SQLite agrees to read: a quoted name that is no column would be a text, a view could lack rows."""
    if len({action.one for action in reading}) != 1 or any(action.inner for action in reading):
        return ()
    read = {action.two.lower(): action.two for action in reading}
    return tuple(read[name.lower()] for name in copied_columns(found) if name.lower() in read)


def _rest(found: list[Token], actions: tuple[Action, ...], complaint: str) -> Parsed:
    if found[0].is_word("EXPLAIN"):
        return Parsed(kind=StatementKind.READ, title=_shortened(found))
    if complaint:
        return Parsed(
            kind=StatementKind.OPAQUE, title=_shortened(found), opaque=f"SQLite does not take it: {complaint}"
        )
    if found[0].is_word("CREATE", "DROP"):
        kind = StatementKind(found[0].text.lower())
        return Parsed(kind=kind, title=f"{_shortened(found)} (nothing to do)")
    reads = _tables(actions, "read")
    title = f"Read {', '.join(name for (name,) in reads)}" if reads else _shortened(found)
    return Parsed(kind=StatementKind.READ, title=title, reads=reads)


def _tables(actions: Iterable[Action], name: str, but: str = "") -> tuple[Name, ...]:
    found = (action.two if name == "alter_table" else action.one for action in actions if action.name == name)
    return tuple(dict.fromkeys((table,) for table in found if table != but))


def _internal(action: Action) -> bool:
    """What SQLite reads and writes for itself: its schema, its counters, and its answers about both."""
    return action.name != "pragma" and action.one.lower().startswith(("sqlite_", "pragma_"))


def _replaces(found: list[Token]) -> bool:
    words = [token.text for token in found]
    pairs = set(itertools.pairwise(words))
    return ("REPLACE", "INTO") in pairs or ("OR", "REPLACE") in pairs


def _altering(found: list[Token]) -> str:
    rest = found[2:]
    rest = rest[2:] if len(rest) > 2 and rest[1].text == "." else rest
    values = [token.value for token in rest if not token.is_word("COLUMN")]
    words = [token.text for token in rest if not token.is_word("COLUMN")]
    if len(words) > 2 and words[1] == "ADD":
        return f"Add column {values[0]}.{values[2]}"
    if len(words) > 2 and words[1] == "DROP":
        return f"Drop column {values[0]}.{values[2]}"
    if len(words) > 3 and words[1:3] == ["RENAME", "TO"]:
        return f"Rename table {values[0]} to {values[3]}"
    if len(words) > 4 and words[1] == "RENAME":
        return f"Rename column {values[0]}.{values[2]} to {values[4]}"
    return _shortened(found)


def _shortened(found: list[Token]) -> str:
    text = joined(found[:40])
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
