"""The stage of stories on Prisma: a house whose prod is an empty database, or one that Prisma has migrated."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Protocol

from tests.story.ground import Ground
from tests.story.house import House, open_house
from tests.story.prisma_shop import applied, prisma_files
from tests.story.targets import MariadbDatabase, PostgresDatabase, SqliteFile, Target

_SERVER = """\
repositories:
  acme/shop:
    modules:
      shop:
        environments:
"""
_ENVIRONMENT = """\
          {environment}: {{url: "env:{variable}_URL", approvers: from_repository}}
"""


class OpenPrisma(Protocol):
    """Opens the shop on Prisma, see `open_prisma_shop`."""

    def __call__(
        self,
        files: dict[str, str] | None = None,
        *,
        postgres: str = "",
        mariadb: MariadbDatabase | None = None,
        live: str | None = None,
        schema_engine: str = "",
        staging: bool = False,
    ) -> tuple[House, Target]:
        """The house, and prod."""
        ...


def open_prisma_shop(
    ground: Ground,
    folder: Path,
    files: dict[str, str] | None = None,
    *,
    postgres: str = "",
    mariadb: MariadbDatabase | None = None,
    live: str | None = None,
    schema_engine: str = "",
    staging: bool = False,
) -> tuple[House, Target]:
    """The shop: prod is a file, or the database of that URL, where Prisma has run the first migration (or what `live` says).

    `staging` is another file of the same; `schema_engine` a native engine of the operator's.
    """
    provider = "postgresql" if postgres else "mysql" if mariadb else "sqlite"
    target: Target = PostgresDatabase(postgres) if postgres else mariadb or _file(ground, folder)
    target.run(applied(provider) if live is None else live)
    first = prisma_files(provider) if files is None else files
    targets = {"PROD": target}
    if staging:
        targets["STAGING"] = _file(ground, folder, "staging")
        targets["STAGING"].run(applied(provider) if live is None else live)
    named = f"      shop:\n        schema_engine: {schema_engine}\n" if schema_engine else "      shop:\n"
    server = _SERVER.replace("      shop:\n", named)
    server += "".join(_ENVIRONMENT.format(environment=name.lower(), variable=name) for name in targets)
    urls = {f"{name}_URL": item.url for name, item in targets.items()}
    return open_house(folder, server, urls, first, machine=ground.machine), target


def _file(ground: Ground, folder: Path, name: str = "prod") -> SqliteFile:
    place = folder / name
    place.mkdir()
    with closing(sqlite3.connect(place / "shop.db")) as connection:
        connection.execute("CREATE TABLE gone (it)")
        connection.execute("DROP TABLE gone")
    ground.machine.identity.owns(place)
    return SqliteFile(place / "shop.db")
