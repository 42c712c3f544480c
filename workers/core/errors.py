"""The trouble that is expected: it carries advice, and run.py turns it into one comment."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workers.core.refusals import RefusalCode


class ExpectedError(Exception):
    """Something outside went wrong in a known way.

    `message` says what happened, `advice` what to do, `code` is the refusal that a report shows. None of them may hold a secret.
    """

    def __init__(self, message: str, advice: str, code: RefusalCode) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.code = code


class InterruptedWorkError(Exception):
    """The work must be done again later: a lease is taken, GitHub asks to wait. `after` is in seconds."""

    def __init__(self, message: str, after: float) -> None:
        super().__init__(message)
        self.after = after
