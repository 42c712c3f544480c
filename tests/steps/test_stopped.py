"""What is said of a statement that stops a rehearsal."""

from __future__ import annotations

from workers.ports import RecordedStatement, StatementError
from workers.steps.stopped import failed, forbidden


def piece(sql: str) -> RecordedStatement:
    return RecordedStatement(sql=sql, revision="r2", group=0, transactional=True)


def test_a_statement_is_quoted_without_the_comments_before_it_and_not_at_any_length():
    said = forbidden(
        piece("-- AlterTable\n\n  -- really\nVACUUM\n  INTO 'x'"), "it writes another file"
    ).refusal.message
    assert said == "migration r2 holds a statement that is never run: it writes another file, at: VACUUM INTO 'x'"
    assert len(forbidden(piece("SELECT " + "x" * 5000), "no").refusal.message) < 300


def test_a_failure_says_what_the_database_said_and_carries_its_statement():
    stop = failed(piece("DROP TABLE t"), StatementError("no such table: t", state="42P01", lock_timeout=False))
    assert "no such table: t (42P01), at: DROP TABLE t" in stop.refusal.message
    assert stop.piece.revision == "r2"
