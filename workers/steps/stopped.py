"""What is said of a statement that stops a rehearsal: it fails, or it is of a kind that is never run."""

from __future__ import annotations

from itertools import dropwhile

from workers.core.refusals import Refusal, RefusalCode
from workers.ports import RecordedStatement, StatementError
from workers.steps.conflicts import definer_conflict

MEND = "mend the migration so that it runs on the schema as it is"
_LONGEST = 160


class StopError(Exception):
    """Ends a rehearsal at a statement."""

    def __init__(self, refusal: Refusal, piece: RecordedStatement) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal
        self.piece = piece


def failed(piece: RecordedStatement, error: StatementError) -> StopError:
    """The database does not take it."""
    message = f"migration {piece.revision} fails on a copy of the live schema: {error.message} ({error.state}), at: {_short(piece.sql)}"
    fix = definer_conflict(error.message) or MEND
    return StopError(Refusal(code=RefusalCode.REHEARSAL_FAILED, message=message, fix=fix), piece)


def forbidden(piece: RecordedStatement, why: str) -> StopError:
    """Our executor does not take it."""
    message = f"migration {piece.revision} holds a statement that is never run: {why}, at: {_short(piece.sql)}"
    fix = "take the statement out of the migration"
    return StopError(Refusal(code=RefusalCode.STATEMENT_FORBIDDEN, message=message, fix=fix), piece)


def _short(sql: str) -> str:
    """One line of a statement without the comments before it."""
    own = dropwhile(lambda line: not line.strip() or line.lstrip().startswith("--"), sql.splitlines())
    line = " ".join(" ".join(own).split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
