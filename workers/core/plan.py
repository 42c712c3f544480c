"""A plan: the key it was computed from, the bytes that will run, and the digest that an approval names."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from workers.core.codec import canonical, sha256
from workers.core.diff import Change, compose
from workers.core.names import Direction, Engine, Strategy
from workers.core.plan_bytes import body_bytes
from workers.core.schema import Name


class StatementKind(StrEnum):
    """What a statement is, decided by a parser, never by a text search."""

    CREATE = "create"
    ALTER = "alter"
    DROP = "drop"
    COMMENT = "comment"
    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
    TRUNCATE = "truncate"
    READ = "read"
    SESSION = "session"
    AUTHORITY = "authority"
    OPAQUE = "opaque"
    BOOKKEEPING = "bookkeeping"


class Undo(StrEnum):
    """How far the way back brings back what was there."""

    LOSSLESS = "lossless"
    LOSSY = "lossy"
    NONE = "none"


class Need(StrEnum):
    """What an approval of a plan must say besides the environment."""

    CODE = "code"
    ALLOW_DESTRUCTIVE = "allow-destructive"
    BACKUP = "backup"
    ALLOW_PUSH = "allow-push"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What the parser says of one statement.

    `title` is a sentence a person can say aloud ("Add column orders.note"). `reads` and `writes` name relations as written, schema first where
    given. `forbidden`, `opaque` and `authority` are empty or say why the executor must never run it, why its text does not bound its effect, and
    what right it changes. `copies` names the columns that an INSERT … SELECT carries over whole and unchanged from the one table it reads (SQLite's
    copy-and-rename); empty for any other form. `steers`: it begins or ends a transaction or a savepoint, which only a whole script may.
    """

    kind: StatementKind
    title: str
    reads: tuple[Name, ...] = ()
    writes: tuple[Name, ...] = ()
    forbidden: str = ""
    opaque: str = ""
    authority: str = ""
    transactional: bool = True
    copies: tuple[str, ...] = ()
    steers: bool = False


@dataclass(frozen=True, slots=True)
class Booked:
    """What a bookkeeping write did to the version table: the revisions that it records since then, and those that it records no more."""

    come: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One SQL statement of a plan; with `batch` a whole script that is sent as one text.

    `group` counts transactions from 0: statements of one group commit together; `transactional` false means the statement is a group of its own
    outside any transaction. `rows` is the number of rows the bookkeeping write must hit, `records` what it changes in the version table.
    `effect` is what it changed in the rehearsal; of a way back it is not kept, because the plan that runs it is rehearsed anew.
    """

    sql: str
    migration: str
    group: int
    transactional: bool
    parsed: Parsed
    rows: int | None = None
    effect: tuple[Change, ...] = ()
    destroys: tuple[str, ...] = ()
    records: Booked | None = None
    batch: bool = False


@dataclass(frozen=True, slots=True)
class Migration:
    """One entry of the history that a plan applies: its id, the hash of its content, its file, its first line of description."""

    id: str
    content: str
    path: str
    title: str = ""
    on_base: bool = False


@dataclass(frozen=True, slots=True)
class TargetIdentity:
    """Which database: its server's own identity, its name, and the writing role as its URL spells it."""

    engine: Engine
    server: str
    database: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Continued:
    """The rollout whose rest a plan is: its number on its database, and the digest of the plan that stopped half way.

    `done` are the indexes of that plan's statements that are there, `left` the invalid indexes that are removed first. People count without
    bookkeeping: `stuck` of `statements`.
    """

    sequence: int
    digest: str
    done: tuple[int, ...]
    left: tuple[Name, ...]
    stuck: int
    statements: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Everything a plan was computed from; recomputed at approval and under the lock, and equal or the approval is void."""

    repository: int
    pull: int
    base_branch: str
    module: str
    environment: str
    target: TargetIdentity
    strategy: Strategy
    direction: Direction
    pending: tuple[Migration, ...]
    source_files: tuple[tuple[str, str], ...]
    dependencies: str
    recorded: tuple[str, ...]
    policy: str
    session: tuple[tuple[str, str], ...]
    scope: tuple[Name, ...]
    live: str
    continues: Continued | None = None

    @property
    def digest(self) -> str:
        """The SHA-256 of the canonical key."""
        return sha256(canonical(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """What `/rollback` would run: rehearsed, with its class and the sentence that says when it loses something."""

    undo: Undo
    note: str
    statements: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What will run, in order, what it must do, and what an approval must say.

    `reads_rows` are (migration, table) pairs: these tables must be empty because that data-dependent migration read them. `authority` is what
    the whole plan changes in rights, `group_authority` the same for each transaction group. `recorded_after` is the content of the version
    table after it.
    """

    statements: tuple[Statement, ...]
    group_authority: tuple[tuple[Change, ...], ...]
    authority: tuple[Change, ...]
    recorded_after: tuple[str, ...]
    reads_rows: tuple[tuple[str, Name], ...]
    needs: tuple[Need, ...]
    additive: bool
    way_back: WayBack

    @property
    def groups(self) -> tuple[tuple[Statement, ...], ...]:
        """The statements of each transaction group, in order."""
        return tuple(tuple(group) for _, group in itertools.groupby(self.statements, key=lambda item: item.group))

    @property
    def group_effects(self) -> tuple[tuple[Change, ...], ...]:
        """What each transaction group changes: its statements' effects in a row."""
        return tuple(compose((), _changes(group)) for group in self.groups)

    @property
    def effect(self) -> tuple[Change, ...]:
        """The difference of the whole schema from before the plan to after it."""
        return compose((), _changes(self.statements))


def _changes(statements: tuple[Statement, ...]) -> tuple[Change, ...]:
    return tuple(change for item in statements for change in item.effect)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What the rehearsal measured; shown, and not covered by the digest because it differs from run to run. Seconds by statement.

    `warnings` are what the source's own tool said against the plan, as the target's rows were then.
    """

    seconds: tuple[float, ...] = ()
    scratch_version: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A key and the bytes computed from it, with the head and base commits beside them."""

    key: Key
    body: Body
    head: str
    base: str
    observed: Observed = Observed()

    @property
    def digest(self) -> str:
        """The SHA-256 that an approval names: over the key and the body."""
        return sha256(canonical(self.key) + b"\n" + body_bytes(self.body))

    @property
    def records(self) -> Iterator[tuple[str, ...] | None]:
        """For each statement what the version table records after it, sorted; None for one that does not write it."""
        now = set(self.key.recorded)
        for item in self.body.statements:
            if item.records is not None:
                now = now.difference(item.records.gone).union(item.records.come)
            yield None if item.records is None else tuple(sorted(now))

    @property
    def first_own(self) -> int:
        """The index of the first statement that comes from the source; before it a continuation removes what was left."""
        return len(self.key.continues.left) if self.key.continues else 0

    @property
    def adopts(self) -> bool:
        """Whether it writes nothing: the approval takes the schema as it is for the start of what is expected."""
        return self.key.direction is Direction.BASELINE and not self.body.statements

    @property
    def destroys(self) -> tuple[str, ...]:
        """Everything that a statement of the plan takes away, in order, once each."""
        return tuple(dict.fromkeys(item for statement in self.body.statements for item in statement.destroys))


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A plan as the state holds it: with the code that people type, unique in its pull, and whether and when it was shown first."""

    plan: Plan
    code: str
    shown: bool
    retired: bool = False
    shown_at: str = ""
