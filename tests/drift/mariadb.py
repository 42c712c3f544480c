"""Drift cases on MariaDB: each side is made in a database of its own, for there DDL cannot be rolled back."""

from __future__ import annotations

import re
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.demo.mariadb import MariadbServer
from tests.drift.cases import Case, read, said, write_expected
from workers.core.diff import Change, diff
from workers.core.folding import fold
from workers.core.hidden import Hiding
from workers.core.names import Engine
from workers.core.schema import ObjectKind, Snapshot
from workers.databases.mysql.address import address
from workers.databases.mysql.catalog_frame import ask, server_of
from workers.databases.mysql.revert import revert
from workers.databases.mysql.session import Reading, connected, reading
from workers.reading.lexer import split

HIDING = Hiding(b"a key of the tests, 32 bytes long")
ENGINE = "mariadb"


@contextmanager
def made(server: MariadbServer, script: str, name: str = "") -> Iterator[str]:
    """A database that is there for a while, made by a script whose bodies no client has to part."""
    name = server.create_database(name or f"case_{secrets.token_hex(4)}")
    try:
        run(server, name, split(script, Engine.MARIADB))
        yield name
    finally:
        server.drop_database(name)


def run(server: MariadbServer, name: str, statements: tuple[str, ...]) -> None:
    """Send statements one by one."""
    with connected(address(server.url(name))) as connection:
        for statement in statements:
            ask(connection, statement)


def as_seen(server: MariadbServer, name: str) -> Snapshot:
    """Read the schema as a target's is read."""
    with reading(address(server.url(name))) as connection:
        return Reading(connection, HIDING).snapshot()


def look(server: MariadbServer, case: Case) -> tuple[Snapshot, Snapshot]:
    """Make both sides, read them, and leave nothing."""
    found = []
    for script in case.sides():
        with made(server, script) as name:
            found.append(as_seen(server, name))
    return found[0], found[1]


def fits(case: Case, server: MariadbServer) -> bool:
    """Whether the server is new enough for a case: 1010 is 10.10."""
    with connected(address(server.url("mysql"))) as connection:
        first, second, *_ = server_of(connection).numbers
    return first * 100 + second >= case.since


def way_back(changes: tuple[Change, ...]) -> tuple[str, ...]:
    """The statements that lead back from all changes: what goes first, then what comes; none where one of them has none."""
    each = [revert(item.change, item.children) for item in fold(changes)]
    order = sorted(zip(fold(changes), each, strict=True), key=lambda pair: _turn(pair[0].change))
    return tuple(statement for _, statements in order for statement in statements) if all(each) else ()


def _turn(change: Change) -> int:
    """What goes comes first; a column that changes waits for the keys that hold it."""
    modified = change.kind is ObjectKind.COLUMN and None not in (change.before, change.after)
    return 2 if modified else int(change.before is not None)


def restored(server: MariadbServer, name: str) -> Snapshot:
    """The schema after `mariadb-dump` and the stock client, below the same name."""
    script = re.sub(r"^CREATE DATABASE.*$", "", server.dump(name), flags=re.MULTILINE)
    collation = str(server.query("SELECT @@collation_database", name)[0][0])
    server.drop_database(name)
    server.query(f"CREATE DATABASE `{name}` COLLATE {collation}")
    server.load(script, name)
    return as_seen(server, name)


def main() -> None:
    """Write what is found on a server into the case files."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        server = MariadbServer.start(Path(folder) / "mariadb")
        try:
            found = {}
            for case in read(ENGINE):
                found[case.id] = said(diff(*look(server, case)))
            write_expected(ENGINE, found)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
