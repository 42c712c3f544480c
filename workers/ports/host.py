"""GitHub: pulls, comments, checks, people, commits, deployments."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from workers.core.approval import Person
from workers.ports.code import Repository


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
    """A comment of an issue or a pull, whose number is `under`; `author` is a numeric id, `by_us` whether this App wrote it.

    `edited` is GitHub's updated_at after created_at.
    """

    id: int
    author: int
    author_login: str
    by_us: bool
    by_person: bool
    under: int
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

    def repositories(self, names: tuple[str, ...]) -> tuple[Repository, ...]:
        """Those of these full names that the App is installed on."""
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

    def comments_since(self, repository: Repository, since: str) -> tuple[Comment, ...]:
        """The comments of every issue and pull that were written or edited since a time (ISO 8601, whole seconds), oldest first."""
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
