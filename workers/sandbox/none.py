"""The sandbox of a machine that has none: whoever wants to run something learns why not; nothing ever runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workers.sandbox.child import Outcome
from workers.sandbox.converse import Conversation
from workers.sandbox.find import Unavailable
from workers.sandbox.identity import Identity
from workers.sandbox.profile import Profile
from workers.sandbox.served import Served


@dataclass(frozen=True, slots=True)
class NoSandbox:
    """Fills `run.Sandbox`; every call raises ExpectedError(sandbox_unavailable)."""

    why: Unavailable
    identity: Identity

    @property
    def isolated(self) -> bool:
        """Nothing runs, so nothing escapes."""
        return True

    def run(self, command: Sequence[str], profile: Profile) -> Outcome:
        """Refuse."""
        del command, profile
        raise self.why.error()

    def serve(self, command: Sequence[str], profile: Profile) -> Served:
        """Refuse."""
        del command, profile
        raise self.why.error()

    def converse(self, command: Sequence[str], profile: Profile, *, user: Identity | None = None) -> Conversation:
        """Refuse."""
        del command, profile, user
        raise self.why.error()
