"""A door to a MySQL or MariaDB server: we log in for who comes through it, so a sandbox holds no password of that server.

The client is greeted by us, in the oldest dialect that its drivers share; then both sides speak as if they had met themselves.
https://mariadb.com/kb/en/connection/ and https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymysql.charset import charset_by_id
from pymysql.constants import CLIENT

from workers.databases.door import door, exactly
from workers.databases.mysql.address import Address
from workers.databases.mysql.session import logged_in
from workers.sandbox.identity import Identity

SOCKET = "s.sock"
_PLUGIN = b"mysql_native_password"
_CHOSEN = CLIENT.FOUND_ROWS | CLIENT.IGNORE_SPACE | CLIENT.INTERACTIVE | CLIENT.MULTI_STATEMENTS
"""What a client may choose; the rest of what we offer is what our own driver speaks with the server."""
_OFFERED = (CLIENT.CAPABILITIES | CLIENT.CONNECT_WITH_DB | _CHOSEN) & ~CLIENT.LOCAL_FILES
_MOST_BYTES = 10_000
_UTF8MB4, _AUTOCOMMIT = 45, 2
_HEAD = 4
# COM_CHANGE_USER, and what replicas say.
_KEPT_BACK = frozenset({0x11, 0x12, 0x15, 0x1E})


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """What a door leads to: a database as a role, and the statement that every session there begins with."""

    address: Address
    version: str
    first: str


def doorway(behind: Behind, area: Path, identity: Identity) -> AbstractContextManager[Path]:
    """A folder with the socket, for the length of the block. Whoever asks there for another database or role is shown out."""

    @contextlib.contextmanager
    def enter(client: socket.socket) -> Iterator[socket.socket | None]:
        client.sendall(_packet(0, _greeting(behind.version)))
        number, said = _received(client)
        hello = _Hello.read(said)
        if hello is None or hello.user != behind.address.user or hello.database not in {"", behind.address.database}:
            client.sendall(_packet(number + 1, b"\xff" + struct.pack("<H", 1045) + b"#28000another role or database"))
            yield None
            return
        with logged_in(behind.address, hello.flags, hello.charset, behind.first) as server:
            client.sendall(_packet(number + 1, b"\x00\x00\x00" + struct.pack("<HH", _AUTOCOMMIT, 0)))
            yield server

    return door(SOCKET, enter, area, identity, _watch)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hello:
    """A client's answer to the greeting, as far as it matters here."""

    user: str
    database: str
    flags: int
    charset: str

    @classmethod
    def read(cls, said: bytes) -> _Hello | None:
        """Take it apart; None for what no client of today sends."""
        try:
            flags, _, charset = struct.unpack_from("<IIB", said)
            user, _, rest = said[32:].partition(b"\0")
            rest = rest[1 + rest[0] :]
            database = rest.partition(b"\0")[0] if flags & CLIENT.CONNECT_WITH_DB else b""
            name = _charset(charset)
        except (struct.error, IndexError, KeyError):
            return None
        wanted = {CLIENT.PROTOCOL_41, CLIENT.SECURE_CONNECTION}
        if any(not flags & item for item in wanted) or flags & (CLIENT.SSL | CLIENT.COMPRESS):
            return None
        return cls(user=user.decode(), database=database.decode(), flags=flags & _CHOSEN, charset=name)


def _greeting(version: str) -> bytes:
    salt = secrets.token_hex(10).encode()
    return b"".join(
        (
            b"\x0a" + version.encode() + b"\0" + struct.pack("<I", 1) + salt[:8] + b"\0",
            struct.pack("<HBHH", _OFFERED & 0xFFFF, _UTF8MB4, _AUTOCOMMIT, _OFFERED >> 16),
            bytes([len(salt) + 1]) + bytes(10) + salt[8:] + b"\0" + _PLUGIN + b"\0",
        )
    )


def _watch() -> Callable[[bytes], bool]:
    """Follow a client's packets: each begins with its length and number, and a command with its own number after these."""
    head, left, first = bytearray(), 0, False

    def look(data: bytes) -> bool:
        nonlocal left, first
        while data:
            if left and not first:
                passed = min(left, len(data))
                data, left = data[passed:], left - passed
                continue
            if first:
                first = False
                if data[0] in _KEPT_BACK:
                    return False
                continue
            missing = _HEAD - len(head)
            head.extend(data[:missing])
            data = data[missing:]
            if len(head) == _HEAD:
                left, first = int.from_bytes(head[:3], "little"), head[3] == 0
                first = first and left > 0
                head.clear()
        return True

    return look


def _received(client: socket.socket) -> tuple[int, bytes]:
    head = exactly(client, _HEAD)
    length = int.from_bytes(head[:3], "little")
    if length > _MOST_BYTES:
        raise ConnectionError("the client says too much")
    return head[3], exactly(client, length)


def _packet(number: int, said: bytes) -> bytes:
    return len(said).to_bytes(3, "little") + bytes([number & 0xFF]) + said


def _charset(number: int) -> str:
    known: Any = charset_by_id(number)
    return str(known.name)
