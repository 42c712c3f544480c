"""The connection check: what a target is, what the user that reads it may do, and what stands in the way."""

from __future__ import annotations

from collections.abc import Iterator

from workers.core.examination import Preflight
from workers.core.names import Engine
from workers.databases.mysql.accounts import limits, writing_account
from workers.databases.mysql.address import Address
from workers.databases.mysql.catalog_frame import Connection, Server, ask, server_of
from workers.databases.mysql.session import cipher, reading
from workers.databases.mysql.settings import Settings, resolve
from workers.reading.mysql_words import Piece, Words, clauses, words

Grant = tuple[tuple[str, ...], str, bool]
"""Rights, where, and whether they may be passed on."""

OLDEST = {Engine.MARIADB: (10, 5), Engine.MYSQL: (8, 0)}
_READS = frozenset(
    {
        "USAGE",
        "SELECT",
        "SHOW VIEW",
        "SHOW DATABASES",
        "SHOW_ROUTINE",
        "PROCESS",
        "TRIGGER",
        "EVENT",
        "SHOW CREATE ROUTINE",
    }
)
_MIGRATES = _READS | frozenset(
    {
        *("ALL PRIVILEGES", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "REFERENCES", "INDEX", "ALTER", "EXECUTE"),
        *("CREATE TEMPORARY TABLES", "LOCK TABLES", "CREATE VIEW", "CREATE ROUTINE", "ALTER ROUTINE", "DELETE HISTORY"),
    }
)
_READING_ONLY = "SELECT @@SESSION.{}"
_SIZES = """SELECT COUNT(*), COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0) FROM information_schema.TABLES
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')"""
_MODES = {
    "ANSI_QUOTES": 'with ANSI_QUOTES a text in "…" is a name',
    "NO_BACKSLASH_ESCAPES": "with NO_BACKSLASH_ESCAPES a text ends at another place",
    "ORACLE": "with ORACLE another language is spoken",
}


def preflight(reader: Address, writer: Address, *, separate: bool) -> Preflight:
    """Look at a target as the reading user. Raises ExpectedError (target_unreachable)."""
    with reading(reader) as connection:
        server = server_of(connection)
        ((account, host),) = ask(connection, "SELECT CURRENT_USER(), @@hostname")
        ((tables, size),) = ask(connection, _SIZES)
        grants = tuple(_grants(connection))
        settings = resolve(connection)
        proven = _read_only(connection, server)
        return Preflight(
            engine=server.engine,
            version=server.version,
            server=f"{reader.place} ({host})",
            database=server.database,
            connection=reader.shown,
            tls=cipher(connection) or ("none (local socket)" if reader.socket else "none"),
            reading_role=str(account),
            writing_role=writer.user,
            separate_read_role=separate,
            read_only_proven=proven,
            rights=tuple(f"{', '.join(rights)} on {place}" for rights, place, _ in grants) or ("none",),
            superfluous=tuple(_superfluous(grants, separate=separate)),
            extensions=(),
            session=settings,
            tables=int(tables or 0),
            bytes=int(float(size or 0)),
            blockers=tuple(_blockers(server, settings, reader, writer, proven=proven)),
            limits=tuple(limits(connection, writing_account(connection, reader, writer))),
        )


def _read_only(connection: Connection, server: Server) -> bool:
    name = "tx_read_only" if server.mariadb else "transaction_read_only"
    return ask(connection, _READING_ONLY.format(name)) == (("1",),)


def _grants(connection: Connection) -> Iterator[Grant]:
    """Each grant as (rights, where, whether it may be passed on); what it says of passwords is never looked at."""
    for (text,) in ask(connection, "SHOW GRANTS"):
        reader = words(text or "")
        if not reader.take("GRANT"):
            continue
        pieces = reader.rest()
        cut = next((index for index, piece in enumerate(pieces) if piece.word("ON")), None)
        if cut is None:  # a role
            names = " ".join(piece.name or "" for piece in pieces[: next(_places(pieces, "TO"), 1)])
            yield (f"role {names}",), "everything it has", False
            continue
        end = next(_places(pieces, "TO"), len(pieces))
        rights = tuple(_right(item) for item in clauses(pieces[:cut]))
        if rights == ("PROXY",):  # whom root may act for, from its installation
            continue
        where = "".join(piece.name or piece.value for piece in pieces[cut + 1 : end])
        passed = any(piece.word("OPTION") for piece in pieces[end:])
        yield rights, where, passed


def _places(pieces: tuple[Piece, ...], word: str) -> Iterator[int]:
    return (index for index, piece in enumerate(pieces) if piece.word(word))


def _right(item: Words) -> str:
    """A right without the columns that it is limited to."""
    named = []
    for piece in item.pieces:
        if piece.mark("("):
            break
        named.append(piece.value)
    return " ".join(named)


def _superfluous(grants: tuple[Grant, ...], *, separate: bool) -> Iterator[str]:
    """Name what the user should not have: one that only reads nothing that writes; one that migrates nothing beyond its database."""
    fitting = _READS if separate else _MIGRATES
    for rights, where, passed in grants:
        beyond = [right for right in rights if right not in fitting]
        if where == "*.*" and not separate:
            beyond = [right for right in rights if right not in _READS]
        if beyond:
            yield f"{', '.join(beyond)} on {where}"
        if passed:
            yield f"may give its rights on {where} to others"


def _blockers(server: Server, settings: Settings, reader: Address, writer: Address, *, proven: bool) -> Iterator[str]:
    oldest = OLDEST[server.engine]
    if server.numbers < oldest:
        name = "MariaDB" if server.mariadb else "MySQL"
        yield f"{name} {server.version} is older than {'.'.join(map(str, oldest))}, the oldest version that is read"
    if not proven:
        yield "the session is not read-only"
    if reader.database != writer.database:
        yield f"the reading URL names the database {reader.database}, the writing URL {writer.database}"
    modes = dict(settings).get("sql_mode", "").split(",")
    for mode in modes:
        if mode in _MODES:
            yield f"the server's sql_mode has {mode}: {_MODES[mode]}, and plans are not read so"
