"""A Unix socket that leads to one database of one server for one role: the only way out of a sandbox that has no network.

What is not done here: logging in. The sandbox holds the password of a role that was made for this one database and goes with it.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

from workers.databases.postgresql.address import Address
from workers.sandbox.folders import claimed_folder
from workers.sandbox.identity import Identity

SOCKET = ".s.PGSQL.5432"
MOST_CONNECTIONS = 16
MOST_STARTUP_BYTES = 10_000
CONNECT_SECONDS = 10.0
_CHUNK = 65536
# https://www.postgresql.org/docs/current/protocol-message-formats.html
_CANCEL, _SSL, _GSS = 80877102, 80877103, 80877104
_MAJOR = 3
_CHECKED = {"verify-ca", "verify-full"}


@contextlib.contextmanager
def doorway(server: Address, database: str, role: str, area: Path, identity: Identity) -> Iterator[Path]:
    """A folder with the socket, for the length of the block. Whoever asks there for another database or role is shown out."""
    with claimed_folder(area) as claimed:
        folder = claimed / "d"
        folder.mkdir(mode=0o700)
        if identity.dropped:
            os.chown(folder, -1, identity.gid)
            folder.chmod(0o710)
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(folder / SOCKET))
            (folder / SOCKET).chmod(0o666)  # the folder decides who comes this far
            listening.listen(MOST_CONNECTIONS)
            door = _Door(server, database, role)
            thread = threading.Thread(target=door.serve, args=(listening,), daemon=True)
            thread.start()
            try:
                yield folder
            finally:
                door.close(listening)
                thread.join()


class _Door:
    def __init__(self, server: Address, database: str, role: str) -> None:
        self._server = server
        self._wanted = {"database": database, "user": role}
        self._open: set[socket.socket] = set()
        self._closed = threading.Event()
        self._lock = threading.Lock()

    def serve(self, listening: socket.socket) -> None:
        """Let everybody in, each on a thread of its own, until the door is closed."""
        threads: list[threading.Thread] = []
        while not self._closed.is_set():
            with contextlib.suppress(OSError):
                client, _ = listening.accept()
                threads = [item for item in threads if item.is_alive()]
                if self._closed.is_set() or len(threads) >= MOST_CONNECTIONS:
                    client.close()
                    continue
                threads.append(threading.Thread(target=self._guide, args=(client,), daemon=True))
                threads[-1].start()
        for item in threads:
            item.join()

    def close(self, listening: socket.socket) -> None:
        """Let nobody in any more and end what is open."""
        self._closed.set()
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        with self._lock:
            for item in self._open:
                with contextlib.suppress(OSError):
                    item.shutdown(socket.SHUT_RDWR)

    def _guide(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), self._kept(client):
            first = self._startup(client)
            if not first:
                return
            with self._kept(_connected(self._server)) as server:
                server.sendall(first)
                _pass_on(client, server)

    @contextlib.contextmanager
    def _kept(self, one: socket.socket) -> Iterator[socket.socket]:
        with one:
            with self._lock:
                self._open.add(one)
            try:
                yield one
            finally:
                with self._lock:
                    self._open.discard(one)

    def _startup(self, client: socket.socket) -> bytes:
        """The client's first message, once it asks for what is behind this door; empty where it asks for something else."""
        while True:
            head = _exactly(client, 8)
            length, code = struct.unpack("!II", head)
            if code in {_SSL, _GSS}:
                client.sendall(b"N")  # a socket of this machine needs neither
                continue
            if not len(head) <= length <= MOST_STARTUP_BYTES:
                return b""
            rest = _exactly(client, length - len(head))
            wanted = code == _CANCEL or (code >> 16 == _MAJOR and self._allowed(rest))
            return head + rest if wanted else b""

    def _allowed(self, rest: bytes) -> bool:
        words = rest.split(b"\0")
        said = dict(zip(words[::2], words[1::2], strict=False))
        asked = {name: said.get(name.encode(), b"").decode(errors="replace") for name in self._wanted}
        return asked == self._wanted and b"replication" not in said


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
    if _exactly(plain, 1) == b"S":
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


def _exactly(one: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        part = one.recv(count - len(found))
        if not part:
            raise ConnectionError("the other side went away")
        found += part
    return found


def _pass_on(client: socket.socket, server: socket.socket) -> None:
    other = {client: server, server: client}
    while True:
        waiting = isinstance(server, ssl.SSLSocket) and server.pending()
        ready = [server] if waiting else select.select([client, server], [], [])[0]
        for side in ready:
            data = side.recv(_CHUNK)
            if not data:
                return
            other[side].sendall(data)
