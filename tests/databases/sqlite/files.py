"""SQLite files as an application leaves them, and other programs that use them at the same time."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workers.core import policy
from workers.core.schema import SchemaObject, Snapshot
from workers.databases.sqlite.database import SqliteDatabase
from workers.databases.sqlite.session import Session
from workers.ports import DatabaseLock, Held, Hold, Target

APPLICATION = 12345
"""The application's user where tests run as root."""


def made(folder: Path, sql: str = "", name: str = "live.db") -> Path:
    """A database in a folder of the application's own."""
    home = folder / "application"
    home.mkdir(exist_ok=True)
    path = home / name
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    connection.executescript(sql)
    connection.close()
    given(home)
    return path


def given(home: Path) -> None:
    """Everything in the folder belongs to the application."""
    if os.geteuid() == 0:
        for path in (home, *home.iterdir()):
            os.chown(path, APPLICATION, APPLICATION)


def target_of(engine: SqliteDatabase, path: Path) -> Target:
    return engine.target(f"sqlite:///{path}", None)


def snapshot_of(engine: SqliteDatabase, path: Path) -> Snapshot:
    with target_of(engine, path).reading() as reader:
        return reader.snapshot()


def objects_of(snapshot: Snapshot, kind: str) -> dict[tuple[str, ...], SchemaObject]:
    return {item.name: item for item in snapshot.objects if item.kind.value == kind}


def content(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def held(lock: DatabaseLock | None) -> Held:
    assert lock is not None
    return Held(Hold("target", 1, 1, "a test", 1), lock)


def allowed() -> policy.Allowed:
    return policy.Allowed(digest="digest", approvals=(), _seal=policy._SEAL)


def process_of(session: Session) -> int:
    """The process that has the file open: the last in a line of only children."""
    number = session._conversation._process.pid
    while children := Path(f"/proc/{number}/task/{number}/children").read_text().split():
        number = int(children[0])
    return number


def processor_seconds(number: int) -> float:
    """How long a process kept a processor busy; other programs on the machine do not count."""
    fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def other_program(path: Path, *statements: str) -> Iterator[None]:
    """Another process that ran these statements and keeps its connection open."""
    code = (
        "import sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "for sql in sys.argv[2:]: connection.execute(sql).fetchall()\n"
        "print('ready', flush=True)\n"
        "sys.stdin.read()\n"
    )
    words = [sys.executable, "-c", code, str(path), *statements]
    with subprocess.Popen(words, env={}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield
        process.communicate("", timeout=10)
