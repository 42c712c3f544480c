"""A database's URL taken apart: what may be shown of it, and what the driver and pg_dump get."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode

CONNECT_SECONDS = 10
_SECRETS = frozenset({"password", "sslpassword", "oauth_client_secret"})
_ALIVE = {"keepalives": "1", "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3"}
_ADVICE = "write it as postgresql://user:password@host:5432/database, special characters of the password encoded as %XX"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database is and who asks. The words hold the password, so they are never shown; `shown` is for people."""

    words: tuple[tuple[str, str], ...] = field(repr=False)

    @property
    def role(self) -> str:
        """The role that connects."""
        return self._get("user")

    @property
    def database(self) -> str:
        """The database's name; the role's where the URL names none."""
        return self._get("dbname") or self.role

    @property
    def place(self) -> str:
        """Host and port."""
        return f"{self._get('host') or 'local socket'}:{self._get('port') or '5432'}"

    @property
    def shown(self) -> str:
        """The URL without what is secret in it."""
        password = ":***" if self._get("password") else ""
        options = "&".join(
            f"{key}={value}" for key, value in self.words if key.startswith("ssl") and key not in _SECRETS
        )
        return f"postgresql://{self.role}{password}@{self.place}/{self.database}" + (f"?{options}" if options else "")

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be written."""
        return tuple(value for key, value in self.words if key in _SECRETS)

    def conninfo(self, application: str) -> str:
        """Everything for the driver, limits included; the worker's environment and home folder give nothing."""
        known = dict(self.words)
        usual = {"connect_timeout": str(CONNECT_SECONDS), "passfile": "/nonexistent", **_ALIVE}
        return make_conninfo("", **(usual | known | {"application_name": application, "client_encoding": "UTF8"}))

    def at(self, database: str) -> Address:
        """The same server and role, another database."""
        return replace(self, words=tuple(sorted((dict(self.words) | {"dbname": database}).items())))

    @contextlib.contextmanager
    def environment(self, application: str) -> Iterator[dict[str, str]]:
        """What a PostgreSQL program of ours gets: variables, and the password in a file that only we read."""
        names = {item.keyword.decode(): item.envvar.decode() for item in pq.Conninfo.get_defaults() if item.envvar}
        found = {names[key]: value for key, value in self.words if key in names and key not in _SECRETS}
        found |= {
            "PATH": "/usr/bin:/bin",
            "LC_ALL": "C",
            "PGAPPNAME": application,
            "PGCONNECT_TIMEOUT": str(CONNECT_SECONDS),
        }
        with TemporaryDirectory(prefix="schemagate-") as folder:
            file = Path(folder, "pgpass")
            file.touch(mode=0o600)
            file.write_text(f"*:*:*:*:{_escaped(self._get('password'))}\n")
            # A password file that the URL names is the operator's own; it is used where the URL has no password.
            own = {"PGPASSFILE": str(file)} if self._get("password") or "PGPASSFILE" not in found else {}
            yield found | own | {"HOME": folder}

    def _get(self, key: str) -> str:
        return dict(self.words).get(key, "")


def address(url: str) -> Address:
    """Read a SQLAlchemy-style URL. Raises ExpectedError, which says nothing of the URL."""
    scheme, mark, rest = url.partition("://")
    if not mark or scheme.partition("+")[0] not in {"postgresql", "postgres"}:
        raise _unreadable()
    try:
        words = conninfo_to_dict(f"postgresql://{rest}")
    except psycopg.ProgrammingError:
        raise _unreadable() from None
    if not words.get("user"):
        raise ExpectedError("the database URL names no role", _ADVICE, RefusalCode.TARGET_UNREACHABLE)
    return Address(tuple(sorted((key, str(value)) for key, value in words.items())))


def _unreadable() -> ExpectedError:
    return ExpectedError("the database URL cannot be read", _ADVICE, RefusalCode.TARGET_UNREACHABLE)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(":", "\\:")
