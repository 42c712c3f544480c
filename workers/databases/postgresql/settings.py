"""The session settings that change what a statement means: which they are, and what a role would find them to be."""

from __future__ import annotations

import re

from workers.databases.postgresql.address import Address
from workers.databases.postgresql.catalog_frame import Row
from workers.databases.postgresql.session import Connection, Settings

RESOLVED = ("search_path", "timezone", "datestyle", "intervalstyle", "default_toast_compression")
"""Taken as the writing role would find them when it connects."""
FIXED = (("check_function_bodies", "on"), ("client_encoding", "UTF8"), ("standard_conforming_strings", "on"))
"""The same everywhere, whatever a server says."""

# From the strongest to the weakest: the role here, the role anywhere, everybody here, everybody anywhere.
_STORED = """SELECT s.setconfig, s.setrole <> 0 FROM pg_db_role_setting s
    WHERE s.setdatabase IN (0, (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()))
        AND s.setrole IN (0, (SELECT r.oid FROM pg_roles r WHERE r.rolname = %s))
    ORDER BY s.setrole <> 0 DESC, s.setdatabase <> 0 DESC"""
_SERVER = "SELECT lower(name), reset_val, boot_val FROM pg_settings WHERE lower(name) = ANY(%s)"
_OPTION = re.compile(r"(?:-c\s*|--)([A-Za-z_]\w*)=((?:\\.|\S)*)")
_CUSTOM = re.compile(r"[A-Za-z_]\w*\.[A-Za-z_]\w*")
_PATH_PART = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^",\s][^",]*?))\s*(?:,|$)')


def resolve(connection: Connection, reader: Address, writer: Address) -> Settings:
    """Say what the executor will set for the writing role, read by the reading role's session."""
    stored = _stored(connection, writer.role)
    own = stored if reader.role == writer.role else _stored(connection, reader.role)
    given, wanted = _options(reader), _options(writer)
    found = dict(FIXED)
    for name, login, boot in connection.execute(_SERVER, (list(RESOLVED),)).fetchall():
        # What the reading session began with says nothing of the server where its own role or URL sets it.
        server = boot if name in _of_role(own) or name in given else login
        found[name] = wanted.get(name) or _first(stored, name) or server
    if role := _first(stored, "role"):
        found["role"] = role
    return tuple(sorted(found.items()))


def custom(connection: Connection, role: str) -> Settings:
    """The settings with a prefix of their own that are stored for a role or its database; the strongest of each."""
    found = [setting.partition("=") for settings, _ in reversed(_stored(connection, role)) for setting in settings]
    return tuple(sorted({name: value for name, _, value in found if _CUSTOM.fullmatch(name)}.items()))


def path_of(settings: Settings, role: str) -> tuple[str, ...]:
    """The schemas along a search_path, in order, `$user` replaced."""
    text = dict(settings).get("search_path", '"$user", public')
    parts = ((quoted.replace('""', '"'), plain) for quoted, plain in _PATH_PART.findall(text))
    names = (quoted or plain.lower() for quoted, plain in parts)
    return tuple(role if name == "$user" else name for name in names if name)


def _stored(connection: Connection, role: str) -> list[Row]:
    return connection.execute(_STORED, (role,)).fetchall()


def _first(stored: list[Row], name: str) -> str | None:
    for settings, _ in stored:
        for setting in settings:
            key, _, value = setting.partition("=")
            if key.lower() == name:
                return str(value)
    return None


def _of_role(stored: list[Row]) -> set[str]:
    return {setting.partition("=")[0].lower() for settings, of_role in stored if of_role for setting in settings}


def _options(address: Address) -> dict[str, str]:
    text = dict(address.words).get("options", "")
    return {name.lower(): re.sub(r"\\(.)", r"\1", value) for name, value in _OPTION.findall(text)}
