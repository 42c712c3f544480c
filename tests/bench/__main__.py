"""How long the parts take that every plan goes through: read a schema, hash it, compare two, split a script.

Times of one machine mean little alone. `floor` is what the server needs to answer plain catalog queries over the same
tables; the ratio to it is the number to keep.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import psycopg

from deploy.demo.servers import PostgresServer
from tests.bench.schema import tables
from workers.core.diff import diff
from workers.core.names import Engine
from workers.core.schema import Snapshot
from workers.databases.postgresql.catalog import SETTINGS, snapshot
from workers.reading.lexer import split

T = TypeVar("T")
SIZES = (100, 1000)
ROUNDS = 3
COLUMNS = """SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'public'::regnamespace"""
FLOOR = (
    COLUMNS,
    "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
    "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid >= 16384",
)


@dataclass(frozen=True, slots=True)
class Measured(Generic[T]):
    """The best of some rounds, in seconds, and what the first round answered."""

    seconds: float
    answer: T


def main() -> int:
    with _server() as server:
        for size in SIZES:
            _bench_schema(server, size)
    script = "\n".join(tables(2000))
    _row("split", f"{len(script) // 1024} kB of SQL", _best(lambda: split(script, Engine.POSTGRESQL)).seconds)
    return 0


def _bench_schema(server: PostgresServer, size: int) -> None:
    label = f"PostgreSQL, {size} tables"
    url = server.create_database()
    server.execute("\n".join(tables(size)), url.rpartition("/")[2])
    with psycopg.connect(url, autocommit=True) as connection:
        floor = _best(lambda: [connection.execute(query).fetchall() for query in FLOOR])
        read = _best(lambda: _snapshot(connection))
        connection.execute("ALTER TABLE t_00001 ADD COLUMN note text")
        before, after = read.answer, _snapshot(connection)
    compared = _best(lambda: diff(before, after))
    _row("floor", label, floor.seconds)
    _row("snapshot", label, read.seconds, floor.seconds)
    _row("fingerprint", label, _best(lambda: before.fingerprint).seconds)
    _row("diff", label, compared.seconds)
    if [change.label for change in compared.answer] != ["public.t_00001.note"]:
        sys.exit(f"the comparison is wrong: {compared.answer}")


def _snapshot(connection: psycopg.Connection) -> Snapshot:
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for name, value in SETTINGS:
            connection.execute("SELECT set_config(%s, %s, true)", (name, value))
        return snapshot(connection)


def _best(work: Callable[[], T]) -> Measured[T]:
    seconds, answer = _timed(work)
    return Measured(min(seconds, *(_timed(work)[0] for _ in range(ROUNDS - 1))), answer)


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    start = time.perf_counter()
    answer = work()
    return time.perf_counter() - start, answer


def _row(what: str, of: str, seconds: float, floor: float | None = None) -> None:
    ratio = f"{seconds / floor:5.1f} x floor" if floor else ""
    sys.stdout.write(f"{what:<12} {of:<26} {seconds * 1000:9.1f} ms  {ratio}\n")


@contextmanager
def _server() -> Iterator[PostgresServer]:
    folder = Path(tempfile.mkdtemp(prefix="schemagate-bench-"))
    folder.chmod(0o755)
    server = PostgresServer.start(16, folder / "postgres")
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
