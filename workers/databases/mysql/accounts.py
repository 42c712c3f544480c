"""Accounts: with whose rights objects run, who the writing role is among them, and who stands for whom on scratch.

An account is written as the information schema writes it, user@host. One without a host is that user on whatever host, or a role.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

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
_NAMED_FIRST = re.compile(r"(CREATE (?:ALGORITHM=\w+ )?DEFINER=)`((?:[^`]|``)*)`(?:@`((?:[^`]|``)*)`)? ")


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
        seen = "" if host else ", as far as the reading role sees its rights"
        yield f"{account.rstrip('@')} may replace, and not alter, what runs with another's rights{seen}: {named}"
    for name, items in others.items():
        if known is not None and name not in known:
            yield f"{name} is no account of this server, so what runs as it fails: {_some(items)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who stands on scratch for whom: `login` for the target's writing role `own`; `pairs` are (account there, account of the target)."""

    login: str
    own: str
    pairs: Accounts

    def plays(self, account: str) -> str:
        """What an account of the target is called on scratch."""
        user, _, host = self.own.rpartition("@")
        if account == self.own or (not host and account.rpartition("@")[0] == user and account != f"{user}@"):
            return self.login
        return next((there for there, meant in self.pairs if meant == account), account)

    def others(self, accounts: tuple[str, ...]) -> tuple[str, ...]:
        """The accounts beside the writing role's, as scratch calls them."""
        return tuple(item for item in map(self.plays, accounts) if item != self.login)

    def made_by(self, sql: str) -> str:
        """A statement of the server's own (SHOW CREATE) with its definer as scratch calls it."""
        found = _NAMED_FIRST.match(sql)
        if found is None or self.plays(_definer(found)) == _definer(found):
            return sql
        user, _, host = self.plays(_definer(found)).rpartition("@")
        return f"{found[1]}{quoted(user)}@{quoted(host)} {sql[found.end() :]}"


def private_cast(like: Dump) -> Cast:
    """On a server of our own all keep their names, where they can.

    The writing role comes by a socket, so it is there at any host or at this one; no other account of that user may match a socket before it.
    """
    user, _, host = like.writing_role.rpartition("@")
    login = f"{user}@{_SOCKET if host == _SOCKET else '%'}"
    if not host:
        return Cast(login=login, own=like.writing_role, pairs=((login, f"{user}@%"), (f"{user}@", f"{user}@%")))
    moved = [(login, like.writing_role)] if login != like.writing_role else []
    for other in like.roles:
        name, _, place = other.rpartition("@")
        if name == user and other != like.writing_role and (other == login or _matches_socket(place)) and place:
            moved.append((f"{other}{_ELSEWHERE}", other))
    return Cast(login=login, own=like.writing_role, pairs=tuple(moved))


def lent_cast(like: Dump, user: str, statements: Iterable[str]) -> Cast:
    """On a server of somebody else's every account has a name of ours, so that nothing there runs as one that the server knows."""
    own_user, _, host = like.writing_role.rpartition("@")
    login, own = f"{user}@%", like.writing_role if host else f"{own_user}@%"
    named = {_definer(found) for found in map(_NAMED_FIRST.match, statements) if found}
    first = Cast(login=login, own=like.writing_role, pairs=())
    others = sorted(item for item in named if first.plays(item) != login)
    pairs = ((f"{user}@o{number}{_ELSEWHERE}", item) for number, item in enumerate(others, 1))
    return replace(first, pairs=((login, own), *pairs))


def naming_right(like: Dump, version: tuple[int, ...]) -> str:
    """The right on scratch with which the writing role names others, where it has such a right on the target; else empty."""
    if not like.server_rights:
        return ""
    if like.engine is Engine.MARIADB:
        return "SET USER"
    return "SET_ANY_DEFINER, ALLOW_NONEXISTENT_DEFINER" if version >= (8, 4) else "SET_USER_ID"


def spoken(account: str) -> str:
    """An account as SQL wants it."""
    user, _, host = account.rpartition("@")
    return f"{literal(user)}@{literal(host)}" if host else literal(user)


def _definer(found: re.Match[str]) -> str:
    """The account that a statement names; a role is one without a host."""
    return "@".join((part or "").replace("``", "`") for part in found.groups()[1:])


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
