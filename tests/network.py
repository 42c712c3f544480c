"""Where a test may connect to: this machine's loopback and Unix sockets."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

LOCAL_NAMES = frozenset({"localhost", "", None})


class NetworkForbiddenError(RuntimeError):
    """A test reached for the network. Not an OSError, so that no retry or fallback hides it."""


def allow_loopback_only() -> None:
    """From here on this process connects, sends and resolves nowhere else.

    Child processes are their own: git and uv talk to the stand-ins on loopback, and drivers
    written in C get URLs that tests made.
    """
    for name in ("connect", "connect_ex"):
        setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
    resolve = socket.getaddrinfo

    def guarded_resolve(host: Any, *args: Any, **keywords: Any) -> Any:
        _check(host)
        return resolve(host, *args, **keywords)

    socket.getaddrinfo = guarded_resolve


def _guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family != socket.AF_UNIX:
            _check(address[0])
        return method(self, address)

    return guarded


def _check(host: str | bytes | None) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name in LOCAL_NAMES:
        return
    try:
        local = ipaddress.ip_address(name or "").is_loopback
    except ValueError:
        local = False
    if not local:
        raise NetworkForbiddenError(f"a test reached for {name}; only loopback is open to tests")
