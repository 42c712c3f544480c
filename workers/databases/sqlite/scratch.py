"""Throw-away SQLite files, each in a folder of its own that goes away with its block, or with the process that made it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workers.core.errors import ExpectedError
from workers.core.names import Engine
from workers.core.refusals import RefusalCode
from workers.core.schema import Name
from workers.databases.sqlite.asking import FILE_PRAGMAS, read_types
from workers.databases.sqlite.file import Mode, Place, new
from workers.databases.sqlite.session import READ_SECONDS, Opener, Session
from workers.databases.sqlite.work import reading
from workers.databases.sqlite.writing import SqliteWriter
from workers.ports import Bind, Dump, Reader, ScratchAddress, ScratchDatabase, StatementError, Writer
from workers.reading.lexer import split
from workers.reading.sqlite import quoted
from workers.sandbox.folders import claimed_folder

_NAME = "db.sqlite"
_INSIDE = "/scratch"
_BUSY = 5.0
_STATEMENT_SECONDS = 900.0
_TOGETHER = 50  # rows a statement
# The first table makes SQLite write the encoding down.
_SETTLED = ("CREATE TABLE settled (it)", "DROP TABLE settled")
_ENCODINGS = frozenset({"UTF-8", "UTF-16le", "UTF-16be"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SqliteScratchDatabase:
    """A throw-away file. After a sandbox wrote its folder, everything in it is a stranger's."""

    place: Place
    database: str
    opener: Opener

    @property
    def address(self) -> ScratchAddress:
        return ScratchAddress(url=f"sqlite:///{_INSIDE}/{_NAME}", writable=(Bind(self.place.folder, _INSIDE),))

    @contextlib.contextmanager
    def reading(self) -> Iterator[Reader]:
        with self._open(Mode.READ) as session, reading(session, self.database) as reader:
            yield reader

    @contextlib.contextmanager
    def writing(self) -> Iterator[Writer]:
        with self._open(Mode.CREATE) as session:
            yield SqliteWriter(session, self.database, _STATEMENT_SECONDS)

    def checksums(self) -> tuple[tuple[Name, str], ...]:
        with self._open(Mode.READ) as session:
            types = read_types(session)
            tables = [name for name, kind in types.items() if kind in {"table", "shadow"} and _is_own(name)]
            found = session.ask("checksums", tables=sorted(tables), seconds=10 * READ_SECONDS)
        return tuple(((name,), text) for name, text in found)

    def served(self) -> tuple[str, ...]:
        """SQLite keeps no log."""
        return ()

    def _open(self, mode: Mode) -> Session:
        return self.opener.open(self.place, mode, busy=_BUSY)


@dataclass(frozen=True, slots=True)
class SqliteScratch:
    """Makes throw-away files with the same SQLite that reads the targets."""

    opener: Opener

    def version_for(self, engine_version: str) -> str | None:
        """Always that version: the library that reads a file is the one that makes copies of it."""
        return engine_version

    @contextlib.contextmanager
    def empty(self, like: Dump) -> Iterator[ScratchDatabase]:
        with contextlib.ExitStack() as kept:
            place = _placed(kept, self.opener)
            with self.opener.open(place, Mode.CREATE, busy=_BUSY) as session:
                session.ask("set_pragmas", settings=_file_settings(like))
                for sql in _SETTLED:
                    session.execute(sql, seconds=_STATEMENT_SECONDS)
            yield SqliteScratchDatabase(place=place, database=like.database, opener=self.opener)

    @contextlib.contextmanager
    def clone(self, dump: Dump) -> Iterator[ScratchDatabase]:
        """Raises ExpectedError(rehearsal_failed) where SQLite does not take its own texts again."""
        with self.empty(dump) as database:
            with database.writing() as writer:
                _rebuild(writer, dump)
            yield database


def _rebuild(writer: Writer, dump: Dump) -> None:
    try:
        writer.begin()
        for sql in (*split(dump.script, Engine.SQLITE), *_inserts(dump)):
            writer.execute(sql)
        writer.commit()
    except StatementError as error:
        raise ExpectedError(
            f"The schema of {dump.database} cannot be built again on a test copy: {error.message}",
            "Mend it in the database: `sqlite3 FILE .schema | sqlite3 :memory:` must end without an error.",
            RefusalCode.REHEARSAL_FAILED,
        ) from error


def _inserts(dump: Dump) -> Iterator[str]:
    for table, columns, rows in dump.version_rows:
        names = ", ".join(quoted(column) for column in columns)
        for start in range(0, len(rows), _TOGETHER):
            values = ", ".join(map(_values, rows[start : start + _TOGETHER]))
            yield f"INSERT INTO {quoted(table[-1])} ({names}) VALUES {values}"


def _values(row: tuple[str | None, ...]) -> str:
    return f"({', '.join('NULL' if value is None else _text(value) for value in row)})"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _file_settings(like: Dump) -> list[list[str]]:
    """The file's own settings in an order that works: encoding and vacuum only count before the first write."""
    told = dict(like.settings)
    encoding = told.get("encoding", "UTF-8")
    numbers = [[name, str(int(told.get(name, "0")))] for name in FILE_PRAGMAS if name != "encoding"]
    return [["encoding", _text(encoding if encoding in _ENCODINGS else "UTF-8")], *numbers]


def _placed(kept: contextlib.ExitStack, opener: Opener) -> Place:
    """A file that is not there yet, in a new folder of the sandbox's user."""
    folder = kept.enter_context(claimed_folder(opener.area))
    kept.callback(_open_again, folder)
    opener.sandbox.identity.owns(folder)
    return new(folder, _NAME, opener.sandbox.identity)


def _open_again(folder: Path) -> None:
    """Lets us remove what a stranger closed: a folder without rights keeps even its owner out."""
    for inside, folders, _ in os.walk(folder):
        Path(inside).chmod(0o700)
        for name in folders:
            child = Path(inside, name)
            if not child.is_symlink():
                child.chmod(0o700)


def _is_own(name: str) -> bool:
    return not name.startswith("sqlite_")
