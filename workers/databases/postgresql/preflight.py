"""The connection check: what a target is, what the role that reads it may do, and what stands in the way."""

from __future__ import annotations

import psycopg
from psycopg.pq import TransactionStatus

from workers.core.examination import Preflight
from workers.core.names import Engine
from workers.databases.postgresql.address import Address
from workers.databases.postgresql.catalog_frame import USER, Row
from workers.databases.postgresql.session import Connection, connected, reading
from workers.databases.postgresql.settings import resolve

OLDEST = 13
_ROUNDS = 4
_PROCESS = "SELECT pg_catalog.pg_backend_pid()"
_FACTS = """SELECT current_setting('server_version'), current_database(), current_user, current_setting('transaction_read_only'),
    pg_is_in_recovery(), pg_database_size(current_database()), has_database_privilege(current_database(), 'CREATE')"""
_TLS = "SELECT ssl, version, cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
_ROLE = """SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls,
        ARRAY(SELECT g.rolname::text FROM pg_roles g WHERE g.rolname LIKE 'pg\\_%%' AND pg_has_role(r.oid, g.oid, 'MEMBER') AND NOT r.rolsuper
            ORDER BY g.rolname)
    FROM pg_roles r WHERE r.rolname = %s"""
_TABLES = f"""SELECT count(*), count(*) FILTER (WHERE has_table_privilege(c.oid, 'SELECT')),
        count(*) FILTER (WHERE has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')),
        count(*) FILTER (WHERE pg_has_role(c.relowner, 'USAGE'))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND {USER}"""
_SCHEMAS = (
    f"SELECT n.nspname FROM pg_namespace n WHERE has_schema_privilege(n.oid, 'CREATE') AND {USER} ORDER BY n.nspname"
)
_EXTENSIONS = """SELECT e.extname, e.extversion, n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    ORDER BY e.extname"""
_ATTRIBUTES = ("superuser", "may create roles", "may create databases", "may replicate", "passes row security")
_POWERFUL = (
    "pg_execute_server_program",
    "pg_read_server_files",
    "pg_write_server_files",
    "pg_signal_backend",
    "pg_maintain",
    "pg_checkpoint",
)
_WRITES = ("pg_write_all_data",)


def preflight(reader: Address, writer: Address, *, separate: bool) -> Preflight:
    """Look at a target as the reading role. Raises ExpectedError (target_unreachable)."""
    with reading(reader) as connection:
        version, database, role, read_only, standby, size, creates = _one(connection, _FACTS)
        tables, readable, writable, owned = _one(connection, _TABLES)
        schemas = tuple(row[0] for row in connection.execute(_SCHEMAS).fetchall())
        attributes, groups = _attributes(connection, reader.role)
        writes = _writes(creates=creates, writable=writable, owned=owned, schemas=schemas)
        proven = read_only == "on"
        return Preflight(
            engine=Engine.POSTGRESQL,
            version=version,
            server=reader.place + (" (standby)" if standby else ""),
            database=database,
            connection=reader.shown,
            tls=_tls(connection, reader),
            reading_role=role,
            writing_role=writer.role,
            separate_read_role=separate,
            read_only_proven=proven,
            rights=(
                *attributes,
                *(f"member of {group}" for group in groups),
                f"reads {readable} of {tables} tables",
                *writes,
            ),
            superfluous=_superfluous(attributes, groups, writes, separate=separate),
            extensions=tuple((row[0], row[1], row[2]) for row in connection.execute(_EXTENSIONS).fetchall()),
            session=resolve(connection, reader, writer),
            tables=tables,
            bytes=size,
            blockers=tuple(_blockers(connection, reader, writer, standby=standby, proven=proven)),
            pooled=pooled(reader),
        )


def pooled(address: Address) -> bool:
    """Whether a pooler lends our session's server to others between transactions.

    A pooler gives keys of its own, so a session whose key names its own server process is direct. Otherwise a second session that is given the
    first one's idle server process, or a first one that comes back to another, gives it away.
    """
    with connected(address) as first:
        own = _process(first)
        if own == first.pgconn.backend_pid:
            return False
        with connected(address) as second:
            return any(_lent(first, second, own) for _ in range(_ROUNDS))


def _lent(first: Connection, second: Connection, own: int) -> bool:
    """While the second session is in a transaction it keeps what it got: the first one's server, or one that the first then misses."""
    try:
        second.execute("BEGIN READ ONLY")
        found = _process(second) == own or _process(first) != own
        second.execute("ROLLBACK")
    except psycopg.Error:
        return True
    return found


def _process(connection: Connection) -> int:
    """The number of the server process that answers, asked in a read-only transaction like everything else."""
    if connection.info.transaction_status is TransactionStatus.INTRANS:
        return int(_one(connection, _PROCESS)[0])
    cursor = connection.execute(f"BEGIN READ ONLY; {_PROCESS}; ROLLBACK".encode())
    cursor.nextset()
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def _one(connection: Connection, query: str) -> Row:
    row = connection.execute(query.encode()).fetchone()
    if row is None:
        raise LookupError(query)
    return row


def _tls(connection: Connection, address: Address) -> str:
    row = connection.execute(_TLS).fetchone()
    if row and row[0]:
        return f"{row[1]}, {row[2]}"
    return "none (local socket)" if dict(address.words).get("host", "/").startswith("/") else "none"


def _attributes(connection: Connection, role: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    row = connection.execute(_ROLE, (role,)).fetchone()
    if row is None:
        return (), ()
    return tuple(word for word, has in zip(_ATTRIBUTES, row, strict=False) if has), tuple(row[5])


def _writes(*, creates: bool, writable: int, owned: int, schemas: tuple[str, ...]) -> tuple[str, ...]:
    said = [f"owns {owned} tables"] if owned else []
    said += [f"writes rows of {writable} tables"] if writable else []
    said += ["creates schemas"] if creates else []
    return (*said, *(f"creates objects in schema {schema}" for schema in schemas))


def _superfluous(
    attributes: tuple[str, ...], groups: tuple[str, ...], writes: tuple[str, ...], *, separate: bool
) -> tuple[str, ...]:
    """Name what the role should not have: a role that only reads nothing that writes; one that migrates nothing of the whole server."""
    beyond = (*attributes, *(f"member of {group}" for group in groups if group in _POWERFUL))
    if not separate:
        return beyond
    return (*beyond, *(f"member of {group}" for group in groups if group in _WRITES), *writes)


def _blockers(connection: Connection, reader: Address, writer: Address, *, standby: bool, proven: bool) -> list[str]:
    found = []
    major = connection.info.server_version // 10000
    if major < OLDEST:
        found.append(f"PostgreSQL {major} is older than {OLDEST}, the oldest version that is read")
    if standby:
        found.append(
            "the server is a standby: what it shows may be older than the primary, and nothing can be written through it"
        )
    if not proven:
        found.append("the session is not read-only")
    if reader.database != writer.database:
        found.append(f"the reading URL names the database {reader.database}, the writing URL {writer.database}")
    if connection.execute(_ROLE, (writer.role,)).fetchone() is None:
        found.append(f"the writing role {writer.role} does not exist on this server")
    return found
