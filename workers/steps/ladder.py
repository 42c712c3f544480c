"""What each revision of a history leaves: the whole of it recorded once, and run again step by step on an empty scratch database."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from workers.core.schema import Snapshot
from workers.ports import Database, Dump, History, RecordedStatement, Recording, StatementError, Writer
from workers.steps.extensions import with_extensions
from workers.steps.lineage import applied
from workers.steps.pieces import pieces_of
from workers.steps.replay import ReplayQuestion, request_of


@dataclass(frozen=True, slots=True)
class Rung:
    """A revision, and the schema that it and all it follows leave."""

    revision: str
    snapshot: Snapshot


def climb(question: ReplayQuestion, database: Database, history: History, look: Callable[[Rung], bool]) -> str:
    """Show one rung after the other for as long as `look` wants more; why it ended before the last, "" where it did not.

    Where branches of a history lie beside each other, a schema that belongs to no single revision is no rung.
    """
    scratch = database.scratch(None)

    def record(like: Dump) -> Recording:
        with scratch.empty(like) as first:
            return question.source.record(request_of(question, first))

    recording, like = with_extensions(question.like, record)
    pieces = tuple(item for item in pieces_of(database, recording.statements) if not item.read)
    broken = f"{recording.failed or 'env.py'}: {recording.error}" if recording.error else ""
    with scratch.empty(like) as second, second.writing() as writer:
        try:
            for revision in _steps(writer, pieces, history):
                if revision and not look(Rung(revision, writer.snapshot())):
                    writer.rollback()
                    return "it was not looked further"
        except StatementError as error:
            writer.rollback()
            return broken or error.message
    return broken


def _steps(writer: Writer, pieces: tuple[RecordedStatement, ...], history: History) -> Iterator[str]:
    """Run everything; stops after each revision and gives its name, "" where what is there belongs to no single one."""
    silent = {item.id for item in history.revisions} - {item.revision for item in pieces}
    done: set[str] = set()
    group, within = -1, False
    for revision, own in itertools.groupby(pieces, key=lambda item: item.revision):
        for piece in own:
            if piece.group != group:
                if within:
                    writer.commit()
                group, within = piece.group, piece.transactional
                if within:
                    writer.begin()
            _run(writer, piece)
        done.add(revision)
        yield revision if _below(history, revision) - silent == done - {""} else ""
    if within:
        writer.commit()


def _below(history: History, revision: str) -> frozenset[str]:
    """What is there with a revision: it and all it follows; where each is recorded by itself, all that come before it."""
    if not history.separate:
        return applied(history, (revision,))
    ids = [item.id for item in history.revisions]
    return frozenset(ids[: ids.index(revision) + 1]) if revision in ids else frozenset()


def _run(writer: Writer, piece: RecordedStatement) -> None:
    forbidden = "" if piece.batch else writer.parse(piece.sql).forbidden
    if forbidden:
        raise StatementError(f"{piece.revision}: {forbidden}", state="", lock_timeout=False)
    if piece.batch:
        writer.execute_script(piece.sql)
    else:
        writer.execute(piece.sql)
