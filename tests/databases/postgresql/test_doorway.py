"""The door speaks TLS to the server as the URL says, and lets nobody through to one that cannot.

The wheels' servers are built without TLS, so another end stands in for one here.
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.sandbox.machine import our_identity
from workers.databases.postgresql.address import address
from workers.databases.postgresql.doorway import SOCKET, doorway

STARTUP = b"user\0mine\0database\0ours\0\0"
FIRST = struct.pack("!II", 8 + len(STARTUP), 3 << 16) + STARTUP
MUCH = b"x" * 3_000_000


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(tz=UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, today, today + timedelta(days=1)).sign(key, None)
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    text = key.private_bytes(serialization.Encoding.PEM, form, plain) + made.public_bytes(serialization.Encoding.PEM)
    (tmp_path / "server.pem").write_bytes(text)
    return tmp_path / "server.pem"


@pytest.fixture
def other_end(certificate: Path) -> Iterator[int]:
    """Takes one connection: TLS where it is asked for, then says much after the first message."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve() -> None:
        plain, _ = listening.accept()
        with plain:
            if plain.recv(8) != struct.pack("!II", 8, 80877103):
                return
            plain.sendall(b"S")
            try:
                with context.wrap_socket(plain, server_side=True) as secret:
                    secret.sendall(secret.recv(len(FIRST)) + MUCH)
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(10)


def heard(data_dir: Path, url: str) -> bytes:
    with (
        doorway(address(url), "ours", "mine", data_dir, our_identity()) as folder,
        socket.socket(socket.AF_UNIX) as client,
    ):
        client.connect(str(folder / SOCKET))
        client.sendall(FIRST)
        found = b""
        while part := client.recv(1 << 20):
            found += part
        return found


def test_what_is_asked_in_tls_goes_there_and_back(other_end: int, data_dir: Path):
    assert heard(data_dir, f"postgresql://lent@127.0.0.1:{other_end}/postgres?sslmode=require") == FIRST + MUCH


def test_a_certificate_that_nobody_vouches_for_lets_nothing_through(other_end: int, data_dir: Path):
    assert heard(data_dir, f"postgresql://lent@127.0.0.1:{other_end}/postgres?sslmode=verify-full") == b""
