"""A target's schema as a script, made by PostgreSQL's own pg_dump, with the roles and the few rows that a copy needs."""

from __future__ import annotations

import re
import subprocess

from psycopg import sql

from workers.core.errors import ExpectedError
from workers.core.hidden import Hiding
from workers.core.names import Engine
from workers.core.redact import redact
from workers.core.refusals import RefusalCode
from workers.core.schema import Name
from workers.databases.postgresql.address import Address
from workers.databases.postgresql.binaries import Binaries
from workers.databases.postgresql.catalog_frame import USER
from workers.databases.postgresql.session import Connection, Reading, Settings
from workers.databases.postgresql.settings import custom, path_of
from workers.ports import Dump, Rows
from workers.reading.lexer import split

SECONDS = 300.0
LOCK_WAIT = "10s"
_OPTIONS = (
    "--schema-only",
    "--no-subscriptions",
    "--no-security-labels",
    "--no-tablespaces",
    "--encoding=UTF8",
    "--no-password",
    f"--lock-wait-timeout={LOCK_WAIT}",
)
# Predefined roles come with every server, and so does the first one (always the same oid); a copy needs neither passwords nor the right to replicate.
_ROLES = """SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolbypassrls FROM pg_roles
    WHERE rolname !~ '^pg_' AND oid <> 10 ORDER BY rolname"""
_EXTENSIONS = """SELECT e.extname, e.extversion, n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    WHERE e.oid >= 16384 ORDER BY e.oid"""
_SUPERUSER = "SELECT rolname FROM pg_roles WHERE oid = 10"
_MEMBERS = """SELECT g.rolname, m.rolname, bool_or(a.admin_option), {} FROM pg_auth_members a
    JOIN pg_roles g ON g.oid = a.roleid JOIN pg_roles m ON m.oid = a.member WHERE m.rolname !~ '^pg_' GROUP BY 1, 2 ORDER BY 1, 2"""
_MEMBER_OPTIONS = "bool_or(a.inherit_option), bool_or(a.set_option)"
_COLUMNS = """SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
    WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped"""
_DATABASE = """SELECT pg_get_userbyid(d.datdba), CASE WHEN d.datacl IS NOT NULL THEN ARRAY(
        SELECT ARRAY[CASE a.grantee WHEN 0 THEN '' ELSE pg_get_userbyid(a.grantee)::text END, a.privilege_type]
        FROM aclexplode(d.datacl) a) END
    FROM pg_database d WHERE d.datname = current_database()"""
# pg_dump leaves an invalid index out; on a copy it is built and then marked, which only a superuser may do.
_INVALID = f"""SELECT pg_get_indexdef(i.indexrelid), n.nspname, c.relname, i.indisready FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT i.indisvalid AND i.indislive AND c.relkind = 'i' AND {USER} ORDER BY 2, 3"""
_POPULATED = f"""SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'm' AND c.relispopulated AND {USER} ORDER BY c.oid"""
# Without rows pg_dump makes every materialized view as one that was never filled; where we may not correct that, the server fills it.
_FILLED = """BEGIN UPDATE pg_catalog.pg_class SET relispopulated = true WHERE oid = {}::pg_catalog.regclass;
    EXCEPTION WHEN insufficient_privilege THEN REFRESH MATERIALIZED VIEW {}; END"""
_PRIVILEGES = {"CREATE": "CREATE", "CONNECT": "CONNECT", "TEMPORARY": "TEMPORARY"}
_RESTRICT = re.compile(r"^\\restrict (\S+)\n", re.MULTILINE)
_FOREIGN = ("CREATE USER MAPPING FOR ", "CREATE SERVER ", "CREATE FOREIGN ")
_OF_FOREIGN = re.compile(r"(?:--[^\n]*\n|\s)*(?:CREATE USER MAPPING FOR|CREATE SERVER|(?:CREATE|ALTER) FOREIGN) ")
_SECRET_OPTION = re.compile(
    r"""(\n\s*(?:\w*(?:{0})\w*|"[^"]*(?:{0})[^"]*") )E?'(?:[^']|'')*'""".format(
        "pass|pwd|secret|token|credential|api_?key|access_?key|private_?key"
    ),
    re.IGNORECASE,
)
_MAPPING_OPTIONS = re.compile(r"(?:--[^\n]*\n|\s)*CREATE USER MAPPING FOR .*?( OPTIONS \(\n.*\))\Z", re.DOTALL)
_WORDS = (("SUPERUSER", 1), ("INHERIT", 2), ("CREATEROLE", 3), ("CREATEDB", 4), ("LOGIN", 5), ("BYPASSRLS", 6))


def dump(
    connection: Connection,
    reader: Address,
    writing_role: str,
    settings: Settings,
    version_tables: tuple[Name, ...],
    binaries: tuple[Binaries, ...],
) -> Dump:
    """Dump by the reading role; `connection` is its open reading transaction. Raises ExpectedError."""
    return Dump(
        engine=Engine.POSTGRESQL,
        engine_version=connection.info.parameter_status("server_version") or "",
        database=connection.info.dbname,
        writing_role=writing_role,
        roles=tuple(_roles(connection)),
        script=rights(connection, connection.info.dbname)
        + _custom(connection, writing_role)
        + _script(reader, _program(binaries, connection.info.server_version // 10000))
        + _invalid(connection)
        + _populated(connection),
        version_rows=_version_rows(connection, version_tables, path_of(settings, writing_role)),
        settings=settings,
        superuser=str((connection.execute(_SUPERUSER).fetchone() or ("",))[0]),
        extensions=tuple((row[0], row[1], row[2]) for row in connection.execute(_EXTENSIONS).fetchall()),
    )


def rights(connection: Connection, database: str) -> str:
    """Statements that give a database the owner and grants of this one; pg_dump says them only together with its creation."""
    row = connection.execute(_DATABASE).fetchone()
    if row is None:
        raise LookupError(connection.info.dbname)
    owner, grants = row
    name = sql.Identifier(database)
    said = [sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, sql.Identifier(owner))]
    if grants is not None:
        said.append(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    for grantee, privilege in grants or ():
        to = sql.Identifier(grantee) if grantee else sql.SQL("PUBLIC")
        said.append(sql.SQL("GRANT {} ON DATABASE {} TO {}").format(sql.SQL(_PRIVILEGES[privilege]), name, to))
    return "".join(item.as_string() + ";\n" for item in said)


def _program(binaries: tuple[Binaries, ...], major: int) -> Binaries:
    """The oldest pg_dump that reads this server: the nearer to its version, the plainer its script."""
    fitting = [item for item in binaries if item.major >= major and item.program("pg_dump").exists()]
    if not fitting:
        raise ExpectedError(
            f"no pg_dump of version {major} or newer is on the worker's machine",
            f"install the client programs of PostgreSQL {major} there",
            RefusalCode.TARGET_VERSION_UNSUPPORTED,
        )
    return min(fitting, key=lambda item: item.major)


def _script(reader: Address, program: Binaries) -> str:
    argv = [str(program.program("pg_dump")), *_OPTIONS]
    with reader.environment("schemagate pg_dump") as own:
        environment = own | dict(program.environment()) | {"PGOPTIONS": _options(own.get("PGOPTIONS", ""))}
        try:
            done = subprocess.run(argv, env=environment, capture_output=True, check=False, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            raise _failed(f"it took longer than {SECONDS:g} s") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise _failed(redact(said[0].removeprefix("pg_dump: error: ") if said else "it said nothing", reader.secrets))
    return _without_passwords(_plain(done.stdout.decode()))


def _options(own: str) -> str:
    return f"{own} -c default_transaction_read_only=on".strip()


def _failed(why: str) -> ExpectedError:
    return ExpectedError(
        f"the schema cannot be dumped: {why}",
        "pg_dump locks every table in ACCESS SHARE mode: the reading role needs SELECT on all of them (GRANT pg_read_all_data), and no "
        "long-running ALTER TABLE may be in the way",
        RefusalCode.TARGET_UNREACHABLE,
    )


def _plain(script: str) -> str:
    r"""Leave out the two lines that only psql knows: `\restrict` and its end, which carry a random word."""
    found = _RESTRICT.search(script)
    if found is None:
        return script
    first = script[: found.start()] + script[found.end() :]
    before, _, after = first.rpartition(f"\\unrestrict {found[1]}\n")
    return before + after


def _without_passwords(script: str) -> str:
    """Leave out the options of user mappings, and what is secret in those of servers and foreign tables: code of a pull runs beside a copy."""
    if not any(mark in script for mark in _FOREIGN):
        return script
    statements = (_open(text) if _OF_FOREIGN.match(text) else text for text in split(script, Engine.POSTGRESQL))
    return "".join(f"{text};\n" for text in statements)


def _open(text: str) -> str:
    found = _MAPPING_OPTIONS.match(text)
    return text[: found.start(1)] if found else redact(_SECRET_OPTION.sub(r"\1'hidden'", text))


def _custom(connection: Connection, role: str) -> str:
    """Settings of the project's own (`app.tenant`): where a role begins with one, code may ask for it."""
    said = [
        sql.SQL("ALTER ROLE {} SET {} TO {}").format(
            sql.Identifier(role), sql.Identifier(*name.split(".")), sql.Literal(value)
        )
        for name, value in custom(connection, role)
    ]
    return "".join(item.as_string() + ";\n" for item in said)


def _invalid(connection: Connection) -> str:
    """The indexes that a failed build left: they are there, take up their names, and may even refuse rows."""
    mark = "UPDATE pg_catalog.pg_index SET indisvalid = false, indisready = {} WHERE indexrelid = {}::regclass"
    said = []
    for definition, schema, name, ready in connection.execute(_INVALID).fetchall():
        place = sql.Literal(sql.Identifier(schema, name).as_string())
        said += [definition, sql.SQL(mark).format(sql.Literal(ready), place).as_string()]
    return "".join(item + ";\n" for item in said)


def _populated(connection: Connection) -> str:
    """The materialized views that can be read, as such."""
    said = []
    for schema, name in connection.execute(_POPULATED).fetchall():
        place = sql.Identifier(schema, name)
        body = sql.SQL(_FILLED).format(sql.Literal(place.as_string()), place).as_string()
        said.append(sql.SQL("DO {};\n").format(sql.Literal(body)).as_string())
    return "".join(said)


def _roles(connection: Connection) -> list[str]:
    rows = connection.execute(_ROLES).fetchall()
    said = [sql.SQL("CREATE ROLE {} {}").format(sql.Identifier(row[0]), sql.SQL(_words(row))) for row in rows]
    for group, member, *options in connection.execute(_members(connection)).fetchall():
        words = ", ".join(
            f"{word} {str(bool(on)).upper()}" for word, on in zip(("ADMIN", "INHERIT", "SET"), options, strict=False)
        )
        plain = words if len(options) > 1 else "ADMIN OPTION" if options[0] else ""
        grant = sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), sql.Identifier(member))
        said.append(grant + sql.SQL(f" WITH {plain}") if plain else grant)
    return [item.as_string() for item in said]


def _members(connection: Connection) -> sql.Composed:
    """Since 16 a membership says whether it is inherited and may be assumed."""
    return sql.SQL(_MEMBERS).format(
        sql.SQL(_MEMBER_OPTIONS) if connection.info.server_version >= 160000 else sql.SQL("NULL")
    )


def _words(row: tuple[object, ...]) -> str:
    return " ".join(word if row[place] else f"NO{word}" for word, place in _WORDS)


def _version_rows(
    connection: Connection, tables: tuple[Name, ...], path: tuple[str, ...]
) -> tuple[tuple[Name, tuple[str, ...], Rows], ...]:
    reader = Reading(connection, path, Hiding(b""))
    found = []
    for table in tables:
        place = reader.place(table)
        if place is None:
            continue
        columns = tuple(_columns(connection, place))
        rows = reader.rows(place, columns)
        if rows:
            found.append((place, columns, rows))
    return tuple(found)


def _columns(connection: Connection, table: Name) -> list[str]:
    row = connection.execute(_COLUMNS, (sql.Identifier(*table).as_string(),)).fetchone()
    return list(row[0] or ()) if row else []
