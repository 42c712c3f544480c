"""Fetches the distribution's MariaDB server and dump program and unpacks them below `.cache/mariadb/`, without root."""

from __future__ import annotations

import subprocess
import sys

from deploy.tools.debian_packages import CACHE, FetchError, fetch
from workers.databases.mysql.binaries import installed

FOLDER = CACHE / "mariadb"
# The server with its messages and system tables, the libraries that they need, and the packages of its client programs and its plugins.
_SERVER = ("mariadb-server-core", "mariadb-client-core")
_ALONE = ("mariadb-client", "mariadb-server")


def main() -> int:
    if _told():
        return 0
    try:
        fetch(_SERVER, FOLDER, with_libraries=True, alone=_ALONE)
    except FetchError as error:
        print(
            f"{error}\nMariaDB could not be fetched. Install `mariadb-server-core` and `mariadb-client` by hand.",
            file=sys.stderr,
        )
        return 1
    if not _told():
        print("MariaDB was unpacked to .cache/mariadb but does not run.", file=sys.stderr)
        return 1
    return 0


def _told() -> bool:
    try:
        found = installed(CACHE.parent)
    except (OSError, subprocess.SubprocessError):
        return False
    for item in found:
        print(f"{item.engine.value} {item.version} is here: {item.server}")
    ours = (item.prefix for item in found if item.prefix.is_relative_to(FOLDER.resolve()))
    return bool(found) and all((prefix / "lib/mysql/plugin").is_dir() for prefix in ours)


if __name__ == "__main__":
    raise SystemExit(main())
