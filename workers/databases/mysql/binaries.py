"""Which MySQL and MariaDB servers are on this machine: the system's, and those that `make` unpacked below `.cache/`."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workers.core.names import Engine
from workers.sandbox.identity import Identity
from workers.sandbox.profile import Bind
from workers.sandbox.runtime import reachable

UNPACKED = Path(".cache", "mariadb", "usr")
"""Where `make` leaves the distribution's packages unpacked, below the project's folder."""

_PREFIXES = (Path("/usr"), Path("/usr/local"), Path("/usr/local/mysql"), Path("/opt/mariadb"))
_SERVERS = ("sbin/mariadbd", "bin/mariadbd", "libexec/mariadbd", "sbin/mysqld", "bin/mysqld", "libexec/mysqld")
_SHARES = ("share/mysql", "share/mariadb", "share")
_VERSION = re.compile(r"Ver (?P<number>\d+\.\d+\.\d+)(?P<words>.*)")
# The unpacked packages' help, test and client files: nothing of them is needed to run a server.
_LEFT_OUT = ("doc", "man", "lintian", "bash-completion", "perl5")


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """One server program. `prefix` is its installation, `share` the folder with messages, character sets and the system tables' SQL."""

    engine: Engine
    version: str
    server: Path
    prefix: Path
    share: Path

    @property
    def series(self) -> str:
        """What a target must have in common with it."""
        return series(self.version)

    def environment(self) -> tuple[tuple[str, str], ...]:
        """Where a sandboxed server finds its libraries when it is not the system's."""
        if self.prefix in _PREFIXES:
            return ()
        folders = sorted({str(file.parent) for file in (self.prefix / "lib").rglob("lib*.so.*") if file.is_file()})
        return (("LD_LIBRARY_PATH", ":".join(folders)),) if folders else ()

    def binds(self, area: Path, identity: Identity) -> tuple[Bind, ...]:
        """What a sandbox needs to run it at its own place; copied into the area where its user cannot pass."""
        if self.prefix.is_relative_to("/usr"):
            return ()
        return ((reachable(self.prefix, area, identity, left_out=_LEFT_OUT), str(self.prefix)),)


def installed(project: Path) -> tuple[Binaries, ...]:
    """One of each series, the system's first; starts nothing but `mariadbd --version`."""
    found: dict[tuple[Engine, str], Binaries] = {}
    for prefix in (*_PREFIXES, (project / UNPACKED).resolve()):
        for item in _in(prefix):
            found.setdefault((item.engine, item.series), item)
    return tuple(found[key] for key in sorted(found))


def series(version: str) -> str:
    """The part of a version within which a server reads and writes as another: 10.11, 8.0."""
    return ".".join(version.split(".")[:2])


def _in(prefix: Path) -> Iterator[Binaries]:
    server = next((prefix / name for name in _SERVERS if (prefix / name).is_file()), None)
    share = next((prefix / name for name in _SHARES if (prefix / name / "english" / "errmsg.sys").is_file()), None)
    if server is None or share is None:
        return
    base = Binaries(engine=Engine.MARIADB, version="", server=server, prefix=prefix, share=share)
    told = subprocess.run(
        [str(server), "--no-defaults", "--version"],
        env=dict(base.environment()),
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    said = _VERSION.search(told.stdout)
    if told.returncode == 0 and said:
        engine = Engine.MARIADB if "mariadb" in said["words"].lower() else Engine.MYSQL
        yield Binaries(engine=engine, version=said["number"], server=server, prefix=prefix, share=share)
