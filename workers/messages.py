"""The contract between bot/ and workers/: what may be asked, as JSON of ids only, never a person's right, a body or a digest."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from workers.core.approval import ApprovalWords
from workers.core.codec import from_json, to_json
from workers.core.names import CommandName, Direction

__all__ = [
    "MESSAGES",
    "ApplyPlan",
    "ApprovalWords",  # a part of Command: bot/ takes it from here, the core's rules of approval are none of its business
    "CheckDrift",
    "ClosePull",
    "Command",
    "CommitWorkdocs",
    "Fault",
    "Heard",
    "HeardKind",
    "Message",
    "PlanPull",
    "Reconcile",
    "RecordApproval",
    "RecoverRollout",
    "Reply",
    "RevokeApproval",
    "Triage",
    "decode",
    "decode_heard",
    "encode",
    "encode_heard",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Triage:
    """A pull (or, with pull 0, a merge group or a rerun of the check on `head`) may concern us: find out what it touches."""

    repository: int
    pull: int
    head: str = ""
    delivery: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPull:
    """Plan a pull again; `delivery` and `line` name the command that asked, empty where a push did. Empty environment: all of them."""

    repository: int
    pull: int
    direction: Direction = Direction.UPGRADE
    delivery: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordApproval:
    """`/approve` was heard: line `line` of the comment that `delivery` holds."""

    repository: int
    pull: int
    delivery: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeApproval:
    """`/reject` was heard, or a comment was edited or deleted."""

    repository: int
    pull: int
    delivery: str
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyPlan:
    """Apply what is approved for this environment, if it still is."""

    repository: int
    pull: int
    module: str
    environment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverRollout:
    """A rollout died, or `/unlock` was heard: let the database say where it stands."""

    repository: int
    pull: int
    rollout: int = 0
    delivery: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitWorkdocs:
    """Commit the evidence of a rollout that has ended."""

    rollout: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckDrift:
    """Look whether a target moved and plan its open pulls again where it did."""

    repository: int
    module: str = ""
    environment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Answer a comment that changes nothing: `/status`, `/help`, a malformed command, a pasted secret."""

    repository: int
    pull: int
    delivery: str
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosePull:
    """A pull was closed or merged."""

    repository: int
    pull: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconcile:
    """Heal whatever a lost event or a dead process left."""


Message = (
    Triage
    | PlanPull
    | RecordApproval
    | RevokeApproval
    | ApplyPlan
    | RecoverRollout
    | CommitWorkdocs
    | CheckDrift
    | Reply
    | ClosePull
    | Reconcile
)
MESSAGES: tuple[type[Message], ...] = (
    Triage,
    PlanPull,
    RecordApproval,
    RevokeApproval,
    ApplyPlan,
    RecoverRollout,
    CommitWorkdocs,
    CheckDrift,
    Reply,
    ClosePull,
    Reconcile,
)


class HeardKind(StrEnum):
    """What kind of thing a delivery told us, as far as a worker needs it."""

    COMMENT = "comment"
    COMMENT_EDITED = "comment_edited"
    COMMENT_DELETED = "comment_deleted"
    PUSH = "push"
    OTHER = "other"


class Fault(StrEnum):
    """Why a command line is refused before anybody looks at rights."""

    NOT_ALONE = "command_not_alone"
    MALFORMED = "command_malformed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command line of a comment. `words` are of `/approve`; `text` is the reason of `/reject` and `/unlock`.

    With `fault` the line is refused and `advice` says how to write it.
    """

    name: CommandName
    line: int
    environment: str = ""
    module: str = ""
    code: str = ""
    revision: str = ""
    text: str = ""
    words: ApprovalWords | None = None
    fault: Fault | None = None
    advice: str = ""

    def concerns(self, module: str, environment: str) -> bool:
        """Whether it speaks of that environment of that module: by name, or of every one."""
        return self.environment in {"", environment} and self.module in {"", module}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a signed delivery said, kept durably for the jobs that its messages lead to. Times are ISO 8601 as GitHub wrote them."""

    delivery: str
    kind: HeardKind
    repository: int
    pull: int
    sender: int
    sender_login: str
    sender_is_person: bool
    comment: int = 0
    comment_author: int = 0
    comment_author_is_bot: bool = False
    text: str = ""
    text_before: str = ""
    body_hash: str = ""
    at: str = ""
    before: str = ""
    after: str = ""
    ref: str = ""
    commands: tuple[Command, ...] = ()
    secret_seen: bool = False


def encode(message: Message) -> tuple[str, str]:
    """Return the message's name and its JSON text."""
    return type(message).__name__, json.dumps(to_json(message), sort_keys=True)


def decode(name: str, text: str) -> Message:
    """Read a message back. Raises ValueError for a name or a shape that is not in the list above."""
    kind = next((item for item in MESSAGES if item.__name__ == name), None)
    if kind is None:
        msg = "unknown message"
        raise ValueError(msg)
    try:
        return from_json(kind, json.loads(text))
    except (TypeError, KeyError) as error:
        msg = f"malformed {name}"
        raise ValueError(msg) from error


def encode_heard(heard: Heard) -> str:
    """Return the JSON text under which a delivery is kept: ASCII only, so that every database takes it."""
    return json.dumps(to_json(heard), sort_keys=True)


def decode_heard(text: str) -> Heard:
    """Read a kept delivery back. Raises ValueError for anything that `encode_heard` did not write."""
    try:
        return from_json(Heard, json.loads(text))
    except (TypeError, KeyError) as error:
        msg = "malformed delivery"
        raise ValueError(msg) from error
