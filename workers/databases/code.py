"""Which code makes a schema of what a database answers: another version of it may make another schema of the same answers."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

_WORKERS = Path(__file__).resolve().parents[1]


@functools.cache
def code_of(engine: str, *readers: str) -> bytes:
    """The hash of an engine's folder, of the core, and of those parts of `reading` whose names begin so."""
    found = hashlib.sha256()
    patterns = (("core", ""), (f"databases/{engine}", ""), *(("reading", name) for name in readers))
    for folder, name in patterns:
        for path in sorted((_WORKERS / folder).glob(f"{name}*.py")):
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.digest()
