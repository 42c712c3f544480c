"""A script that steers transactions itself: judged command by command, run as one text, and not atomic."""

from __future__ import annotations

from workers.core.effects import destroyed
from workers.core.plan import Parsed, StatementKind
from workers.core.schema import Name, ObjectKind
from workers.ports import Writer

NOT_ATOMIC = "not atomic: it begins and ends transactions itself, so a failure leaves what was committed before it"
_BLIND = "in a script that ends transactions itself, what a block or a function of code did could not be compared before it counts"


def judged_script(commands: tuple[str, ...], writer: Writer) -> tuple[Parsed, tuple[Parsed, ...]]:
    """The script as one statement, and its commands; `forbidden` where one of them is."""
    parts = writer.parse_script(commands)
    forbidden = next((part.forbidden for part in parts if part.forbidden and not part.steers), "")
    if not forbidden and any(part.kind is StatementKind.OPAQUE and not part.steers for part in parts):
        forbidden = _BLIND
    whole = Parsed(
        kind=StatementKind.OPAQUE,
        title="Run the whole script as one text",
        reads=tuple(dict.fromkeys(name for part in parts for name in part.reads)),
        writes=tuple(dict.fromkeys(name for part in parts for name in part.writes)),
        forbidden=forbidden,
        opaque=NOT_ATOMIC,
        authority="; ".join(dict.fromkeys(part.authority for part in parts if part.authority)),
        transactional=False,
    )
    return whole, parts


def lost(parts: tuple[Parsed, ...], there: frozenset[tuple[ObjectKind, Name]]) -> tuple[str, ...]:
    """What single commands take away, also where a later one makes it again: rows, and tables that were there before."""
    found = [item for part in parts for item in destroyed(part, ())]
    tables = {name[-1]: name for kind, name in there if kind is ObjectKind.TABLE}
    dropped = (name for part in parts if part.kind is StatementKind.DROP for name in part.writes if name[-1] in tables)
    return tuple(dict.fromkeys((*found, *(f"table {'.'.join(tables[name[-1]])}" for name in dropped))))
