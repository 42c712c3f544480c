"""An approval: the words of a comment, who said them with what right, and which plan they name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Words(StrEnum):
    """A word that an approval may carry besides environment and code."""

    ALLOW_DESTRUCTIVE = "allow-destructive"
    BACKUP = "backup"
    ACCEPT_RISK = "accept-risk"
    ACCEPT = "accept"
    ALLOW_PUSH = "allow-push"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalWords:
    """`/approve <env> [code] …` as parsed from the signed delivery. `accept` holds item numbers such as `drift-1`."""

    environment: str
    code: str = ""
    module: str = ""
    allow_destructive: bool = False
    backup: str = ""
    accept_risk: str = ""
    accept: tuple[str, ...] = ()
    allow_push: str = ""


class Role(StrEnum):
    """A person's right on a repository, strongest first; a custom role counts as its base permission."""

    ADMIN = "admin"
    MAINTAIN = "maintain"
    WRITE = "write"
    TRIAGE = "triage"
    READ = "read"
    NONE = "none"

    @property
    def writes(self) -> bool:
        """Whether the role may push."""
        return self in {Role.ADMIN, Role.MAINTAIN, Role.WRITE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A GitHub account by numeric id, with its live rights as looked up at `looked_up` (ISO 8601, UTC)."""

    id: int
    login: str
    is_person: bool = True
    role: Role = Role.NONE
    teams: tuple[str, ...] = ()
    looked_up: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One counted comment that approves one digest. `revoked` is empty or says why it no longer counts.

    `acknowledged` are the identities of the drift items that the words accept by number: numbers move when the target does.
    """

    digest: str
    by: Person
    words: ApprovalWords
    comment: int
    body_hash: str
    text: str
    at: str
    revoked: str = ""
    acknowledged: tuple[str, ...] = ()
