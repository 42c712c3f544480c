"""A Unix socket that leads to a port of loopback, for a sandbox that has no network."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from pathlib import Path
from types import TracebackType
from typing import Self


class UnixDoor:
    """Open within the `with` block."""

    def __init__(self, path: Path, port: int) -> None:
        class Through(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with socket.create_connection(("127.0.0.1", port)) as server:
                    back = threading.Thread(target=_carry, args=(server, self.request), daemon=True)
                    back.start()
                    _carry(self.request, server)
                    back.join(5)

        class Door(socketserver.ThreadingUnixStreamServer):
            daemon_threads = True

        self._door = Door(str(path), Through)
        path.chmod(0o777)
        self._thread = threading.Thread(target=self._door.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._door.shutdown()
        self._door.server_close()
        self._thread.join(5)


def _carry(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
