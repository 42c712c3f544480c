"""The things a GitHub holds, as plain mutable records; `state.State` keeps them, nothing here does anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from deploy.demo.github.bare import BareRepo

Json: TypeAlias = dict[str, Any]

ROLES = ("none", "read", "triage", "write", "maintain", "admin")  # weakest first


@dataclass(slots=True, kw_only=True)
class User:
    """A person, a bot or an organization: GitHub keeps all three in one table of logins."""

    id: int
    login: str
    name: str
    email: str
    type: str = "User"  # User | Bot | Organization
    created_at: datetime
    members: dict[int, str] = field(default_factory=dict)  # of an organization: user id -> member | admin
    base_permission: str = "none"  # of an organization: what each member may do in its repositories

    @property
    def noreply(self) -> str:
        """The address GitHub itself writes into commits of this account."""
        return f"{self.id}+{self.login}@users.noreply.github.com"


@dataclass(slots=True, kw_only=True)
class TeamMember:
    user_id: int
    role: str = "member"  # member | maintainer
    state: str = "active"  # active | pending


@dataclass(slots=True, kw_only=True)
class Team:
    id: int
    slug: str
    name: str
    org: User
    parent: Team | None
    created_at: datetime
    members: dict[int, TeamMember] = field(default_factory=dict)
    repos: dict[int, str] = field(default_factory=dict)  # repository id -> role


@dataclass(slots=True, kw_only=True)
class Repo:
    id: int
    owner: User
    name: str
    private: bool
    default_branch: str
    description: str
    created_at: datetime
    pushed_at: datetime
    git: BareRepo
    fork_of: Repo | None = None
    deleted: bool = False
    collaborators: dict[int, str] = field(default_factory=dict)  # user id -> role
    issues: dict[int, Issue] = field(default_factory=dict)  # by number; pulls too
    protections: dict[str, Json] = field(default_factory=dict)  # branch -> settings
    environments: dict[str, Environment] = field(default_factory=dict)
    verified: set[str] = field(default_factory=set)  # commits that GitHub made and so signed
    pushers: dict[str, int] = field(default_factory=dict)  # commit -> id of who pushed it

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"


@dataclass(slots=True, kw_only=True)
class Moment:
    """One line of a pull's conversation that is not a comment."""

    kind: str  # committed | force_pushed | closed | reopened | merged | renamed | retargeted | ready | draft | queued
    actor: User
    at: datetime
    before: str = ""
    after: str = ""


@dataclass(slots=True, kw_only=True)
class Issue:
    id: int
    number: int
    repo: Repo
    user: User
    title: str
    body: str
    created_at: datetime
    updated_at: datetime
    state: str = "open"
    closed_at: datetime | None = None
    pull: Pull | None = None
    moments: list[Moment] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Pull:
    """What an issue has more of when it is a pull request."""

    id: int
    issue: Issue
    head_repo: Repo | None
    head_owner: User
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    draft: bool = False
    merged_at: datetime | None = None
    merged_by: User | None = None
    merge_commit_sha: str | None = None
    maintainer_can_modify: bool = False
    merge_judged: tuple[str, str, bool] | None = None  # base tip, head, can it be merged

    @property
    def number(self) -> int:
        return self.issue.number

    @property
    def repo(self) -> Repo:
        return self.issue.repo


@dataclass(slots=True, kw_only=True)
class Edit:
    by: User
    at: datetime
    before: str


@dataclass(slots=True, kw_only=True)
class Reaction:
    id: int
    user: User
    content: str
    created_at: datetime


@dataclass(slots=True, kw_only=True)
class Comment:
    id: int
    issue: Issue
    user: User
    body: str
    created_at: datetime
    updated_at: datetime
    app: App | None = None
    edits: list[Edit] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class App:
    id: int
    slug: str
    name: str
    owner: User
    bot: User
    client_id: str
    client_secret: str
    description: str
    private_key_pem: str
    public_key_pem: str
    webhook_url: str
    webhook_secret: str
    permissions: dict[str, str]
    events: tuple[str, ...]
    created_at: datetime


@dataclass(slots=True, kw_only=True)
class Installation:
    id: int
    app: App
    account: User
    selection: str  # all | selected
    repo_ids: set[int]
    permissions: dict[str, str]
    events: tuple[str, ...]
    created_at: datetime
    suspended_at: datetime | None = None

    def covers(self, repo: Repo) -> bool:
        if repo.deleted or repo.owner.id != self.account.id:
            return False
        return self.selection == "all" or repo.id in self.repo_ids


@dataclass(slots=True, kw_only=True)
class Token:
    """A bearer's rights: those of an installation, or of a person."""

    value: str
    user: User
    installation: Installation | None = None
    repo_ids: frozenset[int] | None = None  # None: all the installation covers
    permissions: dict[str, str] = field(default_factory=dict)
    expires_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class CheckSuite:
    id: int
    repo: Repo
    app: App
    head_sha: str
    head_branch: str | None
    before: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True, kw_only=True)
class CheckRun:
    id: int
    suite: CheckSuite
    name: str
    external_id: str
    details_url: str
    status: str
    conclusion: str | None
    started_at: datetime | None
    completed_at: datetime | None
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[Json] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class CommitStatus:
    id: int
    repo: Repo
    sha: str
    state: str
    context: str
    description: str | None
    target_url: str | None
    creator: User
    created_at: datetime


@dataclass(slots=True, kw_only=True)
class DeploymentStatus:
    id: int
    state: str
    description: str
    environment: str
    environment_url: str
    log_url: str
    creator: User
    created_at: datetime


@dataclass(slots=True, kw_only=True)
class Deployment:
    id: int
    repo: Repo
    sha: str
    ref: str
    task: str
    payload: Any
    environment: str
    description: str | None
    transient: bool
    production: bool
    creator: User
    app: App | None
    created_at: datetime
    updated_at: datetime
    statuses: list[DeploymentStatus] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Environment:
    id: int
    name: str
    created_at: datetime


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One attempt to hand one event to one App's webhook."""

    id: int
    guid: str
    app: App
    event: str
    action: str | None
    installation_id: int | None
    repository_id: int | None
    body: bytes
    redelivery: bool = False
    delivered_at: datetime
    duration: float = 0.0
    status: str = "PENDING"
    status_code: int = 0
    request_headers: dict[str, str] = field(default_factory=dict)
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: str = ""
