"""A Unix socket that leads to one database of one server for one role: the only way out of a sandbox that has no network.

Who may come in, and how a server is reached, each engine says in its own words; here is what all doors have in common.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from workers.core.errors import ExpectedError
from workers.sandbox.folders import claimed_folder
from workers.sandbox.identity import Identity

MOST_CONNECTIONS = 16
CONNECT_SECONDS = 10.0
_CHUNK = 65536

Enter = Callable[[socket.socket], AbstractContextManager[socket.socket | None]]
"""Speaks with a client until it is let in: the connection to the server, or None for who is shown out."""
Watch = Callable[[], Callable[[bytes], bool]]
"""Made for each connection: whether what a client sends may be passed on."""


@contextlib.contextmanager
def door(name: str, enter: Enter, area: Path, identity: Identity, watch: Watch | None = None) -> Iterator[Path]:
    """A folder with a socket of that name, for the length of the block."""
    with claimed_folder(area) as claimed:
        folder = claimed / "d"
        folder.mkdir(mode=0o700)
        if identity.dropped:
            os.chown(folder, -1, identity.gid)
            folder.chmod(0o710)
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(folder / name))
            (folder / name).chmod(0o666)  # the folder decides who comes this far
            listening.listen(MOST_CONNECTIONS)
            keeper = _Keeper(enter, watch)
            thread = threading.Thread(target=keeper.serve, args=(listening,), daemon=True)
            thread.start()
            try:
                yield folder
            finally:
                keeper.close(listening)
                thread.join()


def exactly(one: socket.socket, count: int) -> bytes:
    """So many bytes. Raises ConnectionError where the other side went away before."""
    found = b""
    while len(found) < count:
        part = one.recv(count - len(found))
        if not part:
            raise ConnectionError("the other side went away")
        found += part
    return found


class _Keeper:
    def __init__(self, enter: Enter, watch: Watch | None) -> None:
        self._enter = enter
        self._watch = watch
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
        with contextlib.suppress(OSError, ExpectedError), self._kept(client), self._enter(client) as server:
            if server is not None:
                with self._kept(server):
                    _pass_on(client, server, self._watch() if self._watch else None)

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


def _pass_on(client: socket.socket, server: socket.socket, watch: Callable[[bytes], bool] | None) -> None:
    other = {client: server, server: client}
    while True:
        waiting = isinstance(server, ssl.SSLSocket) and server.pending()
        ready = [server] if waiting else select.select([client, server], [], [])[0]
        for side in ready:
            data = side.recv(_CHUNK)
            if not data or (side is client and watch is not None and not watch(data)):
                return
            other[side].sendall(data)
