"""What a job may ask of the world: one Protocol for each neighbour, and the values that pass between."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from workers.core.approval import Approval, Person
from workers.core.config import Configuration, Module
from workers.core.examination import Preflight
from workers.core.names import Engine, SourceKind
from workers.core.plan import Key, Parsed, Plan, StoredPlan, TargetIdentity
from workers.core.policy import Allowed
from workers.core.refusals import Refusal
from workers.core.rollout import Rollout, RolloutState, Step
from workers.core.schema import Name, Snapshot
from workers.messages import Heard, Message

Rows = tuple[tuple[str | None, ...], ...]


# --- the sandbox -------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bind:
    """A host path made visible in a sandbox at `inside`."""

    host: Path
    inside: str


# --- code: git -------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """A regular file of a git tree: its path, blob id and size in bytes."""

    path: str
    oid: str
    size: int


class Tree(Protocol):
    """A git tree, read by object id; symlinks, submodules and oversize files are not entries but `oddities`."""

    @property
    def oid(self) -> str:
        """The tree's object id."""
        ...

    @property
    def commit(self) -> str:
        """The commit it came from; empty for a computed merge result."""
        ...

    def entries(self, under: str = "") -> tuple[TreeEntry, ...]:
        """List the regular files below a folder, sorted by path."""
        ...

    def oddities(self, under: str = "") -> tuple[tuple[str, str], ...]:
        """List (path, what it is) of everything that is not a regular file of a permitted size: never read, named in the report."""
        ...

    def read(self, path: str) -> bytes | None:
        """Return a regular file's bytes, None where there is none of that path."""
        ...

    def export(self, directory: Path, under: str = "") -> None:
        """Write the regular files below `under` to an empty directory, from blobs, readable by every uid."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """The trees of a pull: the base branch's tip, the head, and their merge result (None with the paths in `conflicts`)."""

    base: Tree
    head: Tree
    merge: Tree | None
    conflicts: tuple[str, ...] = ()
    merge_base: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository on GitHub by numeric id."""

    id: int
    full_name: str
    default_branch: str
    installation: int = 0

    @property
    def owner(self) -> str:
        """The account before the slash."""
        return self.full_name.split("/", 1)[0]

    @property
    def name(self) -> str:
        """The name after the slash."""
        return self.full_name.split("/", 1)[1]


class Code(Protocol):
    """Commits and trees of a repository, from a local mirror."""

    def checkout(self, repository: Repository, base: str, head: str) -> Checkout:
        """Fetch two commits and compute their merge result. Raises ExpectedError(checkout_failed)."""
        ...

    def tree(self, repository: Repository, commit: str) -> Tree:
        """Return the tree of one commit, fetching it."""
        ...

    def changed(self, repository: Repository, old: str, new: str) -> tuple[str, ...]:
        """Return the paths that differ between two commits or trees."""
        ...

    def authors(self, repository: Repository, base: str, head: str) -> tuple[str, ...]:
        """Return the commits of head that base lacks, clean merges left out, newest first."""
        ...


# --- GitHub ----------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """A pull as GitHub shows it now. `head_repository` is None where the fork is gone."""

    repository: int
    number: int
    title: str
    open: bool
    merged: bool
    draft: bool
    base_branch: str
    base: str
    head_branch: str
    head: str
    head_repository: int | None
    author: int
    author_login: str

    @property
    def fork(self) -> bool:
        """Whether the head lives elsewhere."""
        return self.head_repository != self.repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """An issue comment; `author` is a numeric id, `by_us` whether this App wrote it. `edited` is GitHub's updated_at after created_at."""

    id: int
    author: int
    author_login: str
    by_us: bool
    body: str
    created_at: str
    edited: bool
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitAuthors:
    """Who GitHub maps a commit to: numeric ids of author and committer, None where it maps to nobody."""

    sha: str
    author: int | None
    author_login: str
    committer: int | None
    parents: int


class CheckState(StrEnum):
    """How a check run stands: `IN_PROGRESS`, or its conclusion. Never neutral or skipped."""

    IN_PROGRESS = "in_progress"
    SUCCESS = "success"
    FAILURE = "failure"
    ACTION_REQUIRED = "action_required"


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A note on a line of a file. `level` is notice, warning or failure."""

    path: str
    line: int
    level: str
    title: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check run: its name (`schemagate`, `schemagate / shop / prod`), state and texts. `pages` are further texts, each a run of its own."""

    name: str
    state: CheckState
    title: str
    summary: str
    text: str = ""
    annotations: tuple[Annotation, ...] = ()


class Reaction(StrEnum):
    """The reactions that acknowledge a command or refuse it quietly."""

    SEEN = "eyes"
    NO = "-1"
    YES = "+1"
    CONFUSED = "confused"


class DeploymentState(StrEnum):
    """Deployment statuses that we set."""

    IN_PROGRESS = "in_progress"
    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class CommitFile:
    """A file of a commit that we make: UTF-8 text."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherCheck:
    """A check run of somebody else on a commit, quoted as evidence."""

    name: str
    conclusion: str
    id: int


class Host(Protocol):
    """GitHub, as far as jobs use it. Every call may raise ExpectedError, or InterruptedWorkError where GitHub asks to wait."""

    def repository(self, repository: int) -> Repository:
        """Return a repository of this installation by numeric id."""
        ...

    def pull(self, repository: Repository, number: int) -> Pull:
        """Read a pull afresh (a 404 shortly after opening is retried for a few seconds)."""
        ...

    def open_pulls(self, repository: Repository) -> tuple[Pull, ...]:
        """Every open pull."""
        ...

    def branch_tip(self, repository: Repository, branch: str) -> str:
        """The commit that a branch points to."""
        ...

    def paths_changed(self, repository: Repository, base: str, head: str) -> tuple[str, ...] | None:
        """Paths that differ between merge base and head; None where GitHub cut the list."""
        ...

    def file(self, repository: Repository, commit: str, path: str) -> bytes | None:
        """One file at a commit, None where there is none."""
        ...

    def commit_authors(self, repository: Repository, number: int) -> tuple[CommitAuthors, ...] | None:
        """The authors of a pull's commits as GitHub maps them; None where the list is cut."""
        ...

    def person(self, repository: Repository, user: int, teams: tuple[str, ...]) -> Person:
        """A person with the live role and which of `teams` (org/slug) they are active members of. A missing answer is no right."""
        ...

    def comment(self, repository: Repository, comment: int) -> Comment | None:
        """One comment, None where it is gone."""
        ...

    def comments(self, repository: Repository, number: int) -> tuple[Comment, ...]:
        """Every comment of a pull, oldest first."""
        ...

    def post_comment(self, repository: Repository, number: int, body: str) -> Comment:
        """Write a comment; never sent twice by itself."""
        ...

    def edit_comment(self, repository: Repository, comment: int, body: str) -> None:
        """Replace a comment of ours."""
        ...

    def react(self, repository: Repository, comment: int, reaction: Reaction) -> None:
        """Put a reaction under a comment; a comment that is gone is no error."""
        ...

    def set_check(self, repository: Repository, head: str, check: Check) -> int:
        """Create or update our check run of that name on that commit (annotations in fifties); returns its id."""
        ...

    def other_checks(self, repository: Repository, head: str) -> tuple[OtherCheck, ...]:
        """Check runs of other apps on a commit."""
        ...

    def create_deployment(self, repository: Repository, head: str, environment: str) -> int:
        """Open a deployment (auto_merge off, no required contexts)."""
        ...

    def set_deployment(self, repository: Repository, deployment: int, state: DeploymentState, description: str) -> None:
        """Set a deployment's status."""
        ...

    def commit_files(
        self, repository: Repository, branch: str, parent: str, message: str, files: tuple[CommitFile, ...]
    ) -> str:
        """Make one commit on top of `parent` through the Git Data API and move the branch without force.

        Raises ExpectedError where the branch moved or cannot be written.
        """
        ...

    def create_branch(self, repository: Repository, branch: str, commit: str) -> None:
        """Make a branch of ours."""
        ...

    def open_pull(self, repository: Repository, title: str, body: str, head_branch: str, base_branch: str) -> int:
        """Open a pull of ours; returns its number."""
        ...


# --- databases -------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """A target's schema as statements that rebuild it on scratch, without any row but those of `version_rows`.

    `roles` are statements that make the roles it names; `settings` are the session settings that change meaning (search_path, time zone, …) as
    the executor will set them. `engine_version` decides which scratch server is used.
    """

    engine: Engine
    engine_version: str
    database: str
    writing_role: str
    roles: tuple[str, ...]
    script: str
    version_rows: tuple[tuple[Name, tuple[str, ...], Rows], ...]
    settings: tuple[tuple[str, str], ...]


class Reader(Protocol):
    """One read-only unit of work on a target or a scratch database: one consistent view."""

    def snapshot(self) -> Snapshot:
        """Read the whole schema."""
        ...

    def rows(self, table: Name, columns: tuple[str, ...]) -> Rows | None:
        """Read a small table of the source's own (version table), ordered; None where there is no such table."""
        ...

    def has_rows(self, table: Name) -> bool:
        """Whether a table holds any row; a table that is not there holds none."""
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

    def begin(self) -> None:
        """Open a transaction with the plan's session settings."""
        ...

    def execute(self, sql: str) -> int:
        """Run one statement; returns the rows it hit (-1 where it has none). Raises StatementError."""
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

    def copy(self, name: str) -> ScratchDatabase:
        """Copy this database beside itself (no session may be open on it)."""
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

    def scratch(self, url: str | None) -> Scratch:
        """Scratch databases: private servers, or the configured one."""
        ...

    def split(self, sql: str) -> tuple[str, ...]:
        """Split a text into single commands with our lexer."""
        ...

    def reads(self, served: tuple[str, ...]) -> tuple[Name, ...]:
        """The relations that queries of rows among these statements read, as a server's own log gave them; () where the engine keeps no log."""
        ...


# --- sources ---------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One migration as read without running it. `content` hashes what it does (comments and docstrings aside)."""

    id: str
    down: tuple[str, ...]
    depends: tuple[str, ...]
    labels: tuple[str, ...]
    path: str
    line: int
    title: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The source's ordered migrations, in an order in which they can run, with what is wrong with them."""

    revisions: tuple[Revision, ...]
    heads: tuple[str, ...]
    problems: tuple[Refusal, ...] = ()
    unreadable: tuple[str, ...] = ()

    def get(self, revision: str) -> Revision | None:
        """Return one revision."""
        return next((item for item in self.revisions if item.id == revision), None)


class RecordDirection(StrEnum):
    """Which way a recording runs."""

    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedStatement:
    """One statement as the project's driver sent it, literals rendered. `group` counts transactions; `read` marks a query of rows."""

    sql: str
    revision: str
    group: int
    transactional: bool
    read: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What one run of the recorder gave. `failed` names the revision that raised, with `error`; `declared` is None where it was not asked.

    `undo` is the downgrade from the end back to the start, None with `undo_error` where it cannot run.
    """

    statements: tuple[RecordedStatement, ...]
    declared: tuple[str, ...] | None = None
    declared_error: str = ""
    undo: tuple[RecordedStatement, ...] | None = None
    undo_error: str = ""
    failed: str = ""
    error: str = ""
    tool: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRequest:
    """Run a project's own migrations in the sandbox on a scratch database, and write down what they send.

    `to` names the revisions to arrive at (heads, or what `/rollback` goes back to; empty: base). `undo_to` asks for the way back as well.
    `stop_short` records nothing but the declared difference.
    """

    tree: Tree
    module: Module
    address: ScratchAddress
    engine: Engine
    direction: RecordDirection
    to: tuple[str, ...]
    undo_to: tuple[str, ...] | None = None
    declared: bool = False
    python: PythonEnvironment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonEnvironment:
    """A project's dependencies, ready to be bound read-only. `digest` enters the key; `note` is said in the report."""

    path: Path
    digest: str
    note: str


class Source(Protocol):
    """One kind of single source of truth."""

    @property
    def kind(self) -> SourceKind:
        """Which."""
        ...

    def found(self, tree: Tree, module: Module) -> bool:
        """Whether the module's folder holds such a source."""
        ...

    def watched(self, module: Module) -> tuple[str, ...]:
        """Glob patterns of the paths that concern this source, the module's own `watch` included."""
        ...

    def own_files(self, tree: Tree, module: Module) -> tuple[tuple[str, str], ...]:
        """(path, hash) of the source's own files besides its migrations: config, env.py, templates, watched models, dependency lock."""
        ...

    def history(self, tree: Tree, module: Module) -> History:
        """Read the history without running anything."""
        ...

    def version_table(self, tree: Tree, module: Module) -> tuple[Name, tuple[str, ...]]:
        """The table that says what is applied, and the columns to read; the schema part is empty where unqualified."""
        ...

    def engine_named(self, tree: Tree, module: Module) -> Engine | None:
        """The engine that the source itself names, None where it names none."""
        ...

    def bookkeeping(self, table: Name, before: tuple[str, ...], after: tuple[str, ...]) -> tuple[str, ...]:
        """The statements that move the version table from one set of revisions to another, for plans that write nothing else."""
        ...

    def environment(self, default_tree: Tree, merge_tree: Tree, module: Module) -> PythonEnvironment | None:
        """Prepare what the source needs to run; None where it needs nothing. Raises ExpectedError(dependencies_unavailable)."""
        ...

    def record(self, request: RecordRequest) -> Recording:
        """Run the recorder in the sandbox. Raises ExpectedError(sandbox_unavailable)."""
        ...


# --- memory ----------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PullMemory:
    """What we remember of a pull between jobs."""

    repository: int
    number: int
    report_comment: int = 0
    report_hash: str = ""
    planned_head: str = ""
    planned_base: str = ""
    rejected_by: str = ""
    rejected_why: str = ""
    closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPush:
    """An authenticated push to a pull's head branch."""

    sha: str
    before: str
    sender: int
    sender_login: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The link of a rollout in its database's chain: its number, the hash of its section, and of the one before."""

    target: str
    sequence: int
    rollout: int
    section: str
    previous: str


class Store(Protocol):
    """Our memory. Core types go in and come out; plans and approvals carry an HMAC that is checked on reading (StoreTamperedError)."""

    # pulls
    def want_plan(self, repository: int, pull: int) -> int:
        """Count one more wish to plan this pull; returns the counter."""
        ...

    def take_plan(self, repository: int, pull: int, owner: str, seconds: float) -> AbstractContextManager[int | None]:
        """Take the pull's lease; gives the wanted counter, or None where another job has the lease (its holder will see the counter)."""
        ...

    def planned(self, repository: int, pull: int, counter: int) -> bool:
        """Note that everything up to `counter` is planned; False where more was wanted meanwhile."""
        ...

    def pull(self, repository: int, pull: int) -> PullMemory:
        """What we remember, empty at first."""
        ...

    def remember_pull(self, memory: PullMemory) -> None:
        """Replace what we remember."""
        ...

    def pulls(self, repository: int) -> tuple[PullMemory, ...]:
        """Every pull we know that is not closed."""
        ...

    def remember_repository(self, repository: Repository) -> None:
        """Pin id and name at first sight; a changed id under the same name raises ExpectedError(repository_changed)."""
        ...

    def pushes(self, repository: int, ref: str) -> tuple[SeenPush, ...]:
        """Authenticated pushes to a branch."""
        ...

    # plans
    def find_plan(self, key: Key) -> StoredPlan | None:
        """The stored plan of exactly this key."""
        ...

    def plans(self, repository: int, pull: int, module: str, environment: str) -> tuple[StoredPlan, ...]:
        """Plans of a pull on an environment, newest first."""
        ...

    def keep_plan(self, plan: Plan, new_code: Callable[[], str]) -> StoredPlan:
        """Store a plan, giving it a code never used in its pull; the same digest keeps its code."""
        ...

    def plan(self, digest: str) -> StoredPlan | None:
        """One plan by digest."""
        ...

    def mark_shown(self, digest: str) -> None:
        """Its code has been shown to people."""
        ...

    def retire_codes(self, repository: int, pull: int) -> None:
        """No code of this pull counts any more: give each plan a new one when it is shown again."""
        ...

    def codes_shown(self, repository: int, pull: int, environment: str) -> int:
        """How many different codes this pull has shown for an environment."""
        ...

    # approvals and commands
    def count_command(self, comment: int, line: int) -> bool:
        """Count a command line once, ever; False where it was counted before."""
        ...

    def keep_approval(self, repository: int, pull: int, approval: Approval) -> None:
        """Store an approval."""
        ...

    def approvals(self, digest: str) -> tuple[Approval, ...]:
        """Approvals of a digest, oldest first, revoked ones too."""
        ...

    def approvals_by_comment(self, comment: int) -> tuple[Approval, ...]:
        """Approvals that came from a comment."""
        ...

    def revoke(self, digest: str, comment: int, why: str) -> None:
        """Make an approval count no more."""
        ...

    def note_refusal(self, repository: int, pull: int, environment: str, text: str) -> None:
        """Remember a quiet refusal for `/status`."""
        ...

    def refusals(self, repository: int, pull: int) -> tuple[tuple[str, str, str], ...]:
        """(when, environment, text) of quiet refusals, newest first."""
        ...

    # rollouts
    def start_rollout(self, digest: str, target: str) -> Rollout:
        """Open a rollout in state APPROVED with the next sequence number of its database."""
        ...

    def save_rollout(self, rollout: Rollout) -> None:
        """Replace a rollout's row; the state must follow the table of core.rollout."""
        ...

    def rollout(self, rollout: int) -> Rollout | None:
        """One rollout."""
        ...

    def rollouts(self, repository: int, pull: int) -> tuple[Rollout, ...]:
        """A pull's rollouts, oldest first."""
        ...

    def unfinished(self) -> tuple[Rollout, ...]:
        """Rollouts that are APPROVED, APPLYING or VERIFYING, and ended ones whose workdocs are not committed."""
        ...

    def rollouts_of_target(self, target: str, state: RolloutState) -> tuple[Rollout, ...]:
        """A database's rollouts in a state, oldest first."""
        ...

    def journal(self, rollout: int, step: Step) -> None:
        """Write one line of the journal, durably, before returning."""
        ...

    def steps(self, rollout: int) -> tuple[Step, ...]:
        """The journal of a rollout."""
        ...

    def take_hold(self, target: str, rollout: int, pull: int, reason: str) -> Hold | None:
        """Claim a target; None where another rollout holds it. The rollout that holds it may claim it again."""
        ...

    def hold(self, target: str) -> Hold | None:
        """Who holds a target."""
        ...

    def release_hold(self, target: str, fence: int) -> None:
        """Give a claim back; a newer holder's is left alone."""
        ...

    # evidence
    def append_evidence(self, evidence: Evidence) -> None:
        """Add the next link of a database's chain."""
        ...

    def last_evidence(self, target: str) -> Evidence | None:
        """The newest link."""
        ...

    def keep_document(self, rollout: int, name: str, text: str) -> None:
        """Keep a piece of evidence (a snapshot, a rendered document) until it is committed."""
        ...

    def documents(self, rollout: int) -> tuple[tuple[str, str], ...]:
        """(name, text) of what was kept for a rollout."""
        ...

    def our_commit(self, repository: int, sha: str) -> bool:
        """Whether a commit is ours."""
        ...

    def remember_commit(self, repository: int, sha: str) -> None:
        """Remember a commit as ours."""
        ...

    def keep_view(self, repository: int, pull: int, module: str, environment: str, text: str) -> None:
        """Keep the JSON of the latest report of an environment, for `/status` and drift watching."""
        ...

    def view(self, repository: int, pull: int, module: str, environment: str) -> str | None:
        """That JSON."""
        ...


class Inbox(Protocol):
    """Deliveries and the outbox, as workers see them."""

    def heard(self, delivery: str) -> Heard | None:
        """What a signed delivery said."""
        ...

    def unsent(self) -> tuple[tuple[str, Message], ...]:
        """(job id, message) of the outbox that was not sent yet."""
        ...

    def mark_sent(self, job_id: str) -> None:
        """It was sent."""
        ...


class Queue(Protocol):
    """Where messages go."""

    def send(self, message: Message, job_id: str | None = None, delay: float = 0) -> None:
        """Queue a message; the same job id is queued once."""
        ...


class Clock(Protocol):
    """Time and randomness, from outside."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def iso(self) -> str:
        """The same as ISO 8601 in UTC, milliseconds."""
        ...

    def code(self) -> str:
        """A random plan code."""
        ...


class Signer(Protocol):
    """Signs the evidence."""

    def sign(self, content: bytes) -> tuple[str, str]:
        """Return (key id, base64 Ed25519 signature)."""
        ...


class Secrets(Protocol):
    """Values behind `env:NAME` and `file:PATH`."""

    def resolve(self, reference: str) -> str:
        """Return the secret. Raises ExpectedError(not_configured)."""
        ...


class Replays(Protocol):
    """Results of replaying default-branch code on scratch, kept by a key that covers all code that can run."""

    def get(self, key: str) -> str | None:
        """The text kept under a key."""
        ...

    def keep(self, key: str, text: str) -> None:
        """Keep a text; the oldest go first when there are too many."""
        ...


@dataclass(frozen=True, slots=True)
class Loaded:
    """A repository's configuration, or what is wrong with it. `found` is false where the default branch has no config."""

    configuration: Configuration | None
    problems: tuple[Refusal, ...] = ()
    found: bool = True


class Configs(Protocol):
    """The server's config merged with a repository's."""

    def load(self, repository: Repository, commit: str, text: bytes | None) -> Loaded:
        """Merge the server config with the repo config's bytes (None where the default branch has none)."""
        ...

    def repositories(self) -> tuple[str, ...]:
        """The full names that the server config serves."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything a job may use. `sandbox_problem` is empty or says why strangers' code cannot run here; `trusted` that it runs without a sandbox."""

    host: Host
    code: Code
    store: Store
    inbox: Inbox
    queue: Queue
    clock: Clock
    signer: Signer
    secrets: Secrets
    configs: Configs
    replays: Replays
    databases: tuple[Database, ...]
    sources: tuple[Source, ...]
    sandbox_problem: str = ""
    trusted: bool = False
