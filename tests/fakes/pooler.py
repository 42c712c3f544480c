"""A connection pooler as PgBouncer is one: it speaks for PostgreSQL to each client, and lends a few server sessions out."""

from __future__ import annotations

import os
import socket
import struct
import threading
from types import TracebackType
from typing import Self

import psycopg

SSL_REQUEST, GSS_REQUEST = 80877103, 80877104
READY, QUERY, SYNC, TERMINATE = b"Z", b"Q", b"S", b"X"


class Pooler:
    """Lends a server session for a transaction, or for a client's whole life. Asks its clients for no password."""

    def __init__(self, url: str, *, whole_sessions: bool = False) -> None:
        self._url = url
        self._whole = whole_sessions
        self._idle: list[tuple[psycopg.Connection, socket.socket]] = []
        self._all: list[tuple[psycopg.Connection, socket.socket]] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._clients: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        return self._listening.getsockname()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.close()
        for client in self._clients:
            client.close()
        for connection, stream in self._all:
            stream.close()
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            self._clients.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        held = None
        try:
            self._greet(client)
            while True:
                asked = self._question(client)
                if asked is None:
                    break
                held = held or self._lent()
                held[1].sendall(asked)
                if self._answer(held[1], client) == b"I" and not self._whole:
                    self._idle.append(held)
                    held = None
        except OSError:
            pass
        finally:
            if held is not None:  # left in the middle of a transaction: of no use to anybody else
                held[1].close()
                held[0].close()
            client.close()

    def _greet(self, client: socket.socket) -> None:
        while struct.unpack("!I", self._start(client)[:4])[0] in {SSL_REQUEST, GSS_REQUEST}:
            client.sendall(b"N")
        version = f"server_version\0{self._version()}\0".encode()
        client.sendall(_message(b"R", struct.pack("!I", 0)))
        client.sendall(_message(b"S", version) + _message(b"S", b"client_encoding\0UTF8\0"))
        client.sendall(_message(b"K", struct.pack("!II", 0x7FFF0000 + len(self._clients), 42)) + _message(READY, b"I"))

    def _start(self, client: socket.socket) -> bytes:
        return _exactly(client, struct.unpack("!I", _exactly(client, 4))[0] - 4)

    def _version(self) -> str:
        held = self._lent()
        self._idle.append(held)
        return held[0].info.parameter_status("server_version") or ""

    def _lent(self) -> tuple[psycopg.Connection, socket.socket]:
        if self._idle:
            return self._idle.pop()
        connection = psycopg.connect(self._url, autocommit=True)
        stream = socket.socket(fileno=os.dup(connection.pgconn.socket))
        stream.setblocking(True)
        self._all.append((connection, stream))
        return connection, stream

    def _question(self, client: socket.socket) -> bytes | None:
        """Everything up to where the client waits for an answer; None when it leaves."""
        asked = b""
        while True:
            kind, whole = _read(client)
            if kind == TERMINATE:
                return None
            asked += whole
            if kind in {QUERY, SYNC}:
                return asked

    def _answer(self, server: socket.socket, client: socket.socket) -> bytes:
        while True:
            kind, whole = _read(server)
            client.sendall(whole)
            if kind == READY:
                return whole[5:6]


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


def _read(stream: socket.socket) -> tuple[bytes, bytes]:
    head = _exactly(stream, 5)
    return head[:1], head + _exactly(stream, struct.unpack("!I", head[1:])[0] - 4)


def _exactly(stream: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        piece = stream.recv(size - len(found))
        if not piece:
            raise OSError("the other side left")
        found += piece
    return found
