"""Databases: targets, sessions, dumps and scratch copies of one engine."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from workers.core.names import Engine
from workers.core.schema import Name, Snapshot
from workers.ports.code import Bind

if TYPE_CHECKING:  # a command that reads one schema needs none of these, and making them takes its time
    from workers.core.diff import Change
    from workers.core.examination import Preflight
    from workers.core.plan import Parsed, TargetIdentity
    from workers.core.policy import Allowed

Rows = tuple[tuple[str | None, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """A target's schema as statements that rebuild it on scratch, without any row but those of `version_rows`.

    `roles` are statements that make the roles it names; `superuser` is the one that its server was made with, which scratch has from its own making:
    what extensions bring belongs to that role on both. `settings` are the session settings that change meaning (search_path, time zone, …) as
    the executor will set them. `engine_version` decides which scratch server is used. `server_rights` are those rights of the writing role over
    its whole server that decide what a migration may make. `extensions` are those of the target in the order of their making (name, version,
    schema); `given` those with which an empty database begins.
    """

    engine: Engine
    engine_version: str
    database: str
    writing_role: str
    roles: tuple[str, ...]
    script: str
    version_rows: tuple[tuple[Name, tuple[str, ...], Rows], ...]
    settings: tuple[tuple[str, str], ...]
    superuser: str = ""
    extensions: tuple[tuple[str, str, str], ...] = ()
    given: tuple[tuple[str, str, str], ...] = ()
    server_rights: tuple[str, ...] = ()


class Reader(Protocol):
    """One read-only unit of work on a target or a scratch database: one consistent view."""

    def snapshot(self) -> Snapshot:
        """Read the whole schema."""
        ...

    def seal(self) -> str:
        """Hash all that the schema is made of, without making it: equal seals come from equal schemas alone, others from any."""
        ...

    def sealed_snapshot(self) -> tuple[Snapshot, str]:
        """Read the whole schema with its seal; an empty one where it would not cover everything that the schema is made of."""
        ...

    def rows(self, table: Name, columns: tuple[str, ...]) -> Rows | None:
        """Read a small table of the source's own (version table), ordered; None where there is no such table."""
        ...

    def has_rows(self, table: Name) -> bool:
        """Whether a table holds any row; a table that is not there holds none."""
        ...

    def count(self, table: Name, column: str, most: int) -> int | None:
        """How many rows a table holds, or how many of them have a value in `column` (where it is not ""), counted up to `most`.

        None where it is no table, may not be read, or is not counted in time.
        """
        ...


class StatementError(Exception):
    """A statement failed. `lock_timeout` says that it only waited too long for a lock; `state` is the engine's own code."""

    def __init__(self, message: str, *, state: str, lock_timeout: bool) -> None:
        super().__init__(message)
        self.message = message
        self.state = state
        self.lock_timeout = lock_timeout


class Writer(Protocol):
    """A session that runs statements. On a target it exists only inside `Target.writing`, which wants both proofs."""

    def parse(self, sql: str) -> Parsed:
        """Let the engine's parser say what a statement is, at this place of the run."""
        ...

    def parse_script(self, commands: tuple[str, ...]) -> tuple[Parsed, ...]:
        """The same for the commands of a whole script, each at its own place. On scratch only: they may be run for that and taken back."""
        ...

    def begin(self) -> None:
        """Open a transaction with the plan's session settings."""
        ...

    def execute(self, sql: str) -> int:
        """Run one statement; returns the rows it hit (-1 where it has none). Raises StatementError."""
        ...

    def execute_script(self, sql: str) -> None:
        """Run a whole script that steers transactions itself, as one text. Raises StatementError, also where the engine has no such thing."""
        ...

    def same_transaction(self) -> bool:
        """Whether the transaction opened by `begin` is still the one we are in (catches a smuggled COMMIT)."""
        ...

    def snapshot(self) -> Snapshot:
        """Read the whole schema as this session sees it, inside the transaction if one is open."""
        ...

    def rows(self, table: Name, columns: tuple[str, ...]) -> Rows | None:
        """As `Reader.rows`."""
        ...

    def has_rows(self, table: Name) -> bool:
        """As `Reader.has_rows`."""
        ...

    def commit(self) -> None:
        """Commit. Raises StatementError."""
        ...

    def rollback(self) -> None:
        """Roll back whatever is open; never raises for an already broken connection."""
        ...


class DatabaseLock(Protocol):
    """The database session's own lock, on a connection of its own (SQLite: the one connection)."""

    def held(self) -> bool:
        """Ask the database whether the lock is still ours."""
        ...


@dataclass(frozen=True, slots=True)
class Hold:
    """Our durable claim on a target. `fence` grows with every holder."""

    target: str
    rollout: int
    pull: int
    reason: str
    fence: int


@dataclass(frozen=True, slots=True)
class Held:
    """Proof that hold and lock are both ours; made only by `steps.hold.hold_and_lock`."""

    hold: Hold
    lock: DatabaseLock


class Target(Protocol):
    """One environment's database."""

    @property
    def identity(self) -> TargetIdentity:
        """Which database it is; asks the server."""
        ...

    def preflight(self) -> Preflight:
        """Look at connection, role, version and blockers, read-only. Raises ExpectedError(target_unreachable, …)."""
        ...

    def reading(self) -> AbstractContextManager[Reader]:
        """Open a read-only unit of work as the reading role."""
        ...

    def session_settings(self) -> tuple[tuple[str, str], ...]:
        """The settings that change what a statement means, as the executor will set them for the writing role."""
        ...

    def dump(self, version_tables: tuple[Name, ...]) -> Dump:
        """Dump the schema by the reading role."""
        ...

    def lock(self) -> AbstractContextManager[DatabaseLock | None]:
        """Try to take the database's lock; None where somebody else has it."""
        ...

    def writing(
        self, held: Held, allowed: Allowed, *, lock_timeout: float, statement_timeout: float
    ) -> AbstractContextManager[Writer]:
        """Open the writing session. Without both proofs there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ScratchAddress:
    """How a sandboxed process reaches a scratch database: a SQLAlchemy URL without driver, and the paths to bind (writable)."""

    url: str
    writable: tuple[Bind, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFault:
    """Where a batch stopped: the number of its text, of the command in it (both from 0), and the server's words and code."""

    text: int
    command: int
    message: str
    state: str


class PlainClient(Protocol):
    """Reaches a scratch database by its address alone, as a tool's own client would, under no settings of ours."""

    def send(self, address: ScratchAddress, texts: tuple[str, ...]) -> BatchFault | None:
        """Send texts over one session, each whole with all its commands at once; stops at the first that fails."""
        ...

    def snapshot(self, address: ScratchAddress) -> Snapshot:
        """Read the whole schema."""
        ...


class ScratchDatabase(Protocol):
    """A throw-away database."""

    @property
    def address(self) -> ScratchAddress:
        """Where a sandbox finds it."""
        ...

    def reading(self) -> AbstractContextManager[Reader]:
        """Open a read-only unit of work."""
        ...

    def writing(self) -> AbstractContextManager[Writer]:
        """Open a session as the plan's writing role."""
        ...

    def checksums(self) -> tuple[tuple[Name, str], ...]:
        """A checksum of each table's rows, order aside; empty tables are left out."""
        ...

    def served(self) -> tuple[str, ...]:
        """Every statement that the server itself logged since start; empty where the engine keeps no log."""
        ...


class Scratch(Protocol):
    """Throw-away databases of one engine, each server in a sandbox of its own."""

    def version_for(self, engine_version: str) -> str | None:
        """The scratch version that serves a target's version; None where no server of that major version is here."""
        ...

    def empty(self, like: Dump) -> AbstractContextManager[ScratchDatabase]:
        """A database with the roles and settings of `like` and nothing else."""
        ...

    def clone(self, dump: Dump) -> AbstractContextManager[ScratchDatabase]:
        """A database rebuilt from a dump."""
        ...


class Database(Protocol):
    """One engine."""

    @property
    def engine(self) -> Engine:
        """Which."""
        ...

    def target(self, url: str, read_url: str | None) -> Target:
        """A target by its URLs; connects lazily."""
        ...

    def with_scratch(self, url: str) -> Database:
        """The same engine, whose scratch databases are on the server of that URL."""
        ...

    def scratch(self, url: str | None) -> Scratch:
        """Scratch databases: private servers, or those of `with_scratch`; a URL goes before both."""
        ...

    def split(self, sql: str) -> tuple[str, ...]:
        """Split a text into single commands with our lexer."""
        ...

    def transactional(self, sql: str) -> bool:
        """Whether the engine lets a statement take part in a transaction; MySQL's DDL ends the one that it comes in."""
        ...

    def revert(self, change: Change, children: tuple[Change, ...]) -> tuple[str, ...]:
        """The statements that lead a database from `after` back to `before`, in order; () where nothing certain can be said."""
        ...

    def removal(self, index: Name) -> str:
        """The statement, run outside of any transaction, that removes an invalid index which a build that failed left."""
        ...

    def reads(self, served: tuple[str, ...]) -> tuple[Name, ...]:
        """The relations that queries of rows among these statements read, as a server's own log gave them; () where the engine keeps no log."""
        ...
