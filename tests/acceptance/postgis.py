"""A PostgreSQL with PostGIS, fetched from the distribution's packages when a test asks for it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.demo.servers import PostgresServer
from deploy.tools.debian_packages import FetchError
from deploy.tools.fetch_postgis import libraries, postgis

EXTENSIONS = "CREATE EXTENSION postgis; CREATE EXTENSION pg_trgm;"


@dataclass(frozen=True, slots=True)
class PostgisPrograms:
    """An installation, where any user can read it."""

    place: Path
    libraries: Path

    @contextmanager
    def server(self, folder: Path) -> Iterator[PostgresServer]:
        """A server for the length of the block, in a new folder."""
        started = PostgresServer.start(int(self.place.name), folder, install=self.place, libraries=self.libraries)
        try:
            yield started
        finally:
            started.stop()


def postgis_programs(folder: Path) -> PostgisPrograms:
    """Copied to a new folder; skips the test, and says why, where the packages cannot be had."""
    try:
        place = postgis()
    except FetchError as error:
        pytest.skip(f"PostGIS cannot be fetched: {error}")
    loaded, prefix = libraries(), place.parents[2]
    for part in (place, prefix / "share/postgresql" / place.name, loaded):
        left_out = shutil.ignore_patterns("bitcode", "*.a", "man")
        shutil.copytree(part, folder / part.relative_to(prefix), symlinks=True, ignore=left_out)
    return PostgisPrograms(folder / place.relative_to(prefix), folder / loaded.relative_to(prefix))
