"""Opens one SQLite file and answers questions about it: the second part of a script that is run in a sandbox and never imported.

One JSON object a line on stdin, one on stdout: `{"op": …}` is answered by `{"value": …}` or by
`{"error": …, "state": …, "busy": …}`. Text of a plan comes in `actions` and `execute` alone. SQL in `query` is ours.
The argument is the folder of the file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import struct
import sys
from collections.abc import Callable, Iterator

from workers.databases.sqlite.child_session import OpenError, OrphansError, Policy, Session, readable

MOST = 64 * 1024 * 1024


def query(session: Session, *, sql: str, values: list[str], most: int, seconds: float) -> object:
    """Rows of one reading statement of ours; `most` rows at the most, and one more to tell that there are more."""
    with session.under(Policy.QUERY, seconds):
        return session.connection.execute(sql, values).fetchmany(most)


def digest(session: Session, *, queries: list[str], seconds: float) -> str:
    """The hash of all rows of reading statements of ours, in the order in which they come."""
    found = hashlib.sha256()
    session.connection.text_factory = _whole
    try:
        with session.under(Policy.QUERY, seconds):
            for sql in queries:
                for row in session.connection.execute(sql):
                    found.update(b"r%d:" % len(row) + b"".join(map(_bytes, row)))
                found.update(b"q")
    finally:
        session.connection.text_factory = readable
    return found.hexdigest()


def actions(session: Session, *, sql: str, seconds: float) -> dict[str, object]:
    """What compiling a statement would do, as the authorizer is told; nothing is run. An error is part of the answer."""
    session.actions = []
    error = ""
    with session.under(Policy.LOOK, seconds):
        try:
            session.connection.execute("EXPLAIN " + sql)
        except (sqlite3.Error, sqlite3.Warning, ValueError) as found:
            error = str(found)
    return {"actions": session.actions, "error": error}


def execute(session: Session, *, sql: str, vacuum: bool, seconds: float) -> int:
    """Run one statement of a plan to its end; the number of rows it hit, -1 where it has none."""
    session.fresh = False
    if not session.connection.in_transaction:
        session.broken = None
    with vacuuming(session, allowed=vacuum), session.under(Policy.RUN, seconds):
        cursor = session.connection.execute(sql)
        while cursor.fetchmany(1000):
            pass
        return cursor.rowcount


def follow(session: Session, *, sql: str, seconds: float) -> int:
    """Switch foreign keys on at the head of a transaction: SQLite takes that outside of one alone, so it is begun anew after it."""
    if not session.fresh:
        raise OpenError("foreign keys can be switched on at the head of a transaction only")
    session.connection.execute("ROLLBACK")
    with session.under(Policy.RUN, seconds):
        session.connection.execute(sql)
    session.connection.execute("BEGIN IMMEDIATE")
    return -1


def script(session: Session, *, sql: str, settings: list[list[str]], vacuum: bool, seconds: float) -> None:
    """Run a whole text of a plan that steers transactions itself; what it leaves open is undone, and an error."""
    connection = session.connection
    set_pragmas(session, settings=settings)
    session.broken, session.steering = None, True
    try:
        with vacuuming(session, allowed=vacuum), session.under(Policy.RUN, seconds):
            connection.executescript(sql)
        if connection.in_transaction:
            raise OpenError("the script leaves a transaction open")
    finally:
        session.steering = False
        rollback(session)


@contextlib.contextmanager
def vacuuming(session: Session, *, allowed: bool) -> Iterator[None]:
    """Let VACUUM attach the file without a name that it needs."""
    session.vacuuming = allowed
    session.connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, int(allowed))
    try:
        yield
    finally:
        session.vacuuming = False
        session.connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)


def set_pragmas(session: Session, *, settings: list[list[str]], **_: object) -> None:
    """Set pragmas of ours."""
    for name, value in settings:
        session.connection.execute(f"PRAGMA {name}={value}")


def begin(session: Session, *, settings: list[list[str]], seconds: float) -> None:
    """Open a writing transaction. Copying and renaming a table must neither check nor follow foreign keys on the way."""
    connection = session.connection
    set_pragmas(session, settings=settings)
    connection.execute("BEGIN IMMEDIATE")
    try:
        if session.broken is None:  # nobody else writes while we have the lock, so once is enough
            session.broken = _broken_references(session, seconds)
    except sqlite3.Error:
        connection.execute("ROLLBACK")
        raise
    session.fresh = True


def commit(session: Session, *, seconds: float) -> None:
    """Commit, unless rows lost their parents in this transaction."""
    before, broken = session.broken or 0, _broken_references(session, seconds)
    if before >= 0 and (broken < 0 or broken > before):
        raise OrphansError(
            "FOREIGN KEY constraint failed: after this transaction rows refer to rows that are not there"
            if broken > 0
            else "foreign key mismatch: after this transaction a foreign key refers to columns that are not unique"
        )
    session.connection.execute("COMMIT")
    session.broken = broken


def read(session: Session, **_: object) -> None:
    """Open a reading transaction: one consistent view, and no write from here on."""
    session.connection.execute("PRAGMA query_only=ON")
    session.connection.execute("BEGIN")
    session.connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()


def close_read(session: Session, *, write: bool, **_: object) -> None:
    """End the reading transaction; `write` gives a writing session its rights back."""
    rollback(session)
    if write:
        session.connection.execute("PRAGMA query_only=OFF")


def rollback(session: Session, **_: object) -> None:
    """Undo whatever is open."""
    if session.connection.in_transaction:
        session.connection.execute("ROLLBACK")


def lock(session: Session, **_: object) -> bool:
    """Take the file for this connection alone, until it closes; False where somebody else uses it."""
    session.connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    try:
        session.connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        if _is_busy(error):
            return False
        raise
    session.connection.execute("COMMIT")
    return True


def state(session: Session, **_: object) -> dict[str, bool]:
    """How the connection stands: its transaction, its lock, and whether the path still leads to the same file."""
    (locking,) = session.connection.execute("PRAGMA locking_mode").fetchone()
    now = os.stat(session.path)  # noqa: PTH116 - pathlib is slow to import, and this process short-lived
    return {
        "in_transaction": session.connection.in_transaction,
        "exclusive": locking == "exclusive",
        "same_file": (now.st_dev, now.st_ino) == (session.file.st_dev, session.file.st_ino),
    }


def mark(session: Session, **_: object) -> list[int]:
    """SQLite's counter of schema changes, and the numbers of the file that it does not count."""
    names = ("main.schema_version", "temp.schema_version", "user_version", "application_id")
    return [session.connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]


def prove(session: Session, **_: object) -> bool:
    """Whether a write that would change nothing is refused."""
    (version,) = session.connection.execute("PRAGMA user_version").fetchone()
    try:
        session.connection.execute(f"PRAGMA user_version={version}")
    except sqlite3.OperationalError as error:
        return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_READONLY
    return False


def checksums(session: Session, *, tables: list[str], seconds: float) -> list[tuple[str, str]]:
    """(table, checksum) of each table that has rows: the number of rows and the sum of their hashes, so order is nothing."""
    found = []
    session.connection.text_factory = _whole
    for name in tables:
        count, total = 0, 0
        with session.under(Policy.QUERY, seconds):
            for row in session.connection.execute(f"SELECT * FROM main.{_identifier(name)}"):
                count += 1
                total += int.from_bytes(hashlib.blake2b(b"".join(map(_bytes, row)), digest_size=16).digest(), "big")
        if count:
            found.append((name, f"{count}:{total % 2**128:032x}"))
    session.connection.text_factory = readable
    return found


def close(session: Session, **_: object) -> None:
    """Give everything back: an open transaction is undone, locks and journals go away."""
    session.connection.close()


OPERATIONS: dict[str, Callable[..., object]] = {
    each.__name__: each
    for each in (
        *(
            query,
            digest,
            actions,
            execute,
            follow,
            script,
            set_pragmas,
            begin,
            commit,
            rollback,
            read,
            close_read,
            lock,
            state,
            mark,
            prove,
        ),
        *(checksums, close),
    )
}


def serve() -> None:
    """Answer questions until stdin ends. The first one opens the file."""
    session: Session | None = None
    answer: dict[str, object]
    while line := sys.stdin.buffer.readline(MOST + 1):
        try:
            asked = json.loads(line)
            if session is None:
                session = Session(f"{sys.argv[1]}/{asked['name']}", asked["mode"], asked["busy"], asked["rights"])
                answer = {"value": sqlite3.sqlite_version}
            else:
                answer = {"value": OPERATIONS[asked.pop("op")](session, **asked)}
        except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
            answer = _failure(error)
        text = json.dumps(answer).encode()
        if len(text) > MOST:
            text = json.dumps({"error": "the answer is too large", "state": "TOO_LARGE", "busy": False}).encode()
        sys.stdout.buffer.write(text + b"\n")
        sys.stdout.buffer.flush()


def _failure(error: Exception) -> dict[str, object]:
    name = getattr(error, "sqlite_errorname", None) or type(error).__name__
    return {"error": str(error), "state": name, "busy": _is_busy(error)}


def _is_busy(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _broken_references(session: Session, seconds: float) -> int:
    """How many rows refer to a row that is not there; -1 where the foreign keys themselves do not fit."""
    try:
        with session.under(Policy.QUERY, seconds):
            found = sum(1 for _ in session.connection.execute("PRAGMA foreign_key_check"))
    except sqlite3.OperationalError as error:
        if "foreign key mismatch" in str(error):
            return -1
        raise
    return found


def _bytes(value: object) -> bytes:
    """A value so that no other value, and no two neighbours, look the same."""
    if value is None:
        return b"n"
    if isinstance(value, int):
        return b"i%d;" % value
    if isinstance(value, float):
        return b"f" + struct.pack(">d", value)
    kind, raw = (b"t", value.encode("utf-8", "surrogateescape")) if isinstance(value, str) else (b"b", bytes(value))  # type: ignore[call-overload]
    return kind + b"%d:" % len(raw) + raw


def _whole(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


if __name__ == "__main__":
    serve()
