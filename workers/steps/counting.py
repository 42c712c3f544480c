"""Rows of a target, counted for a tool that judges by them: of objects that the snapshot names, by questions of ours that only read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from workers.core.schema import ObjectKind, Snapshot
from workers.ports import Clock, Counted, Recording, RecordRequest, ScratchDatabase, Services, Target
from workers.steps.question import Known

MOST = 100_000
"""Rows that are counted one by one; a table that holds more counts as one of as many."""

_QUESTIONS = 60
_SECONDS = 60.0


def weighed(
    known: Known, recording: Recording, ask: Callable[[ScratchDatabase], RecordRequest], services: Services
) -> tuple[str, ...]:
    """What the tool says against a recording by the rows of the target, asked again on a fresh copy; without counts what it said before."""
    counts = counted(known.live, known.target, recording.asked, services.clock)
    told: tuple[str, ...] | None = None
    if counts:
        with known.database.scratch(None).clone(known.dump) as copy:
            told = known.source.weigh(replace(ask(copy), counts=counts))
    return said(known.question.environment.name, recording, recording.warnings if told is None else told, counts)


def dry_run(
    known: Known, request: RecordRequest, services: Services
) -> tuple[Recording, tuple[str, ...], RecordRequest]:
    """Record what runs nothing; where the tool asked for rows a second time, with those of the target. Also what it says against it.

    The request comes back as it was asked last.
    """
    first = known.source.record(request)
    counts = counted(known.live, known.target, first.asked, services.clock)
    asked = replace(request, counts=counts)
    told = known.source.record(asked) if counts else first
    return told, said(known.question.environment.name, told, told.warnings, counts), asked


def counted(live: Snapshot, target: Target, asked: tuple[Counted, ...], clock: Clock) -> tuple[Counted, ...]:
    """The counts that could be taken in time, of tables and columns that are there."""
    if not asked:
        return ()
    there = {(item.kind, item.name) for item in live.objects}
    until = clock.now() + _SECONDS
    found: list[Counted] = []
    with target.reading() as reader:
        for item in asked[:_QUESTIONS]:
            column = (ObjectKind.COLUMN, (*item.table, item.column))
            if (ObjectKind.TABLE, item.table) not in there or (item.column and column not in there):
                continue
            rows = reader.count(item.table, item.column, MOST) if clock.now() < until else None
            if rows is not None:
                found.append(replace(item, rows=rows))
    return tuple(found)


def said(
    environment: str, recording: Recording, warnings: tuple[str, ...], counts: tuple[Counted, ...]
) -> tuple[str, ...]:
    """The tool's warnings as sentences, with what they rest on."""
    if not warnings:
        return ()
    sentences = tuple(f"{recording.tool} warns: {item}" for item in warnings)
    if not counts:
        return sentences
    missing = len(recording.asked) - len(counts)
    rest = f"; {missing} could not be counted and are supposed to hold some" if missing > 0 else ""
    return (*sentences, f"rows were counted on {environment} for that, up to {MOST:,} of a table or column{rest}")
