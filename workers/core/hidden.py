"""What stands in for a value that nobody may read: a keyed hash, so that a difference shows and the value does not."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field

from workers.core.redact import redact

_LENGTH = 16
# Every pattern of the redactor needs one of these; most texts hold none and are let through at once.
_MARKS = re.compile(
    r"://|private key|gh[oprsu]_|github_pat|eyj|authorization|passw|pgpass|mysql_pwd|secret|identified", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Hiding:
    """Hides by one key: the same value gives the same text as long as the key is the same."""

    key: bytes = field(repr=False)

    def value(self, secret: str) -> str:
        """Return what stands in for a value of which nothing may be shown."""
        return f"hidden:{hmac.new(self.key, secret.encode(), hashlib.sha256).hexdigest()[:_LENGTH]}"

    def option(self, option: str) -> str:
        """Return `name=value` with its value hidden; what has no value is hidden whole."""
        name, mark, value = option.partition("=")
        return f"{name}={self.value(value)}" if mark else self.value(option)

    def text(self, text: str) -> str:
        """Return a text without what looks like a secret in it; one that held some ends with the hash of the whole."""
        if not _MARKS.search(text):
            return text
        shown = redact(text)
        return text if shown == text else f"{shown} ({self.value(text)})"
