"""A snapshot as a file, and the seal in it by which a database that has not changed since is known without making its schema."""

from __future__ import annotations

import hmac
import json
import re
from dataclasses import dataclass
from pathlib import Path

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.core.schema import Snapshot, Unread, snapshot_from_json, snapshot_to_json
from workers.core.seal import seal

_END = b"\n}\n"
_SEAL = b',\n "seal": "'
_UNREAD = b'\n "unread": '
# A line of its own with one blank before it is a member of the document itself: no string of JSON holds a line's end.
_FINGERPRINT = re.compile(rb'^ "fingerprint": "(sha256:[0-9a-f]{64})",$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Kept:
    """A snapshot file as it was read. `sealed` is what comes before its seal; both are empty where it has none."""

    name: str
    text: bytes
    sealed: bytes
    seal: str

    def is_of(self, answers: str, key: bytes) -> bool:
        """Whether the file is, byte for byte, what we wrote of a database whose seal was this one."""
        return bool(self.seal) and hmac.compare_digest(self.seal, _whole(key, self.sealed, answers))

    @property
    def fingerprint(self) -> str:
        """What a sealed file says of itself."""
        found = _FINGERPRINT.search(self.sealed)
        return found[1].decode() if found else ""

    @property
    def unread(self) -> tuple[Unread, ...]:
        """What a sealed file says was seen and not compared."""
        found = json.loads(b"{" + self.sealed[self.sealed.rindex(_UNREAD) :] + b"}")
        return tuple(Unread(item["kind"], tuple(item["name"]), item["why"]) for item in found["unread"])

    def snapshot(self) -> Snapshot:
        """The schema in it. Raises ExpectedError where the file is none of ours."""
        try:
            return snapshot_from_json(json.loads(self.text))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            message = f"{self.name} is not a schemagate-snapshot/1 file"
            raise ExpectedError(message, "make one with `schemagate snapshot`", RefusalCode.CONFIG_INVALID) from error


def kept(name: str) -> Kept:
    """Read a file. Raises ExpectedError where it cannot be read."""
    try:
        text = Path(name).read_bytes()
    except OSError as error:
        raise ExpectedError(
            f"{name} cannot be read", "give a URL or a snapshot file", RefusalCode.NOT_CONFIGURED
        ) from error
    sealed, _, rest = text.rpartition(_SEAL)
    found = re.fullmatch(rb'([0-9a-f]{64})"\n}\n', rest)
    return Kept(name, text, sealed, found[1].decode()) if found else Kept(name, text, b"", "")


def written(snapshot: Snapshot, answers: str, key: bytes) -> str:
    """A snapshot as the text of a file; with a seal where there is one of what it was made of."""
    text = f"{json.dumps(snapshot_to_json(snapshot), indent=1)}\n"
    if not answers:
        return text
    sealed = text.encode().removesuffix(_END)
    return (sealed + _SEAL + _whole(key, sealed, answers).encode() + b'"' + _END).decode()


def _whole(key: bytes, sealed: bytes, answers: str) -> str:
    return seal(key, (sealed, answers.encode()))
