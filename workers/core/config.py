"""The configuration of a repository after both files were read, checked and merged: one frozen value a module and an environment.

`config_rules` builds these from the two files; nothing here knows YAML.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workers.core.codec import canonical, sha256
from workers.core.names import SourceKind, Strategy


class Mode(StrEnum):
    """Whether we apply, or another pipeline does and we watch."""

    APPLY = "apply"
    REPORT = "report"


class CodeRule(StrEnum):
    """When an approval must name the plan code."""

    ALWAYS = "always"
    UNLESS_ADDITIVE = "unless_additive"


class DriftRule(StrEnum):
    """Which drift blocks an apply."""

    ANY = "any"
    TOUCHED = "touched"
    NEVER = "never"


class DestructiveRule(StrEnum):
    """What a destructive plan needs."""

    REFUSE = "refuse"
    NEEDS_WORD = "needs_word"


class DataRule(StrEnum):
    """What happens to a migration that reads rows to decide what to write."""

    REFUSE = "refuse"
    EMPTY_TABLES = "empty_tables"


class FilterMode(StrEnum):
    """Which objects are compared."""

    ALL = "all"
    EXPLICIT = "explicit"
    EXCLUDE_EXTENSIONS = "exclude-extensions"


class WorkdocsTo(StrEnum):
    """Where the evidence is committed."""

    PULL = "pull"
    BRANCH = "branch"


@dataclass(frozen=True, slots=True)
class Filter:
    """The objects that a comparison takes in; `chosen` is false where the config leaves the default."""

    mode: FilterMode = FilterMode.ALL
    schemas: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Ignore:
    """Objects taken out of the comparison by a pattern `kind:glob`, with the reason that is printed."""

    pattern: str
    reason: str


class ApproverKind(StrEnum):
    """What an entry of `approvers` names."""

    USER = "user"
    TEAM = "team"
    ROLE = "role"


@dataclass(frozen=True, slots=True)
class Approver:
    """`@alice` is a user, `acme/dba` a team (org/slug), `role:maintain` a repository role."""

    kind: ApproverKind
    name: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was written: `file` is the repo config's path or "server config"; line from 1."""

    key: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class SecretRef:
    """A reference to a secret as the server config writes it: `env:NAME` or `file:PATH`. Never the secret."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One target database of a module, with every rule that guards it. Times in seconds."""

    name: str
    url: SecretRef | None
    read_url: SecretRef | None = None
    scratch: SecretRef | None = None
    mode: Mode = Mode.APPLY
    approver_sets: tuple[tuple[Approver, ...], ...] = ()
    approvals: int = 1
    author_may_approve: bool = False
    approval_expires: int | None = None
    requires_applied: tuple[str, ...] = ()
    approve_needs_code: CodeRule = CodeRule.UNLESS_ADDITIVE
    filter: Filter = Filter()
    ignore: tuple[Ignore, ...] = ()
    shared_database: bool = False
    blocks_merge: bool = True
    block_on_drift: DriftRule = DriftRule.TOUCHED
    destructive: DestructiveRule = DestructiveRule.NEEDS_WORD
    backup_statement: str = ""
    data_dependent: DataRule = DataRule.EMPTY_TABLES
    lock_timeout: float = 3.0
    statement_timeout: float = 900.0
    apply_hours: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = ()

    @property
    def policy_digest(self) -> str:
        """The hash of every rule that an approval is judged by (not of where it was written)."""
        rules = (
            self.mode,
            self.approver_sets,
            self.approvals,
            self.author_may_approve,
            self.requires_applied,
            self.approve_needs_code,
            self.filter,
            self.ignore,
            self.shared_database,
            self.block_on_drift,
            self.destructive,
            self.backup_statement,
            self.data_dependent,
            self.lock_timeout,
            self.statement_timeout,
        )
        return sha256(canonical(rules))


@dataclass(frozen=True, slots=True, kw_only=True)
class AlembicSettings:
    """How to run a module's Alembic project. Paths are relative to the module's path."""

    config: str = "alembic.ini"
    section: str = "alembic"
    requirements: str = ""
    pythonpath: tuple[str, ...] = ()
    url_variables: tuple[str, ...] = ("DATABASE_URL",)
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PrismaSettings:
    """Where a module's Prisma project keeps its schema (a file, or a folder of them) and its migrations; empty: found.

    The rest stands for what a prisma.config computes: what is not Prisma's to change, and the file of SQL that makes it on scratch.
    """

    schema: str = ""
    migrations: str = ""
    external_tables: tuple[str, ...] = ()
    external_enums: tuple[str, ...] = ()
    init_shadow: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """The owner of one schema."""

    id: str
    path: str = "."
    source: SourceKind | None = None
    strategy: Strategy = Strategy.MIGRATE
    reason: str = ""
    task: str = "pr-{number}-{slug}-{environment}"
    watch: tuple[str, ...] = ()
    workdocs_to: WorkdocsTo = WorkdocsTo.PULL
    alembic: AlembicSettings = AlembicSettings()
    prisma: PrismaSettings = PrismaSettings()
    environments: tuple[Environment, ...] = ()
    python_environment: str = ""
    schema_engine: str = ""

    @property
    def pushes(self) -> bool:
        """Whether the schema is pushed, without migrations."""
        return self.strategy is Strategy.PUSH

    def environment(self, name: str) -> Environment | None:
        """Return the environment of that name."""
        return next((item for item in self.environments if item.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A repository's configuration: its modules, the base branches whose pulls may apply, and the commit it was read at."""

    repository: str
    repository_id: int | None
    branches: tuple[str, ...]
    modules: tuple[Module, ...]
    commit: str = ""

    def module(self, module_id: str) -> Module | None:
        """Return the module of that id."""
        return next((item for item in self.modules if item.id == module_id), None)
