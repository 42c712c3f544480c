"""Opens one SQLite file and answers questions about it; a script of its own, run in a sandbox and never imported.

One JSON object a line on stdin, one on stdout: `{"op": …}` is answered by `{"value": …}` or by
`{"error": …, "state": …, "busy": …}`. Text of a plan comes in `actions` and `execute` alone. SQL in `query` is ours.
The arguments are the folder of the file, and the folder that `copy` writes to.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import struct
import sys
import time
from collections.abc import Callable, Iterator
from enum import Enum

MOST = 64 * 1024 * 1024


class Policy(Enum):
    """What the SQL at hand may do: ours is trusted, a query reads, a look runs nothing, a run is a plan's statement."""

    OURS = "ours"
    QUERY = "query"
    LOOK = "look"
    RUN = "run"


class OrphansError(sqlite3.IntegrityError):
    """A transaction would leave rows without their parents; SQLite itself does not look where foreign_keys is off."""

    sqlite_errorname = "SQLITE_CONSTRAINT_FOREIGNKEY"


class Session:
    """The one connection of this process, with what the authorizer saw."""

    def __init__(self, path: str, mode: str, busy: float, rights: dict[str, list[str]]) -> None:
        self.path = path
        self.rights = {name: frozenset(words) for name, words in rights.items()}
        self.policy = Policy.OURS
        self.actions: list[tuple[str, str | None, str | None, str | None]] = []
        self.vacuuming = False
        self.broken: int | None = None
        self.connection = sqlite3.connect(
            f"file:{_quoted(path)}?mode={mode}", uri=True, isolation_level=None, timeout=busy, cached_statements=0
        )
        self.connection.text_factory = _readable
        self.connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        if hasattr(self.connection, "enable_load_extension"):  # many builds of Python leave it out
            self.connection.enable_load_extension(False)
        if hasattr(sqlite3, "SQLITE_DBCONFIG_DEFENSIVE"):  # Python 3.12
            self.connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)  # type: ignore[attr-defined]
        self.connection.set_authorizer(self.authorize)
        self.file = os.stat(path)  # noqa: PTH116 - pathlib is slow to import, and this process short-lived
        self.connection.execute("PRAGMA trusted_schema=OFF")
        self.connection.execute("PRAGMA cell_size_check=ON")
        if mode == "ro":
            self.connection.execute("PRAGMA query_only=ON")

    def authorize(self, action: int, one: str | None, two: str | None, base: str | None, inner: str | None) -> int:
        if self.policy is Policy.LOOK:
            self.actions.append((NAMES.get(action, str(action)), one, two, inner))
        if self.policy is Policy.OURS or self._may(action, (one or "").lower(), two):
            return sqlite3.SQLITE_OK
        return sqlite3.SQLITE_DENY

    def _may(self, action: int, one: str, two: str | None) -> bool:
        if action == sqlite3.SQLITE_FUNCTION:
            return (two or "").lower() not in self.rights["functions_denied"]
        if action in {sqlite3.SQLITE_READ, sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}:
            return one not in self.rights["tables_denied"]
        if action == sqlite3.SQLITE_PRAGMA:
            return self._may_pragma(one, two)
        if action == sqlite3.SQLITE_ATTACH:  # VACUUM attaches a file without a name
            return self.vacuuming and one == ""
        if action in {sqlite3.SQLITE_DETACH, sqlite3.SQLITE_TRANSACTION}:
            return self.vacuuming
        return action != sqlite3.SQLITE_SAVEPOINT

    def _may_pragma(self, name: str, argument: str | None) -> bool:
        if self.policy is Policy.LOOK:
            return False  # pragmas act while they are compiled, so none is; the log has what is needed
        if name in self.rights["telling"] or (argument is None and name in self.rights["asked"]):
            return True
        return self.policy is Policy.RUN and name in self.rights["setting"]

    @contextlib.contextmanager
    def under(self, policy: Policy, seconds: float) -> Iterator[None]:
        """Runs SQL under a policy and a time limit."""
        deadline = time.monotonic() + seconds
        self.policy = policy
        self.connection.set_progress_handler(lambda: time.monotonic() > deadline, 20_000)
        try:
            yield
        finally:
            self.policy = Policy.OURS
            self.connection.set_progress_handler(None, 0)


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
        session.connection.text_factory = _readable
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
    session.vacuuming = vacuum
    if not session.connection.in_transaction:
        session.broken = None
    session.connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, int(session.vacuuming))
    try:
        with session.under(Policy.RUN, seconds):
            cursor = session.connection.execute(sql)
            while cursor.fetchmany(1000):
                pass
            return cursor.rowcount
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
    now = os.stat(session.path)  # noqa: PTH116 - see above
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
    session.connection.text_factory = _readable
    return found


def copy(session: Session, *, name: str, **_: object) -> None:
    """Copy the whole database into a file of the second folder."""
    path = f"{sys.argv[2]}/{name}"
    other = sqlite3.connect(f"file:{_quoted(path)}?mode=rwc", uri=True, isolation_level=None)
    with contextlib.closing(other):
        session.connection.backup(other)


def close(session: Session, **_: object) -> None:
    """Give everything back: an open transaction is undone, locks and journals go away."""
    session.connection.close()


OPERATIONS: dict[str, Callable[..., object]] = {
    each.__name__: each
    for each in (
        *(query, digest, actions, execute, set_pragmas, begin, commit, rollback, read, close_read, lock, state, mark, prove),
        *(checksums, copy, close),
    )
}
NAMES = {
    getattr(sqlite3, f"SQLITE_{name.upper()}"): name
    for name in (
        *("create_table", "create_temp_table", "create_vtable", "create_view", "create_temp_view", "create_index"),
        *("create_temp_index", "create_trigger", "create_temp_trigger", "drop_table", "drop_temp_table"),
        *("drop_vtable", "drop_view", "drop_temp_view", "drop_index", "drop_temp_index", "drop_trigger"),
        *("drop_temp_trigger", "alter_table", "reindex", "analyze", "insert", "update", "delete", "read", "select"),
        *("recursive", "function", "pragma", "transaction", "savepoint", "attach", "detach"),
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


def _readable(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")


def _whole(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _quoted(path: str) -> str:
    return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")


if __name__ == "__main__":
    serve()
