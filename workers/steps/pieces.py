"""The single statements of what a tool recorded, in the transaction groups in which they will run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from workers.ports import Database, RecordedStatement


def pieces_of(database: Database, recorded: tuple[RecordedStatement, ...]) -> Iterator[RecordedStatement]:
    """Split texts with several commands, and renumber groups so that a statement outside a transaction is a group of its own."""
    number, last = -1, None
    for item in recorded:
        for sql in (item.sql,) if item.batch else database.split(item.sql):
            within = item.transactional and database.transactional(sql)
            if not within or item.group != last:
                number += 1
            last = item.group if within else None
            yield replace(item, sql=sql, group=number, transactional=within)
