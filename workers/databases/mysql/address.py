"""A database's URL taken apart: what may be shown of it, and what the driver gets."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, unquote, urlsplit

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode

CONNECT_SECONDS = 10
PORT = 3306
_SCHEMES = frozenset({"mysql", "mariadb"})
_ADVICE = "write it as mysql://user:password@host:3306/database, special characters of the password encoded as %XX"
_SOCKET = ("unix_socket", "unix_sock", "socket")
_FILES = ("ssl_ca", "ssl_cert", "ssl_key")
_VERIFYING = frozenset({"verify_ca", "verify_identity"})
_MODES = frozenset({"disabled", "preferred", "required"}) | _VERIFYING
# Drivers of projects know these; they say nothing about where or how we connect.
_PASSED_OVER = frozenset({"charset", "use_unicode", "autocommit", "connect_timeout", "local_infile", "init_command"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a database is and who asks. The password is never shown; `shown` is for people.

    `tls` is MySQL's own word for how far the connection is protected; `files` are those of `_FILES` that the URL names.
    """

    host: str
    port: int
    socket: str
    user: str
    password: str = field(repr=False)
    database: str
    tls: str = "preferred"
    files: tuple[tuple[str, str], ...] = ()

    @property
    def place(self) -> str:
        """Host and port."""
        return "local socket" if self.socket else f"{self.host}:{self.port}"

    @property
    def shown(self) -> str:
        """The URL without what is secret in it."""
        password = ":***" if self.password else ""
        options = [f"unix_socket={self.socket}"] if self.socket else []
        options += [f"ssl_mode={self.tls}"] if self.tls != "preferred" else []
        where = "localhost" if self.socket else self.place
        return f"mysql://{self.user}{password}@{where}/{self.database}" + (f"?{'&'.join(options)}" if options else "")

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be written."""
        return (self.password,) if self.password else ()

    def at(self, database: str) -> Address:
        """The same server and role, another database."""
        return replace(self, database=database)

    def context(self) -> ssl.SSLContext:
        """How to protect the connection. Raises ExpectedError for files that cannot be read."""
        files = dict(self.files)
        try:
            context = ssl.create_default_context(cafile=files.get("ssl_ca"))
            context.check_hostname = self.tls == "verify_identity"
            context.verify_mode = ssl.CERT_REQUIRED if self.tls in _VERIFYING else ssl.CERT_NONE
            if "ssl_cert" in files:
                context.load_cert_chain(files["ssl_cert"], files.get("ssl_key"))
        except (OSError, ssl.SSLError) as error:
            message = (
                f"the certificates that the database URL names cannot be read: {error.strerror or 'no certificate'}"
            )
            raise ExpectedError(message, "correct ssl_ca, ssl_cert, ssl_key", RefusalCode.TARGET_UNREACHABLE) from None
        return context


def address(url: str) -> Address:
    """Read a SQLAlchemy-style URL. Raises ExpectedError, which says nothing of the URL."""
    try:
        parts = urlsplit(url)
        port = parts.port or PORT
        options = {name.lower().replace("-", "_"): value for name, value in parse_qsl(parts.query)}
    except ValueError:
        raise _unreadable() from None
    if parts.scheme.partition("+")[0].lower() not in _SCHEMES or "://" not in url or parts.fragment:
        raise _unreadable()
    if not parts.username:
        raise ExpectedError("the database URL names no user", _ADVICE, RefusalCode.TARGET_UNREACHABLE)
    if not parts.path.strip("/"):
        raise ExpectedError("the database URL names no database", _ADVICE, RefusalCode.TARGET_UNREACHABLE)
    return Address(
        host=parts.hostname or "localhost",
        port=port,
        socket=next((options[name] for name in _SOCKET if name in options), ""),
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        database=unquote(parts.path.lstrip("/")),
        tls=_tls(options),
        files=tuple((name, options[name]) for name in _FILES if name in options),
    )


def _tls(options: dict[str, str]) -> str:
    known = {*_SOCKET, *_FILES, *_PASSED_OVER, "ssl_mode", "ssl", "ssl_disabled", "ssl_check_hostname"}
    if unknown := sorted(options.keys() - known):
        message = f"the database URL has an option that is not known here: {unknown[0]}"
        raise ExpectedError(message, "leave it out; for TLS use ssl_mode and ssl_ca", RefusalCode.TARGET_UNREACHABLE)
    mode = options.get("ssl_mode", "").lower()
    if mode and mode not in _MODES:
        message = "the database URL has an ssl_mode that is none of MySQL's"
        raise ExpectedError(message, f"use one of: {', '.join(sorted(_MODES))}", RefusalCode.TARGET_UNREACHABLE)
    if mode:
        return mode
    if options.get("ssl_disabled", "").lower() in {"1", "true"}:
        return "disabled"
    if "ssl_ca" in options:
        checked = options.get("ssl_check_hostname", "true").lower() not in {"0", "false"}
        return "verify_identity" if checked else "verify_ca"
    return "required" if options.get("ssl", "").lower() in {"1", "true", "required"} else "preferred"


def _unreadable() -> ExpectedError:
    return ExpectedError("the database URL cannot be read", _ADVICE, RefusalCode.TARGET_UNREACHABLE)
