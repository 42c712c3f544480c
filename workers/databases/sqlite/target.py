"""One environment's SQLite file: who may open it, how it is read, and the one connection that locks and writes it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from workers.core.errors import ExpectedError
from workers.core.names import Engine
from workers.core.refusals import RefusalCode
from workers.core.schema import Name
from workers.databases.sqlite.asking import FILE_PRAGMAS, read_file_pragmas
from workers.databases.sqlite.file import Mode, Place, find, path_of, writable
from workers.databases.sqlite.session import FileError, Opener, Session
from workers.databases.sqlite.work import SETTINGS, reading
from workers.sandbox.run import Sandbox

# ruff: noqa: PLC0415 -- what only reads a schema is spared everything else: importing it takes longer than reading a hundred tables
if TYPE_CHECKING:
    from workers.core.examination import Preflight
    from workers.core.plan import TargetIdentity
    from workers.core.policy import Allowed
    from workers.ports import DatabaseLock, Dump, Held, Reader, Writer

_READ_WAIT = 10.0
_LOCK_WAIT = 1.0
_CHECKED_BYTES = 64 * 1024 * 1024
_ASKED = ("journal_mode", "page_size")


class SqliteLock:
    """A file that one connection of ours has alone, until that connection ends."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def held(self) -> bool:
        """Whether the connection lives, still has the lock, and the path still leads to the file that it locked."""
        if not self._session.alive:
            return False
        try:
            state = self._session.ask("state")
        except ExpectedError:
            return False
        return bool(state["exclusive"] and state["same_file"])

    def is_of(self, session: Session) -> bool:
        """Whether this lock is that session's."""
        return self._session is session


@dataclass(frozen=True, slots=True)
class Locked:
    """The files that this process has locked: nobody else can read them meanwhile, so all our work goes through here."""

    sessions: dict[Path, Session] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SqliteTarget:
    """A file by the path of its URL. There are no roles: what the file's owner may do, its sessions may do."""

    path: Path
    opener: Opener
    locked: Locked

    @property
    def identity(self) -> TargetIdentity:
        from workers.core.plan import TargetIdentity

        place = find(self.path)
        return TargetIdentity(engine=Engine.SQLITE, server=place.identity, database=place.name, role="")

    def preflight(self) -> Preflight:
        place = find(self.path)
        with self._session(place) as session, reading(session, place.name) as reader:
            return _preflight(place, session, reader, self._user_can_write(place))

    @contextlib.contextmanager
    def reading(self) -> Iterator[Reader]:
        place = find(self.path)
        with self._session(place) as session, reading(session, place.name) as reader:
            yield reader

    def session_settings(self) -> tuple[tuple[str, str], ...]:
        place = find(self.path)
        with self._session(place) as session:
            encoding = read_file_pragmas(session)["encoding"]
        return (("encoding", str(encoding)), *SETTINGS)

    def dump(self, version_tables: tuple[Name, ...]) -> Dump:
        from workers.databases.sqlite.dump import dump_schema

        place = find(self.path)
        with self._session(place) as session, reading(session, place.name) as reader:
            return dump_schema(session, reader, place.name, version_tables)

    @contextlib.contextmanager
    def lock(self) -> Iterator[DatabaseLock | None]:
        """The file for one connection alone: nobody else reads or writes it until the block ends.

        None where somebody else uses it: writes or reads it just now, or has a WAL database open at all.
        """
        place = find(self.path)
        if place.path in self.locked.sessions:
            yield None
            return
        with self._locking(place) as session:
            if session is None:
                yield None
                return
            self.locked.sessions[place.path] = session
            try:
                yield SqliteLock(session)
            finally:
                del self.locked.sessions[place.path]

    @contextlib.contextmanager
    def writing(
        self, held: Held, allowed: Allowed, *, lock_timeout: float, statement_timeout: float
    ) -> Iterator[Writer]:
        """The session that has the lock, for statements. There is no waiting for locks: all of them are taken."""
        from workers.databases.sqlite.writing import SqliteWriter

        place = find(self.path)
        session = self.locked.sessions.get(place.path)
        if session is None or not isinstance(held.lock, SqliteLock) or not held.lock.is_of(session):
            raise ValueError("the lock is not this file's")
        writer = SqliteWriter(session, place.name, statement_timeout)
        try:
            yield writer
        finally:
            writer.rollback()

    @contextlib.contextmanager
    def _session(self, place: Place) -> Iterator[Session]:
        """The session that has the file locked, else a new one that only reads."""
        shared = self.locked.sessions.get(place.path)
        if shared is not None:
            yield shared
            return
        with self.opener.open(place, Mode.READ, busy=_READ_WAIT) as session:
            yield session

    @contextlib.contextmanager
    def _locking(self, place: Place) -> Iterator[Session | None]:
        try:
            session = self.opener.open(place, Mode.WRITE, busy=_LOCK_WAIT)
        except FileError as error:
            if not error.busy:
                raise
            yield None
            return
        with session:
            locked = session.ask("lock")
            if locked and session.ask("prove"):
                raise ExpectedError(
                    f"{place.name} cannot be written.",
                    "Let the file's owner write the file and its folder (SQLite keeps its journal beside the file).",
                    RefusalCode.TARGET_UNREACHABLE,
                )
            yield session if locked else None

    def _user_can_write(self, place: Place) -> bool:
        return writable(place, place.user(self.opener.sandbox.identity))


def sqlite_target(url: str, area: Path, sandbox: Sandbox) -> SqliteTarget:
    """A file by its URL, for whoever only reads. Raises ExpectedError(config_invalid)."""
    return SqliteTarget(path=path_of(url), opener=Opener(area, sandbox, Path(sys.executable)), locked=Locked())


def _preflight(place: Place, session: Session, reader: Reader, can_write: bool) -> Preflight:  # noqa: FBT001
    from workers.core.examination import Preflight

    snapshot = reader.snapshot()
    pragmas = {name: str(session.rows(f"PRAGMA {name}")[0][0]) for name in _ASKED}
    pragmas |= {name: str(value) for name, value in read_file_pragmas(session).items() if name in FILE_PRAGMAS}
    return Preflight(
        engine=Engine.SQLITE,
        version=session.version,
        server=f"the file {place.path}",
        database=place.name,
        connection=f"sqlite:///{place.path}",
        tls="a file of this machine, opened in a process that sees its folder alone",
        reading_role="",
        writing_role="",
        separate_read_role=False,
        read_only_proven=not session.writes and bool(session.ask("prove")),
        rights=_rights(place),
        superfluous=("every user of this machine may write the file",) if place.permissions & 0o002 else (),
        extensions=(),
        session=tuple(sorted({**pragmas, **dict(SETTINGS)}.items())),
        tables=sum(item.kind.value == "table" for item in snapshot.objects),
        bytes=place.size,
        blockers=_blockers(place, session, can_write=can_write),
    )


def _rights(place: Place) -> tuple[str, ...]:
    found = (f"owner {place.owner}, mode {place.permissions:04o}", "a file has no roles")
    return (*found, "WAL: to apply, every other program must have closed the file") if place.wal else found


def _blockers(place: Place, session: Session, *, can_write: bool) -> tuple[str, ...]:
    found = []
    if not can_write:
        found.append("the file's owner may not write the file or its folder")
    if place.size <= _CHECKED_BYTES:
        told = [str(row[0]) for row in session.rows("PRAGMA quick_check(5)")]
        found += [] if told == ["ok"] else [f"quick_check: {line}" for line in told]
    return tuple(found)
