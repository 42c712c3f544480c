"""The rest of what a job may use, and the bundle that it gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from workers.core.config import Configuration
from workers.core.refusals import Refusal
from workers.messages import Heard, Message
from workers.ports.code import Code, Repository
from workers.ports.databases import Database
from workers.ports.host import Host
from workers.ports.memory import Store
from workers.ports.sources import Source


class Inbox(Protocol):
    """Deliveries and the outbox, as workers see them."""

    def heard(self, delivery: str) -> Heard | None:
        """What a signed delivery said."""
        ...

    def was_heard(self, comment: int) -> bool:
        """Whether the signed delivery of a new comment was kept, whatever came of it; true of those that hold a command word."""
        ...

    def forget(self, before: str) -> int:
        """Forget what deliveries before a time (ISO 8601) said, and keep what replays are known by; returns how many."""
        ...

    def unsent(self) -> tuple[tuple[str, Message], ...]:
        """(job id, message) of the outbox that was not sent yet, or that the queue may have lost since."""
        ...

    def mark_sent(self, job_id: str) -> None:
        """It was sent."""
        ...

    def mark_later(self, job_id: str, seconds: float) -> None:
        """Its job waits so long for its next try."""
        ...

    def mark_done(self, job_id: str) -> None:
        """Its job has ended, well or not."""
        ...


class Queue(Protocol):
    """Where messages go."""

    def send(self, message: Message, job_id: str | None = None, delay: float = 0) -> None:
        """Queue a message; the same job id is queued once."""
        ...

    def rescue(self) -> int:
        """Queue jobs again whose worker died; returns how many."""
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
    server_url: str = "https://github.com"
    version: str = ""
    sandbox_problem: str = ""
    trusted: bool = False
