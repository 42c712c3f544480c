"""The shop on PostgreSQL, for stories that ask the server itself what happened: its counters, its log, its schema."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from deploy.demo.github.actions import pushes
from deploy.demo.github.bare import Signature
from deploy.demo.github.records import Pull, User
from deploy.demo.github.world import World
from deploy.demo.servers import PostgresServer
from tests.story.ground import ON_POSTGRES, Ground
from tests.story.house import House, open_house
from tests.story.shop import shop_files

_COLUMNS = """
SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname, a.attnum
"""
_WRITTEN = "SELECT tup_inserted, tup_updated, tup_deleted FROM pg_stat_database WHERE datname = current_database()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Yard:
    """A house whose prod is a PostgreSQL database, written by `shop_rw` and owned by it."""

    house: House
    postgres: PostgresServer
    database: str
    password: str

    def schema(self) -> list[str]:
        """Every column of prod."""
        return [str(row[0]) for row in self._ask(_COLUMNS)]

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What a query of the test's own gives."""
        return self._ask(query)

    def written(self) -> tuple[object, ...]:
        """Rows that anybody ever wrote to prod, catalogs included."""
        return self._ask(_WRITTEN)[0]

    def run(self, sql: str) -> None:
        """Somebody writes by hand."""
        self.postgres.execute(sql, self.database)

    def _ask(self, query: str) -> list[tuple[object, ...]]:
        with self.postgres.connect(self.database) as connection:
            return connection.execute(query.encode()).fetchall()


def yard_files(config: str = "") -> dict[str, str]:
    """The shop's first commit, written for PostgreSQL."""
    return shop_files(config, ON_POSTGRES)


def open_yard(
    ground: Ground,
    postgres: PostgresServer,
    folder: Path,
    *,
    config: str = "",
    read_role: bool = False,
    superuser: bool = False,
    scratch: str = "",
) -> Yard:
    """Open it with the first migration applied and no rows; with `read_role`, another role reads; `scratch` is the URL of a lent server."""
    database, password = f"shop_{secrets.token_hex(4)}", f"canary-{secrets.token_hex(12)}"
    writer, reader = f"{database}_rw", f"{database}_ro"
    postgres.create_role(writer, password, options="LOGIN SUPERUSER" if superuser else "LOGIN")
    postgres.create_role(reader, password)
    postgres.execute(f"GRANT pg_read_all_data TO {reader}")
    postgres.create_database(database, owner=writer)
    url = postgres.url(database, user=writer, password=password)
    variables = {"PROD_URL": url, "PROD_READ_URL": postgres.url(database, user=reader, password=password)}
    first_migration(folder / "first", url)
    reads = ', read_url: "env:PROD_READ_URL"' if read_role else ""
    if scratch:
        variables["SCRATCH_URL"] = scratch
        reads += ', scratch: "env:SCRATCH_URL"'
    lines = ["repositories:", "  acme/shop:", "    modules:", "      shop:"]
    lines += [f"        python_environment: {ground.python}", "        environments:"]
    lines += [f'          prod: {{url: "env:PROD_URL"{reads}, approvers: from_repository}}']
    house = open_house(folder, "\n".join(lines) + "\n", variables, yard_files(config), machine=ground.machine)
    return Yard(house=house, postgres=postgres, database=database, password=password)


def first_migration(folder: Path, url: str) -> None:
    """Apply what the first commit holds with the stock tool."""
    for name, text in yard_files().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    plain = url.replace("postgresql://", "postgresql+psycopg://")
    environment = {"PATH": os.defpath, "DATABASE_URL": plain, "PYTHONPATH": str(folder)}
    words = [sys.executable, "-m", "alembic", "upgrade", "head"]
    subprocess.run(words, cwd=folder, env=environment, check=True, capture_output=True, timeout=60)


def push_entries(house: House, branch: str, entries: list[tuple[str, str, bytes]], *, by: str = "alice") -> None:
    """Push (mode, path, content) as git itself would take it, links and odd names too."""
    git, who = house.repo.git, house.people[by]
    parent = git.tip(branch) or git.tip("main")
    tree = git.write_tree(parent, [(mode, path, git.write_blob(content)) for mode, path, content in entries])
    signature = Signature(who.login, f"{who.login}@example.com", datetime.now(tz=UTC))
    commit = git.write_commit(tree, [parent] if parent else [], "Change the schema", signature, signature)
    move_branch(house.world, house, branch, commit, who)


def move_branch(world: World, house: House, branch: str, commit: str, who: User) -> None:
    """Let a branch point to a commit, as a push would."""
    with world.state.lock:
        pushes.set_branch(world.hub, house.repo, branch, commit, who)


def close_pull(house: House, pull: Pull) -> None:
    """Close a pull, so that the next one of the same house stands alone."""
    house.world.close(pull, house.people["alice"])
    house.settle()
