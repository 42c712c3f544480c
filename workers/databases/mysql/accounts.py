"""Accounts: with whose rights objects run, who the writing role is among them, and who stands for whom on scratch.

An account is written as the information schema writes it, user@host. One without a host is that user on whatever host, or a role.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pymysql

from workers.core.names import Engine
from workers.databases.mysql.address import Address
from workers.databases.mysql.catalog_frame import Connection, ask
from workers.databases.mysql.session import Accounts
from workers.databases.mysql.spelling import literal, quoted
from workers.ports import Dump

NAMING = frozenset({"SUPER", "SET USER", "SET_USER_ID", "SET_ANY_DEFINER", "ALLOW_NONEXISTENT_DEFINER"})
"""The rights of a whole server with any of which an object may be made that runs as somebody else."""

_SOCKET = "localhost"
_ELSEWHERE = ".elsewhere"
_ACCOUNTS = "SELECT User, Host FROM mysql.user"
_RIGHTS = "SELECT PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = {} ORDER BY 1"
_DEFINERS = """SELECT DEFINER, CONCAT('view ', TABLE_NAME) FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()
    UNION ALL SELECT DEFINER, CONCAT(LOWER(ROUTINE_TYPE), ' ', ROUTINE_NAME) FROM information_schema.ROUTINES
        WHERE ROUTINE_SCHEMA = DATABASE()
    UNION ALL SELECT DEFINER, CONCAT('trigger ', TRIGGER_NAME) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()
    UNION ALL SELECT DEFINER, CONCAT('event ', EVENT_NAME) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()
    ORDER BY 1, 2"""
_NAMED_FIRST = re.compile(r"(CREATE (?:ALGORITHM=\w+ )?DEFINER=)`((?:[^`]|``)*)`@`((?:[^`]|``)*)` ")


def writing_account(connection: Connection, reader: Address, writer: Address) -> str:
    """The writing role with its host; without one where the reading role cannot tell which of that user's accounts it will be."""
    if reader.user == writer.user:
        return str(ask(connection, "SELECT CURRENT_USER()")[0][0])
    own = [item for item in _known(connection) or () if item.rpartition("@")[0] == writer.user]
    return own[0] if len(own) == 1 else f"{writer.user}@"


def as_one(account: str) -> Accounts:
    """How a target's definers are spelled. Where the writing role's host is not known, all accounts of that user are it."""
    user, _, host = account.rpartition("@")
    return () if host else ((account, f"{user}@%"),)


def server_rights(connection: Connection, account: str) -> tuple[str, ...]:
    """Which rights of `NAMING` the writing role has, as far as the reading role may see."""
    user, _, host = account.rpartition("@")
    found = ask(connection, _RIGHTS.format(literal(f"'{user}'@'{host}'")))
    return tuple(str(row[0]) for row in found if row[0] in NAMING)


def definers(connection: Connection) -> dict[str, tuple[str, ...]]:
    """Each account that objects run as, with those objects."""
    found: dict[str, list[str]] = {}
    for account, item in ask(connection, _DEFINERS):
        if account:
            found.setdefault(account, []).append(str(item))
    return {account: tuple(items) for account, items in found.items()}


def to_be_made(connection: Connection, named: tuple[str, ...], rights: tuple[str, ...]) -> tuple[str, ...]:
    """The accounts that scratch needs: whose objects are there, or all where a migration may name any. One that is known to be missing stays so."""
    known = _known(connection)
    if known is None:
        return named
    return tuple(sorted(known)) if rights else tuple(item for item in named if item in known)


def limits(connection: Connection, account: str) -> Iterator[str]:
    """What a migration will find out about definers only when it is run: said before."""
    known, there = _known(connection), definers(connection)
    user, _, host = account.rpartition("@")
    own = {account} if host else {item for item in there if item.rpartition("@")[0] == user}
    others = {name: items for name, items in there.items() if name not in own}
    if others and not server_rights(connection, account):
        named = "; ".join(f"{_some(items)} as {name}" for name, items in others.items())
        yield f"{account.rstrip('@')} may replace, and not alter, what runs with another's rights: {named}"
    for name, items in others.items():
        if known is not None and name not in known:
            yield f"{name} is no account of this server, so what runs as it fails: {_some(items)}"


def stand_ins(like: Dump) -> Accounts:
    """Who stands on scratch for an account of the target's that has another name there: (account on scratch, account of the target).

    The writing role comes by a socket, so it is there at any host or at this one; no other account of that user may match a socket before it.
    """
    user, _, host = like.writing_role.rpartition("@")
    login = writing_login(like)
    if not host:
        return ((login, f"{user}@%"), (f"{user}@", f"{user}@%"))
    moved = [(login, like.writing_role)] if login != like.writing_role else []
    for other in like.roles:
        name, _, place = other.rpartition("@")
        if name == user and other != like.writing_role and (other == login or _matches_socket(place)) and place:
            moved.append((f"{other}{_ELSEWHERE}", other))
    return tuple(moved)


def writing_login(like: Dump) -> str:
    """The account that the writing role has on scratch."""
    user, _, host = like.writing_role.rpartition("@")
    return f"{user}@{_SOCKET if host == _SOCKET else '%'}"


def on_scratch(account: str, like: Dump) -> str:
    """What an account of the target is called on scratch."""
    user, _, host = like.writing_role.rpartition("@")
    if account == like.writing_role or (not host and account.rpartition("@")[0] == user and account != f"{user}@"):
        return writing_login(like)
    return next((there for there, meant in stand_ins(like) if meant == account), account)


def made_by(sql: str, like: Dump) -> str:
    """A statement of the server's own (SHOW CREATE) with its definer as scratch calls it."""
    found = _NAMED_FIRST.match(sql)
    if found is None:
        return sql
    account = on_scratch("@".join(part.replace("``", "`") for part in found.groups()[1:]), like)
    user, _, host = account.rpartition("@")
    return f"{found[1]}{quoted(user)}@{quoted(host)} {sql[found.end() :]}"


def naming_right(like: Dump, version: tuple[int, ...]) -> str:
    """The one right on scratch with which the writing role names others, where it has such a right on the target; else empty."""
    if not like.server_rights:
        return ""
    if like.engine is Engine.MARIADB:
        return "SET USER"
    return "SET_ANY_DEFINER, ALLOW_NONEXISTENT_DEFINER" if version >= (8, 4) else "SET_USER_ID"


def spoken(account: str) -> str:
    """An account as SQL wants it."""
    user, _, host = account.rpartition("@")
    return f"{literal(user)}@{literal(host)}" if host else literal(user)


def _known(connection: Connection) -> frozenset[str] | None:
    """Every account and role of the server; None where the asking role may not see them."""
    try:
        return frozenset(f"{user}@{host}" for user, host in ask(connection, _ACCOUNTS))
    except pymysql.Error:
        return None


def _matches_socket(host: str) -> bool:
    pattern = re.escape(host.lower()).replace("%", ".*").replace("_", ".")
    return re.fullmatch(pattern, _SOCKET) is not None


def _some(items: tuple[str, ...]) -> str:
    return ", ".join(items[:3]) + (f" and {len(items) - 3} more" if len(items) > 3 else "")
