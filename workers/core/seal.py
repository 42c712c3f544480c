"""A seal: the keyed hash of all that a database answered when its schema was read. Equal seals come from equal schemas, never from others.

A schema is made of nothing but the answers to our questions, so where every answer is the same, so is the schema, and none has to
be made. Answers hold numbers that another database would give out otherwise: there seals differ, and the schemas have to be compared.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

_WIDTH = 8


def seal(key: bytes, parts: Iterable[bytes]) -> str:
    """Hash parts so that no other parts give the same. The key keeps passwords among the answers from being guessed by their hash."""
    found = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        found.update(len(part).to_bytes(_WIDTH, "big"))
        found.update(part)
    return found.hexdigest()
