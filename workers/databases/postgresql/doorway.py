"""A door to a PostgreSQL server: the first message of a connection names the one database and role that are behind it.

What is not done here: logging in. The sandbox holds the password of a role that was made for this one database and goes with it.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from workers.databases.door import CONNECT_SECONDS, door, exactly
from workers.databases.postgresql.address import Address
from workers.sandbox.identity import Identity

SOCKET = ".s.PGSQL.5432"
MOST_STARTUP_BYTES = 10_000
# https://www.postgresql.org/docs/current/protocol-message-formats.html
_CANCEL, _SSL, _GSS = 80877102, 80877103, 80877104
_MAJOR = 3
_CHECKED = {"verify-ca", "verify-full"}


def doorway(server: Address, database: str, role: str, area: Path, identity: Identity) -> AbstractContextManager[Path]:
    """A folder with the socket, for the length of the block. Whoever asks there for another database or role is shown out."""
    wanted = {"database": database, "user": role}

    @contextlib.contextmanager
    def enter(client: socket.socket) -> Iterator[socket.socket | None]:
        first = _startup(client, wanted)
        if not first:
            yield None
            return
        with _connected(server) as behind:
            behind.sendall(first)
            yield behind

    return door(SOCKET, enter, area, identity)


def _startup(client: socket.socket, wanted: dict[str, str]) -> bytes:
    """The client's first message, once it asks for what is behind this door; empty where it asks for something else."""
    while True:
        head = exactly(client, 8)
        length, code = struct.unpack("!II", head)
        if code in {_SSL, _GSS}:
            client.sendall(b"N")  # a socket of this machine needs neither
            continue
        if not len(head) <= length <= MOST_STARTUP_BYTES:
            return b""
        rest = exactly(client, length - len(head))
        return head + rest if code == _CANCEL or (code >> 16 == _MAJOR and _allowed(rest, wanted)) else b""


def _allowed(rest: bytes, wanted: dict[str, str]) -> bool:
    words = rest.split(b"\0")
    said = dict(zip(words[::2], words[1::2], strict=False))
    asked = {name: said.get(name.encode(), b"").decode(errors="replace") for name in wanted}
    return asked == wanted and b"replication" not in said


def _connected(server: Address) -> socket.socket:
    words = dict(server.words)
    host, port = words.get("host") or "localhost", words.get("port") or "5432"
    if host.startswith("/"):
        local = socket.socket(socket.AF_UNIX)
        local.connect(f"{host}/.s.PGSQL.{port}")
        return local
    plain = socket.create_connection((words.get("hostaddr") or host, int(port)), timeout=CONNECT_SECONDS)
    plain.settimeout(None)
    mode = words.get("sslmode") or "prefer"
    if mode == "disable":
        return plain
    plain.sendall(struct.pack("!II", 8, _SSL))
    if exactly(plain, 1) == b"S":
        return _context(mode, words.get("sslrootcert")).wrap_socket(plain, server_hostname=host)
    if mode in {"require", *_CHECKED}:
        plain.close()
        raise ConnectionError("the server speaks no TLS")
    return plain


def _context(mode: str, roots: str | None) -> ssl.SSLContext:
    """As libpq takes the words: only the two that say so look at the certificate."""
    context = ssl.create_default_context(cafile=roots if roots and roots != "system" else None)
    context.check_hostname = mode == "verify-full"
    if mode not in _CHECKED:
        context.verify_mode = ssl.CERT_NONE
    return context
