"""A PostgreSQL with PostGIS, fetched from the distribution's packages when a test asks for it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.demo.servers import PostgresServer
from deploy.tools.debian_packages import FetchError
from deploy.tools.fetch_postgis import libraries, postgis

GEOMETRY = "ST_SetSRID(ST_MakePoint(0, 0), 4326)"


@contextmanager
def postgis_server(folder: Path) -> Iterator[PostgresServer]:
    """Started for the length of the block; skips, and says why, where the packages cannot be had."""
    try:
        place = postgis()
    except FetchError as error:
        pytest.skip(f"PostGIS cannot be fetched: {error}")
    place, loaded = _reachable(place, libraries(), folder)
    server = PostgresServer.start(int(place.name), folder / "postgis", install=place, libraries=loaded)
    try:
        yield server
    finally:
        server.stop()


def _reachable(place: Path, loaded: Path, folder: Path) -> tuple[Path, Path]:
    """Copies where the server's user can read them; each finds its shared files by its own place."""
    prefix, copy = place.parents[2], folder / "postgis-programs"
    for part in (place, prefix / "share/postgresql" / place.name, loaded):
        target = copy / part.relative_to(prefix)
        shutil.copytree(part, target, symlinks=True, ignore=shutil.ignore_patterns("bitcode", "*.a", "man"))
    return copy / place.relative_to(prefix), copy / loaded.relative_to(prefix)
