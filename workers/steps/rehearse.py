"""Run recorded statements on a clone as an apply will, and write down what each one did: the only source of effects and facts.

What is not done here: judging rows. A clone has none but those of the version table and what the migrations insert themselves.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from workers.core.authority import authority_effect, in_words, rights_changed
from workers.core.diff import Change, Difference, compose, diff
from workers.core.effects import destroyed
from workers.core.plan import Booked, Parsed, Statement, StatementKind
from workers.core.refusals import Refusal
from workers.core.schema import Name, ObjectKind, Snapshot
from workers.core.version_rows import applied_revisions
from workers.ports import Database, RecordedStatement, ScratchDatabase, StatementError, Writer
from workers.steps.copies import Copies
from workers.steps.flow import Flow
from workers.steps.pieces import pieces_of
from workers.steps.scripts import judged_script, lost
from workers.steps.stopped import StopError, failed, forbidden

MANY = 80
_WRITES_ROWS = frozenset({StatementKind.INSERT, StatementKind.UPDATE, StatementKind.DELETE})
_TAKES_ROWS = _WRITES_ROWS | {StatementKind.TRUNCATE, StatementKind.DROP}
_BLIND = frozenset({StatementKind.BOOKKEEPING, StatementKind.INSERT, StatementKind.SESSION, StatementKind.READ})
_MAKES = frozenset({StatementKind.CREATE, StatementKind.COMMENT})
_REMOVES = frozenset({StatementKind.DROP})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a run on a clone showed. With `refusals` it did not get to its end.

    `reads` are (migration, table) pairs of rows that were asked for, with the tables from which earlier statements may have filled that one.
    """

    statements: tuple[Statement, ...] = ()
    group_authority: tuple[tuple[Change, ...], ...] = ()
    before: Snapshot
    after: Snapshot
    reads: tuple[tuple[str, Name], ...] = ()
    seconds: tuple[float, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    stopped: RecordedStatement | None = None


@dataclass(slots=True)
class _Run:
    version_table: Name
    columns: tuple[str, ...]
    split: Callable[[str], tuple[str, ...]]
    together: frozenset[StatementKind]
    state: Snapshot
    recorded: tuple[str, ...]
    there: frozenset[tuple[ObjectKind, Name]]
    copies: Copies = field(default_factory=Copies)
    unseen: StatementKind | None = None
    seen: int = 0
    statements: list[Statement] = field(default_factory=list)
    group_authority: list[tuple[Change, ...]] = field(default_factory=list)
    told: set[tuple[ObjectKind, Name]] = field(default_factory=set)
    reads: list[tuple[str, Name]] = field(default_factory=list)
    flow: Flow = field(default_factory=Flow)
    seconds: list[float] = field(default_factory=list)


def rehearse(
    database: Database,
    clone: ScratchDatabase,
    recorded: tuple[RecordedStatement, ...],
    version_table: Name,
    columns: tuple[str, ...] = (),
    *,
    back: bool = False,
) -> Rehearsal:
    """Run every recorded write on the clone, group by group, with the engine's parser judging each piece at its place.

    With the version table's `columns` every bookkeeping write says what it changes in that table. Of a way `back` it need not be known which
    of several removals in a row takes what away.
    """
    pieces = tuple(pieces_of(database, recorded))
    with clone.writing() as writer:
        before = writer.snapshot()
        there = frozenset((item.kind, item.name) for item in before.objects)
        rows = writer.rows(version_table, columns) if columns else ()
        said = applied_revisions(columns, rows)
        together = (_MAKES if len(pieces) > MANY else frozenset()) | (_REMOVES if back else frozenset())
        run = _Run(version_table, columns, database.split, together, before, said, there)
        refusals: tuple[Refusal, ...] = ()
        stopped: RecordedStatement | None = None
        try:
            for _, group in itertools.groupby(pieces, key=lambda piece: piece.group):
                _run_group(run, writer, tuple(group))
        except StopError as stop:
            writer.rollback()
            refusals, stopped = (stop.refusal,), stop.piece
    return Rehearsal(
        statements=tuple(run.statements),
        group_authority=tuple(run.group_authority),
        before=before,
        after=run.state,
        reads=tuple(dict.fromkeys(run.reads)),
        seconds=tuple(run.seconds),
        refusals=refusals,
        stopped=stopped,
    )


def is_bookkeeping(parsed: Parsed, version_table: Name) -> bool:
    """Whether a statement writes rows of the source's version table and nothing else, or makes that table."""
    same = [_same_table(name, version_table) for name in parsed.writes]
    return bool(same) and all(same) and not parsed.opaque and parsed.kind in _WRITES_ROWS | {StatementKind.CREATE}


def _run_group(run: _Run, writer: Writer, group: tuple[RecordedStatement, ...]) -> None:
    """Groups of a plan are counted without those that only read."""
    start, first, number = run.state, len(run.statements), len(run.group_authority)
    run.told.clear()
    transactional = group[0].transactional
    if transactional:
        writer.begin()
    for piece in group:
        (_run_script if piece.batch else _run_piece)(run, writer, number, piece)
    if transactional:
        _commit(writer, group[-1])
    if len(run.statements) == first:
        return
    _observe(run, writer)
    effect, rights = diff(start, run.state), authority_effect(start, run.state)
    run.group_authority.append(rights)
    untold = (item for item in rights_changed(rights, effect) if (item.kind, item.name) not in run.told)
    _tell_rights(run, first, tuple(untold))
    if run.copies.columns:
        last = run.statements[-1]
        run.statements[-1] = replace(last, destroys=tuple(dict.fromkeys((*last.destroys, *_net_loss(run, effect)))))
        run.copies.clear()


def _run_piece(run: _Run, writer: Writer, number: int, piece: RecordedStatement) -> None:
    parsed = _judged(run, writer, piece)
    if run.unseen and not _looked_at_together(run, parsed.kind):
        _observe(run, writer)
    if parsed.kind is StatementKind.READ and not parsed.opaque:
        if piece.own is None:  # of a written script nothing is decided by what a query finds
            asked = run.flow.sources(name for name in parsed.reads if not _same_table(name, run.version_table))
            run.reads.extend((piece.revision, name) for name in asked)
        return
    run.copies.run(parsed)
    started = time.perf_counter()
    rows = _execute(writer, piece)
    run.seconds.append(round(time.perf_counter() - started, 6))
    if piece.transactional and not writer.same_transaction():
        raise forbidden(piece, "it ends the transaction that it runs in")
    _check_bookkeeping(parsed, rows, piece)
    run.flow.run(parsed)
    statement = Statement(
        sql=piece.sql, migration=piece.revision, group=number, transactional=piece.transactional, parsed=parsed
    )
    run.statements.append(
        replace(statement, rows=rows, records=_records(run, writer))
        if parsed.kind is StatementKind.BOOKKEEPING and rows >= 0
        else statement
    )
    if parsed.kind not in _BLIND:
        run.unseen = parsed.kind


def _looked_at_together(run: _Run, kind: StatementKind) -> bool:
    """Whether a statement shares a look with the one before it.

    Bookkeeping does, and in a long plan what only makes things: what was made is its maker's, never that of a statement with more rights.
    What one removes no other one in a row brings back, unless rows were copied: then their order says what is lost.
    """
    alike = any({run.unseen, kind} <= kinds for kinds in (_MAKES, _REMOVES)) and not run.copies.columns
    return kind is StatementKind.BOOKKEEPING or (alike and kind in run.together)


def _run_script(run: _Run, writer: Writer, number: int, piece: RecordedStatement) -> None:
    """Run a script that steers transactions itself as its tool does: one text, one step."""
    parsed, parts = judged_script(run.split(piece.sql), writer)
    if parsed.forbidden:
        raise forbidden(piece, parsed.forbidden)
    if any(_takes_from(part, piece, run.version_table) for part in parts):
        raise forbidden(piece, "it writes the version table otherwise than its tool does")
    started = time.perf_counter()
    try:
        writer.execute_script(piece.sql)
    except StatementError as error:
        raise failed(piece, error) from error
    run.seconds.append(round(time.perf_counter() - started, 6))
    run.statements.append(
        Statement(
            sql=piece.sql,
            migration=piece.revision,
            group=number,
            transactional=False,
            parsed=parsed,
            destroys=lost(parts, run.there),
            batch=True,
        )
    )
    run.unseen = parsed.kind


def _judged(run: _Run, writer: Writer, piece: RecordedStatement) -> Parsed:
    """What a statement is at its place; raises where it must never run."""
    parsed = writer.parse(piece.sql)
    if parsed.forbidden:
        raise forbidden(piece, parsed.forbidden)
    if parsed.kind is StatementKind.OPAQUE and not piece.transactional:
        why = "outside a transaction, what a block or a function of code did could not be compared before it counts"
        raise forbidden(piece, why)
    if piece.own is not False and is_bookkeeping(parsed, run.version_table):
        return replace(parsed, kind=StatementKind.BOOKKEEPING)
    if _takes_from(parsed, piece, run.version_table):
        raise forbidden(piece, "it writes the version table otherwise than its tool does")
    return parsed


def _takes_from(parsed: Parsed, piece: RecordedStatement, version_table: Name) -> bool:
    """Whether a statement writes the version table otherwise than as bookkeeping; of a written script any write is one."""
    writes = any(_same_table(name, version_table) for name in parsed.writes)
    return writes and (parsed.kind in _TAKES_ROWS or piece.own is False)


def _records(run: _Run, writer: Writer) -> Booked | None:
    if not run.columns:
        return None
    before, now = run.recorded, applied_revisions(run.columns, writer.rows(run.version_table, run.columns))
    run.recorded = now
    return Booked(come=tuple(sorted(set(now) - set(before))), gone=tuple(sorted(set(before) - set(now))))


def _observe(run: _Run, writer: Writer) -> None:
    """Give what changed since the last look to the newest statement that is no bookkeeping, where there is one."""
    now = writer.snapshot()
    effect = diff(run.state, now)
    number = max(_others(run, run.seen), default=len(run.statements) - 1)
    last = run.statements[number]
    if last.parsed.kind is StatementKind.ALTER:
        run.flow.renamed(effect)
    destroys = tuple(dict.fromkeys((*last.destroys, *_destroys(run, last.parsed, effect))))
    run.statements[number] = replace(last, effect=compose(last.effect, effect), destroys=destroys)
    _tell_rights(run, run.seen, rights_changed(authority_effect(run.state, now), effect))
    run.state, run.unseen, run.seen = now, None, len(run.statements)


def _tell_rights(run: _Run, first: int, changes: tuple[Change, ...]) -> None:
    """Let statements since `first` say which rights they change: the one that made the object anew, else the newest."""
    by_statement: dict[int, list[Change]] = {}
    for item in changes:
        by_statement.setdefault(_changer(run, first, item.name[1:]), []).append(item)
        run.told.add((item.kind, item.name))
    for number, theirs in by_statement.items():
        parsed = run.statements[number].parsed
        said = "; ".join(filter(None, (parsed.authority, in_words(theirs))))
        run.statements[number] = replace(run.statements[number], parsed=replace(parsed, authority=said))


def _changer(run: _Run, first: int, name: Name) -> int:
    """Bookkeeping is looked at together with what came before it, and changes no right of its own."""
    since = range(first, len(run.statements))
    made = [number for number in since if any(item.name == name for item in run.statements[number].effect)]
    return max(made or _others(run, first) or since)


def _others(run: _Run, first: int) -> list[int]:
    since = range(first, len(run.statements))
    return [number for number in since if run.statements[number].parsed.kind is not StatementKind.BOOKKEEPING]


def _destroys(run: _Run, parsed: Parsed, effect: tuple[Change, ...]) -> tuple[str, ...]:
    """What is lost of what was there before the plan; a table that the plan itself made for a copy is not missed."""
    if parsed.kind is StatementKind.BOOKKEEPING:
        return ()
    known = (change for change in effect if change.after is not None or (change.kind, change.name) in run.there)
    counted = tuple(change for change in known if not _same_table(change.parent, run.version_table))
    moved, copy_lost = run.copies.drop(parsed, effect)
    lost = destroyed(parsed, tuple(change for change in counted if change.parent not in moved))
    left = (change for change in counted if change.parent in moved and change.kind is ObjectKind.COLUMN)
    columns = run.copies.columns
    return (
        *lost,
        *copy_lost,
        *(f"column {item.label}" for item in left if item.name[-1] not in columns[item.parent]),
    )


def _net_loss(run: _Run, effect: tuple[Change, ...]) -> tuple[str, ...]:
    """What a copy-and-rename changed for good in the tables that it moved: constraints, types; its columns were counted at the drop."""
    copied = run.copies.columns
    moved = tuple(item for item in effect if item.parent in copied and item.kind is not ObjectKind.COLUMN)
    typed = tuple(item for item in effect if item.parent in copied and item.difference is Difference.CHANGED)
    nothing = Parsed(kind=StatementKind.ALTER, title="")
    return destroyed(nothing, tuple(dict.fromkeys((*moved, *typed))))


def _check_bookkeeping(parsed: Parsed, rows: int, piece: RecordedStatement) -> None:
    if parsed.kind is StatementKind.BOOKKEEPING and rows not in {1, -1, 0}:
        raise forbidden(piece, f"it writes {rows} rows of the version table at once")


def _execute(writer: Writer, piece: RecordedStatement) -> int:
    try:
        return writer.execute(piece.sql)
    except StatementError as error:
        raise failed(piece, error) from error


def _commit(writer: Writer, piece: RecordedStatement) -> None:
    try:
        writer.commit()
    except StatementError as error:
        raise failed(piece, error) from error


def _same_table(name: Name, table: Name) -> bool:
    return (
        bool(name)
        and name[-1] == table[-1]
        and (len(name) == 1 or len(table) == 1 or not table[0] or name[-2:] == table[-2:])
    )
