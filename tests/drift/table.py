"""Writes `docs/drift.md`: what drift is told of, kind by kind, and the score on the corpora (`python -m tests.drift.table`)."""

from __future__ import annotations

import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import psycopg

from deploy.demo.servers import PostgresServer
from tests.drift.cases import Case, read
from tests.drift.corpora import VARIABLE, Score, corpora, read_drift, score
from tests.drift.postgresql import Connection, as_seen, fits, look, made, way_back
from workers.core.diff import diff
from workers.core.folding import fold

PAGE = Path(__file__).parents[2] / "docs" / "drift.md"
MAJORS = "14, 15, 16, 17 and 18"
ABOUT = """# What drift is told of

Drift is a difference between what the applied migrations make and what the database is. The tables below are counted from the cases in
`tests/cases/drift/`, which the tests run in both directions: what one way is added is the other way removed. Where the SQL of the way
back is certain it is shown with the difference; the tests run it and look again. `python -m tests.drift.table` writes this page.
"""
POSTGRESQL = """
## PostgreSQL

{count} cases, the same on the major versions {majors}. In {back} of {ways} directions the way back is certain, and leads back.
{corpora}
| Kind | Cases | Appears and disappears | Attributes that are told when they change |
|---|---|---|---|
{rows}

Values that mean the same are spelled the same whatever was dumped, restored or upgraded. Option values of foreign servers, user mappings,
foreign tables and the connections of subscriptions are shown as a keyed hash: that they differ is told, what they are is not. What looks
like a password in a body, a default or a comment is masked the same way. Owners, privileges, default privileges and the settings of roles
and databases count in what an approval binds to. Base types, operators with their classes and families, conversions, languages, access
methods, transforms, security labels, tablespaces and large objects are not compared; each report names those that are there.

The order of a table's columns is not compared, on any engine: `create_all`, a model file and the migrations that led to it lawfully make
one table with its columns in different orders, and a column added by hand is told as added wherever it stands. So a `MODIFY ... AFTER` on
MariaDB that does nothing else, or a column dropped and made again as it was, is not told. Nor is whether a child table has looked at its
rows for a check that it inherits: that follows from which came first, and a dump does not keep it.
"""


def main() -> int:
    place = corpora()
    if place is None:
        sys.stderr.write(f"{VARIABLE} names no folder\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        server = PostgresServer.start(18, Path(folder, "server"))
        try:
            with psycopg.connect(server.create_database(), autocommit=True) as connection:
                text = _postgresql(connection, place)
        finally:
            server.stop()
    PAGE.write_text(ABOUT + text)
    return 0


def rows(cases: Iterable[Case]) -> list[str]:
    """A row for each kind, by what the cases expect."""
    counts: defaultdict[str, int] = defaultdict(int)
    whole: set[str] = set()
    attributes: defaultdict[str, set[str]] = defaultdict(set)
    for case in cases:
        lines = [line.split(" ", 2) for line in case.expected]
        for kind in {words[1] for words in lines}:
            counts[kind] += 1
        for word, kind, rest in lines:
            if word == "changed":
                attributes[kind] |= set(rest.rpartition(": ")[2].split(", "))
            else:
                whole.add(kind)
    return [
        f"| {kind.replace('_', ' ')} | {counts[kind]} | {'yes' if kind in whole else ''} | {', '.join(sorted(attributes[kind]))} |"
        for kind in sorted(counts)
    ]


def _postgresql(connection: Connection, place: Path) -> str:
    cases = read("postgresql")
    back = ways = 0
    for case in cases:
        if fits(case, connection):
            sides = look(connection, case)
            found = [changes for changes in (sides.changes, diff(sides.after, sides.before)) if changes]
            ways += len(found)
            back += sum(bool(way_back(changes)) for changes in found)
    said = _told(_corpora(connection, place))
    return POSTGRESQL.format(
        count=len(cases), majors=MAJORS, back=back, ways=ways, corpora=said, rows="\n".join(rows(cases))
    )


def _corpora(connection: Connection, place: Path) -> Score:
    material = read_drift(place, "postgresql")
    views = []
    for script in (material.expected, material.live):
        with made(connection, script):
            views.append(as_seen(connection))
    return score(material, fold(diff(*views)))


def _told(found: Score) -> str:
    hit = found.of - len(found.missed)
    precise = 100 * hit // max(1, hit + len(found.invented))
    return f"\nOn drift that others made up: {hit} of {found.of} told, recall {100 * hit // found.of} %, precision {precise} %.\n"


if __name__ == "__main__":
    raise SystemExit(main())
