"""The Ed25519 keys that sign the evidence: a file holds one `id base64-seed` a line; the first signs, all verify."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The `Signer` of the service."""

    keys: tuple[tuple[str, Ed25519PrivateKey], ...] = field(repr=False)

    def sign(self, content: bytes) -> tuple[str, str]:
        """Return (key id, base64 signature) by the first key."""
        key_id, key = self.keys[0]
        return key_id, base64.b64encode(key.sign(content)).decode("ascii")

    def public(self) -> tuple[tuple[str, str], ...]:
        """(key id, base64 public key) of every key."""
        return tuple((key_id, _public(key.public_key())) for key_id, key in self.keys)


def read_signing_keys(text: str) -> SigningKeys:
    """Read a key file. Raises ValueError where a line is not `id base64-seed` of 32 bytes."""
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines or any(len(line) != 2 for line in lines):
        msg = "a signing key file holds one `id base64-seed` a line"
        raise ValueError(msg)
    return SigningKeys(
        tuple((name, Ed25519PrivateKey.from_private_bytes(base64.b64decode(seed))) for name, seed in lines)
    )


def verifies(public_key: str, content: bytes, signature: str) -> bool:
    """Whether a base64 signature over `content` is of this base64 public key."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key))
        key.verify(base64.b64decode(signature), content)
    except (InvalidSignature, ValueError):
        return False
    return True


def _public(key: Ed25519PublicKey) -> str:
    return base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode("ascii")
