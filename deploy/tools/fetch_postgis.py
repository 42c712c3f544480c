"""Fetches the distribution's PostgreSQL with PostGIS and unpacks both below `.cache/postgis/`, without root: for tests that ask for them."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from pathlib import Path

from deploy.tools.debian_packages import CACHE, FetchError, fetch

FOLDER = CACHE / "postgis"
# Each release has one major version of PostgreSQL.
_MAJORS = {"debian 12": 15, "debian 13": 17, "ubuntu 22.04": 14, "ubuntu 24.04": 16}
# Only extensions of PostGIS beside its own, for raster images and solids, load these, and they bring forty packages.
_WITHOUT = ("libgdal", "libsfcgal")


def main() -> int:
    try:
        print(f"PostgreSQL with PostGIS is here: {postgis()}")
    except FetchError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def postgis() -> Path:
    """The folder of a PostgreSQL (with `bin/`), fetched unless it is here; its programs need `libraries()`. Raises FetchError."""
    major = _major()
    place = FOLDER / "usr/lib/postgresql" / str(major)
    if not _runs(place):
        name = f"postgresql-{major}"
        packages = (name, f"postgresql-client-{major}", f"{name}-postgis-3", f"{name}-postgis-3-scripts")
        fetch(packages, FOLDER, with_libraries=True, without=_WITHOUT)
        _name_extensions(FOLDER / "usr/share/postgresql" / str(major) / "extension")
    if not _runs(place):
        raise FetchError("PostgreSQL was unpacked to .cache/postgis but does not run")
    return place


def libraries() -> Path:
    """Where the fetched programs find the libraries that this machine lacks."""
    return next(FOLDER.glob("usr/lib/*-linux-*"), FOLDER)


def _major() -> int:
    try:
        told = platform.freedesktop_os_release()
    except OSError:
        told = {}
    release = f"{told.get('ID', '?')} {told.get('VERSION_ID', '?')}"
    if release not in _MAJORS:
        raise FetchError(f"which PostGIS this system's packages hold is not known ({release})")
    return _MAJORS[release]


def _runs(place: Path) -> bool:
    program = place / "bin/postgres"
    if not (program.is_file() and any(place.glob("lib/postgis-3.so"))):
        return False
    words, environment = [str(program), "--version"], {"LD_LIBRARY_PATH": str(libraries())}
    told = subprocess.run(words, env=environment, capture_output=True, check=False, timeout=20)
    return told.returncode == 0


def _name_extensions(folder: Path) -> None:
    """Give each control file the name by which PostgreSQL looks for it; the packages do so when they are installed."""
    for control in folder.glob("*-3.control"):
        plain = control.with_name(re.sub(r"-3\.control$", ".control", control.name))
        if not plain.exists():
            plain.symlink_to(control.name)


if __name__ == "__main__":
    raise SystemExit(main())
