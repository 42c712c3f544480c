"""The one way to a SQLite file: a process in a sandbox that sees the file's folder alone, and what it answers."""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.databases.sqlite import rights
from workers.databases.sqlite.file import Mode, Place
from workers.sandbox.converse import Conversation, ConversationEndedError
from workers.sandbox.profile import MEBIBYTE, Profile
from workers.sandbox.run import Sandbox
from workers.sandbox.runtime import Runtime, python_runtime

READ_SECONDS = 60.0
_PARTS = (Path(__file__).with_name("child_session.py"), Path(__file__).with_name("child.py"))
_FUTURE = b"from __future__ import annotations\n"
_OWN = re.compile(rb"^from workers\..*\n", re.MULTILINE)
_INSIDE_SCRIPT = "/sqlite-child.py"
_INSIDE = "/database"
_MOST = 64 * MEBIBYTE
_GRACE = 10.0
_OLDEST = (3, 38)  # lists tables with their kinds, and has the JSON functions built in
_DAY = 24 * 3600
_TERABYTE = 1024 * 1024 * MEBIBYTE


_ADVICE = {
    "BUSY": "Wait until the other program has ended its work on the file, then ask for a new plan.",
    "CANTOPEN": "Let the file's owner read it and pass its folders; beside a WAL database the owner must be able to write.",
    "READONLY": "Open the file once with the application: a program that crashed left work that only a writer can finish.",
    "NOTADB": "Correct the URL: this is no SQLite database, or an encrypted one.",
    "CORRUPT": "Look at it with `PRAGMA integrity_check`, and restore it from a backup.",
}


class FileError(ExpectedError):
    """SQLite's own complaint about a file: `state` is its error's name, `busy` that somebody else has the file."""

    def __init__(self, message: str, *, state: str, busy: bool) -> None:
        kind = "BUSY" if busy else next((name for name in _ADVICE if name in state), "CORRUPT")
        super().__init__(f"SQLite cannot use the file: {message}.", _ADVICE[kind], RefusalCode.TARGET_UNREACHABLE)
        self.complaint = message
        self.state = state
        self.busy = busy


@dataclass(frozen=True, slots=True)
class Action:
    """Something that a statement does, as SQLite's authorizer is told: `inner` names the trigger or view that does it."""

    name: str
    one: str
    two: str
    inner: str


class Session:
    """One open connection, in a process of its own. Ends with its `with` block, or with the first missing answer."""

    def __init__(self, conversation: Conversation, *, writes: bool) -> None:
        self._conversation = conversation
        self.writes = writes
        self.version = ""

    @property
    def alive(self) -> bool:
        return self._conversation.alive

    def rows(self, sql: str, values: tuple[str, ...] = (), *, most: int = 1_000_000) -> list[Any]:
        """Rows of a reading statement of ours. Raises FileError; ValueError where there are more than `most`."""
        found: list[Any] = self.ask("query", sql=sql, values=values, most=most + 1, seconds=READ_SECONDS)
        if len(found) > most:
            msg = f"more than {most} rows"
            raise ValueError(msg)
        return found

    def actions(self, sql: str) -> tuple[tuple[Action, ...], str]:
        """What a statement would do, and SQLite's complaint about it; nothing is run."""
        told = self.ask("actions", sql=sql, seconds=READ_SECONDS)
        return tuple(Action(*(part or "" for part in action)) for action in told["actions"]), told["error"]

    def execute(self, sql: str, *, seconds: float, vacuum: bool = False) -> int:
        """Run one statement; the rows that it hit, -1 where it has none. Raises StatementError."""
        try:
            rows: int = self.ask("execute", sql=sql, seconds=seconds, vacuum=vacuum)
        except FileError as error:
            from workers.ports import StatementError  # noqa: PLC0415 -- what only reads is spared the ports

            raise StatementError(error.complaint, state=error.state, lock_timeout=error.busy) from error
        return rows

    def ask(self, operation: str, *, seconds: float = READ_SECONDS, **values: object) -> Any:  # noqa: ANN401 - JSON
        """Let the process do something. Raises FileError, and ExpectedError where the process gave no answer."""
        question = json.dumps({"op": operation, "seconds": seconds, **values}).encode()
        if len(question) > _MOST:
            raise FileError("the text is too large", state="TOO_LARGE", busy=False)
        try:
            answer = json.loads(self._conversation.ask(question, seconds=seconds + _GRACE, most=_MOST))
        except ConversationEndedError as error:
            raise _lost(error) from error
        if "error" in answer:
            raise FileError(answer["error"], state=answer["state"], busy=answer["busy"])
        return answer["value"]

    def end(self) -> None:
        """Close the file: an open transaction is rolled back. Killed instead, SQLite would leave its journal behind."""
        if self._conversation.alive and self.version:
            with contextlib.suppress(ExpectedError):
                self.ask("close", seconds=_GRACE)
        self._conversation.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens files in sandboxes. `area` keeps the copy of Python that an unprivileged user can reach."""

    area: Path
    sandbox: Sandbox
    interpreter: Path

    def open(self, place: Place, mode: Mode, *, busy: float) -> Session:
        """Open a file as the user that it belongs to. Raises FileError, and ExpectedError without an answer.

        `busy` is how many seconds SQLite waits for somebody else.
        """
        user = place.user(self.sandbox.identity)
        if user.dropped and place.size and not user.reaches(place.path):
            raise ExpectedError(
                f"The owner of {place.name} cannot reach it.",
                "Let the file's owner read the file and pass the folders above it, or run the worker as that user.",
                RefusalCode.TARGET_UNREACHABLE,
            )
        runtime = python_runtime(self.area, user, self.interpreter)
        command = [runtime.bin, "-I", "-S", "-X", "utf8", _INSIDE_SCRIPT, _INSIDE]
        conversation = self.sandbox.converse(command, _profile(place, mode, runtime), user=user)
        session = Session(conversation, writes=mode is not Mode.READ)
        import workers.databases.sqlite.catalog  # noqa: F401, PLC0415 -- soon needed, and read while the process starts

        try:
            session.version = session.ask("open", name=place.name, mode=mode.value, busy=busy, rights=rights.as_json())
            _check_version(session.version)
        except BaseException:
            session.end()
            raise
        return session


def _profile(place: Place, mode: Mode, runtime: Runtime) -> Profile:
    folder = (place.folder, _INSIDE)
    # Even a reader of a WAL database takes part in the -shm file beside it.
    writable = mode is not Mode.READ or place.wal
    return Profile(
        read_only=(*runtime.binds, *(() if writable else (folder,))),
        writable=(folder,) if writable else (),
        files=((_INSIDE_SCRIPT, _script()),),
        # Large sorts of an index build go where SQLite would put them on the application's side, too.
        environment=(*runtime.environment, *((("SQLITE_TMPDIR", _INSIDE),) if writable else ())),
        processes=8,
        cpu_seconds=_DAY,
        file_bytes=_TERABYTE,
    )


def _script() -> bytes:
    """The parts of the process's program as one text, without what each says of the other."""
    return _FUTURE + b"\n".join(_OWN.sub(b"", part.read_bytes().replace(_FUTURE, b"")) for part in _PARTS)


def _check_version(version: str) -> None:
    if tuple(int(part) for part in version.split(".")) < _OLDEST:
        raise ExpectedError(
            f"The worker's Python has SQLite {version}, which does not tell what is needed.",
            "Run the worker with a Python whose SQLite is 3.38 or newer.",
            RefusalCode.TARGET_VERSION_UNSUPPORTED,
        )


def _lost(error: ConversationEndedError) -> ExpectedError:
    said = error.said.strip().splitlines()
    last = said[-1] if said else ""
    if last.startswith("bwrap: "):
        return ExpectedError(
            f"The sandbox for the SQLite file could not be made: {last}",
            "Let the file's owner pass its folders, and run `schemagate doctor` on the worker's machine.",
            RefusalCode.SANDBOX_UNAVAILABLE,
        )
    return ExpectedError(
        f"The process that had the SQLite file open gave no answer{f' ({last})' if last else ''}.",
        "Look at the file with `PRAGMA integrity_check`, and at the worker's memory; then ask for a new plan.",
        RefusalCode.TARGET_UNREACHABLE,
    )
